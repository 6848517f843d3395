"""Two phones for the shell (`call`), which make a call at the deployed service."""

import contextlib
import json
import os
import queue
import subprocess
import threading

from .step import Failed

# Longer than a call takes with a cold start of each function.
PATIENCE_S = 60
NETWORK = (
    "NotAuthorized: see the step `authorizer`. Otherwise: is port 443 open to the broker, with ALPN `mqtt`? Is the clock "
    "right? Turn on the broker's own log (docs/operations.md, before the first deployment): it says why a connect was "
    "refused."
)
QUEUED = (
    "Calls work, but ring late: the direct message failed, and the offer went through the broker's queue. Read the log of "
    "create-meeting: `direct message denied` means a missing right of its role or of the authorizer's policy."
)
# Advice for each exit code of `call create`.
EXIT_CODES = {
    1: NETWORK,
    10: "The last message above has the error's code; docs/protocol.md says what it means. Read the log of the function "
    "create-meeting for `unavailable`, `internal` and `rtc_unavailable`.",
    11: "The callee's terminal rejected the call, which this test never does: does another terminal use its account?",
    12: "The callee is in another call. Wait until the one of an earlier run has ended, or end it with `call leave`.",
    13: "The invitation came, but its answer did not. Read the log of the function answer.",
    14: "The invitation did not reach the callee. Read the log of create-meeting: a denied or refused direct message is an "
    "error line there.",
    16: "No answer came. Read the logs of create-meeting and answer; if they have no line, the topic rules did not invoke "
    "them: look at the rules' errors in the broker's log, and into FailedEventsQueue.",
}


class Terminal:
    """One run of `call --json`."""

    def __init__(self, arguments, token, *command):
        self.lines = queue.Queue()
        self.messages = []
        # The token is not an argument, since other users of the machine see those.
        self._process = subprocess.Popen(
            [*arguments, *command, "--json", "--timeout", str(PATIENCE_S)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"CALL_TOKEN": token},
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with self._process.stdout as output:
            for line in output:
                self.lines.put(line.strip())
        self.lines.put(None)

    def until(self, condition):
        """Reads lines until one fulfils `condition`; `None` if the command ends before."""
        while (line := self.lines.get(timeout=2 * PATIENCE_S)) is not None:
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                self.messages.append(said)
                if condition(said):
                    return said
                continue
            self.messages.append({"text": line})
        return None

    def end(self):
        """Waits for the end of the command, and returns its exit code."""
        self.until(lambda said: False)
        return self._process.wait(timeout=PATIENCE_S)

    def heard(self):
        """Returns the messages of the service, oldest first."""
        return [said["message"] for said in self.messages if said.get("event") == "heard"]

    def last(self):
        return json.dumps(self.messages[-1]) if self.messages else "nothing"

    def stop(self):
        self._process.terminate()
        self._process.wait(timeout=PATIENCE_S)


def reach(terminal, user):
    """Returns how the offer reached the callee when its phone rang, as the caller was told."""
    for message in reversed(terminal.heard()):
        listed = [message] if message["type"] == "invitation_updated" else message.get("invitations", [])
        for each in listed:
            if each.get("user_id") == user and "reach" in each:
                return each["reach"]
    return None


def call(arguments, caller, callee):
    """Lets `caller` call `callee`; both are pairs of account and token. Returns what was seen."""
    listener = Terminal(arguments, callee[1], "listen", "--as", f"{callee[0]}.phone", "--accept", "--after", "1", "--once")
    try:
        if listener.until(lambda said: said.get("event") == "listening") is None:
            raise Failed(f"the callee's terminal did not connect: {listener.last()}", NETWORK)
        creator = Terminal(
            arguments, caller[1],
            "create", callee[0], "--as", f"{caller[0]}.phone", "--if-busy", "leave", "--hang-up-after", "1",
        )
        code = creator.end()
        if code != 0:
            raise Failed(f"`call create` ended with {code}: {creator.last()}", EXIT_CODES.get(code, NETWORK))
        if listener.end() != 0:
            raise Failed(f"the callee's terminal did not hear the end: {listener.last()}", EXIT_CODES[16])
    finally:
        listener.stop()
    reached = reach(creator, callee[0])
    if reached != "delivered":
        raise Failed(f"the phone rang, but the offer was {reached} and not delivered", QUEUED)
    return "rung by a direct message, answered and ended"
