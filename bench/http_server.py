"""A small HTTP/1.1 server that keeps connections open and counts them; with TLS if it gets a context."""

import socket
import threading
from dataclasses import dataclass, field


@dataclass
class Request:
    """One request of a function."""
    method: str
    path: str
    headers: dict
    body: bytes


@dataclass
class Reply:
    """One reply. The length is added when it is sent."""
    status: int
    body: bytes
    headers: dict = field(default_factory=dict)

    def encode(self):
        lines = [f"HTTP/1.1 {self.status} Reply", "Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        # In one write, so that no reply waits for an acknowledgement of its first half.
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class HttpServer:
    """Answers each request by `answer`, one thread per connection."""

    def __init__(self, answer, tls=None):
        self.answer = answer
        self.tls = tls
        self.connections = 0
        self.requests = 0
        self.lock = threading.Lock()
        self.open = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.connections += 1
            self.open.add(connection)
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            reader = connection.makefile("rb")
            while request := read(reader):
                with self.lock:
                    self.requests += 1
                connection.sendall(self.answer(request).encode())
        except OSError:
            # The process was stopped while a request or a handshake was under way.
            pass
        finally:
            connection.close()

    def close(self):
        self.listener.close()
        with self.lock:
            for connection in self.open:
                connection.close()


def read(reader):
    """Reads one request; `None` if the connection has ended."""
    start = reader.readline().decode().split(" ")
    if len(start) != 3:
        return None
    headers = {}
    while line := reader.readline().decode().strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(reader.readline().split(b";")[0], 16):
            body += reader.read(size)
            reader.readline()
        reader.readline()
    else:
        body = reader.read(int(headers.get("content-length", 0)))
    return Request(start[0], start[1], headers, body)
