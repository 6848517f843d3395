"""Runs the binary of a function, plain or under callgrind, and reads the resources that it used."""

import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from runtime_api import RuntimeApi

# Seconds after which a process that did not finish its events counts as failed. Callgrind is about 50 times slower.
TIME_LIMIT = 120


@dataclass
class Sample:
    """One poll of a process: time since its start in seconds, CPU time in seconds, connections and requests so far."""
    at: float
    cpu: float
    connections: int
    requests: int


class FunctionFailed(Exception):
    """The function reported an error, or did not finish."""


class Process:
    """A function between start and stop, with the samples that were taken at each of its polls."""

    def __init__(self, command, variables, events, endpoints):
        self.samples = []
        self.endpoints = endpoints
        self.api = RuntimeApi(events, self.sample)
        environment = {"AWS_LAMBDA_RUNTIME_API": self.api.address, **variables}
        self.started = time.monotonic()
        self.child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def sample(self, _):
        # The child is known only when `Popen` has returned, which may be after the first poll.
        while not hasattr(self, "child"):
            time.sleep(0.0001)
        at = time.monotonic() - self.started
        endpoints = self.endpoints
        self.samples.append(Sample(at, cpu_seconds(self.child.pid), endpoints.connections(), endpoints.requests()))

    def finish(self):
        """Waits until all events are done and the process polls once more, then stops it. Returns its log."""
        until = time.monotonic() + TIME_LIMIT
        while not (done := self.api.idle.wait(0.05)) and self.child.poll() is None and time.monotonic() < until:
            pass
        self.peak_kb = peak_memory_kb(self.child.pid) if self.child.poll() is None else 0
        self.child.terminate()
        log = self.child.communicate()[0].decode(errors="replace")
        self.api.close()
        if not done or self.api.failures:
            raise FunctionFailed(f"{self.child.args}: {self.api.failures or 'no further poll'}\n{log}")
        return log


def cpu_seconds(pid):
    """Returns the CPU time of a process, from the clock id that `clock_getcpuclockid` would compute."""
    return time.clock_gettime((~pid << 3) | 2)


def peak_memory_kb(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def instructions(binary, variables, events, endpoints):
    """Instructions from the start of the process until it polls after `events`, by callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "callgrind.out")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}", str(binary)]
        # PATH finds valgrind; the function reads no such variable.
        process = Process(command, {"PATH": os.environ["PATH"], **variables}, events, endpoints)
        log = process.finish()
        total = re.search(r"^(?:summary|totals): (\d+)", Path(file).read_text(), re.MULTILINE)
        if total is None:
            raise FunctionFailed(f"callgrind wrote no total: {log}")
        return int(total[1])
