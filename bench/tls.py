"""A certificate authority for one run, and a server certificate for `localhost` that it signed."""

import ssl
import subprocess
from pathlib import Path


class Authority:
    """Writes its files into `folder`. `file` is the certificate of the authority, for SSL_CERT_FILE."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.file = str(self.folder / "ca.pem")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *key, "-keyout", self.folder / "ca.key", "-out", self.file, "-days", "2",
                "-subj", "/CN=Benchmark", "-addext", "basicConstraints=critical,CA:TRUE")
        openssl("req", *key, "-keyout", self.folder / "server.key", "-out", self.folder / "server.csr",
                "-subj", "/CN=localhost")
        extensions = self.folder / "server.ext"
        extensions.write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
        openssl("x509", "-req", "-in", self.folder / "server.csr", "-CA", self.file, "-CAkey", self.folder / "ca.key",
                "-CAcreateserial", "-out", self.folder / "server.pem", "-days", "2", "-extfile", extensions)

    def server_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        return context


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
