"""The laptop stack as the target of the smoke test. It has no control plane, so its own interfaces take that place."""

import base64
import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.request

import botocore.exceptions

from .aws import PROBE
from .step import Failed
from .tokens import app_token

# The public development secrets of local/src/parameters.rs, and the variables that replace them.
JWT_SECRET = os.environ.get("SWITCHBOARD_JWT_SECRET") or "local-development-only"
RTC_KEY = (
    os.environ.get("RTC_KEY_ID") or "devkey",
    os.environ.get("RTC_KEY_SECRET") or "local-development-only-rtc-secret",
)
STARTS_WITHIN_S = 60


@contextlib.contextmanager
def stack(program):
    """Runs a stack of its own on free ports; returns its addresses."""
    with tempfile.TemporaryDirectory() as folder:
        ready, log = pathlib.Path(folder, "ready.json"), pathlib.Path(folder, "log")
        with log.open("w") as output:
            process = subprocess.Popen(
                [program, "up", "--no-build", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--ready-file", ready],
                stdout=subprocess.DEVNULL,
                stderr=output,
            )
        try:
            end = time.monotonic() + STARTS_WITHIN_S
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > end:
                    seen = f"the stack does not start: {log.read_text()[-500:]}"
                    raise Failed(seen, "Run `make build`, then `make run`.")
                time.sleep(0.05)
            yield json.loads(ready.read_text()) | {"ready_file": str(ready)}
        finally:
            process.terminate()
            process.wait()


class Laptop:
    """The stack with these addresses. `client` makes an SDK client."""

    group = "GID_smoke"

    def __init__(self, addresses, client, terminal):
        self.addresses = addresses
        self.client = client
        self.terminal = terminal

    def users(self, *accounts):
        return [(account, app_token(account, JWT_SECRET)) for account in accounts]

    def call_arguments(self):
        return [self.terminal, "--stack", self.addresses["ready_file"], "--group", self.group]

    def authorize(self, client_id, token):
        """Invokes `authorize` as the broker does."""
        password = base64.b64encode(token.encode()).decode()
        event = {
            "protocolData": {"mqtt": {"clientId": client_id, "username": "laptop", "password": password}},
            "protocols": ["mqtt"],
            "signatureVerified": False,
            "connectionMetadata": {"id": "smoke"},
        }
        lambdas = self.client("lambda", endpoint_url=self.addresses["lambda"])
        answer = lambdas.invoke(FunctionName="authorize", Payload=json.dumps(event).encode())
        payload = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise Failed(f"the authorizer failed: {payload}", "Read the log of the stack.")
        return json.loads(payload)

    def send_direct(self, client_id):
        data = self.client("iot-data", endpoint_url=self.addresses["iot_data"])
        try:
            data.send_direct_message(
                clientId=client_id, topic=f"call-dn/p2p/{client_id}", confirmation=True, timeout=5, payload=PROBE
            )
        except botocore.exceptions.ClientError as error:
            raise Failed(f"the broker refused a direct message: {error}", "Read the log of the stack.") from None

    def callback(self):
        return self.addresses["function_urls"].get("rtc-webhook"), RTC_KEY

    def alarms(self):
        """Finds in the journal what would raise an alarm: failed invocations, and calls that were answered with an error."""
        with urllib.request.urlopen(f"{self.addresses['http']}/local/journal") as response:
            journal = json.load(response)
        failed = [entry for entry in journal if entry["kind"] == "result" and entry["detail"]["status"] != "returned"]
        refused = [
            entry
            for entry in journal
            if entry["kind"] in ("table", "publish", "direct", "queue") and entry["detail"].get("status", 0) >= 500
        ]
        return [f"{entry.get('function')}: {json.dumps(entry['detail'])}" for entry in failed + refused]
