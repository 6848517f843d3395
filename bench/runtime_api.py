"""A Lambda Runtime API on loopback for one process: sends prepared events and records when each was taken."""

import threading
import time

from http_server import HttpServer, Reply


class RuntimeApi:
    """Serves `events` in their order. A poll after the last event waits until the process is stopped."""

    def __init__(self, events, on_poll=lambda number: None):
        self.events = events
        self.on_poll = on_poll
        self.polls = []
        self.results = []
        self.failures = []
        self.idle = threading.Event()
        self.stopped = threading.Event()
        self.server = HttpServer(self.answer)

    @property
    def address(self):
        return f"127.0.0.1:{self.server.port}"

    def answer(self, request):
        if request.path.endswith("/invocation/next"):
            return self.next()
        if request.path.endswith("/response"):
            self.results.append(request.body)
        else:
            self.failures.append(request.body.decode())
        return Reply(202, b"{}")

    def next(self):
        number = len(self.polls)
        self.polls.append(time.monotonic())
        self.on_poll(number)
        if number >= len(self.events):
            self.idle.set()
            self.stopped.wait()
            return Reply(410, b"{}")
        return Reply(200, self.events[number](), {
            "Lambda-Runtime-Aws-Request-Id": f"00000000-0000-4000-8000-{number:012}",
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 10_000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:000000000000:function:bench",
        })

    def close(self):
        self.stopped.set()
        self.server.close()
