#!/usr/bin/env python3
"""Measures the functions in a release build beside a function that does nothing, and writes docs/performance.md.

Usage: bench/run.py [--repetitions N] [--warm N] [--json FILE] [--smoke]

Each function runs as a process of its own behind a Lambda Runtime API on loopback. Table, data plane and queue are loopback
endpoints with TLS that answer like those of AWS and count requests and connections. The repetitions of all functions are
interleaved, so that a slow period of the machine affects all of them. Compare only ratios of one run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from endpoints import Endpoints
from flows import FLOWS, REQUESTS, VARIABLES
from process import FunctionFailed, Process, instructions
from report import write_table
from tls import Authority

ROOT = Path(__file__).resolve().parent.parent
BINARIES = ROOT / "target" / "release"
# Limit of runs under callgrind for one number.
ATTEMPTS = 4


def main():
    options = arguments()
    results = {name: {"size": binary_size(name), "zip": zip_size(name)} for name in FLOWS}
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        runs = {name: [] for name in FLOWS}
        for repetition in range(1, options.repetitions + 1):
            for name, flow in FLOWS.items():
                progress(f"repetition {repetition} of {options.repetitions}: {name}")
                runs[name].append(timed(name, flow, options.warm, authority))
        for name, flow in FLOWS.items():
            results[name].update(summary(runs[name]))
            progress(f"instructions: {name}")
            results[name].update(counted(name, flow))
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=2) + "\n")
    if not options.smoke:
        command = f"bench/run.py --repetitions {options.repetitions} --warm {options.warm}"
        write_table(ROOT / "docs" / "performance.md", results, command)
    print(json.dumps(results, indent=2))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=9, help="processes per function (default 9)")
    parser.add_argument("--warm", type=int, default=100, help="warm invocations per process (default 100)")
    parser.add_argument("--json", help="file for the results")
    parser.add_argument("--smoke", action="store_true", help="do not write docs/performance.md")
    return parser.parse_args()


def progress(text):
    print(text, file=sys.stderr, flush=True)


def binary_size(name):
    return (BINARIES / name).stat().st_size


def zip_size(name):
    """Returns the size of the archive that Lambda gets, in bytes."""
    with tempfile.NamedTemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.write(BINARIES / name, "bootstrap")
        return os.path.getsize(file.name)


def setup(variables, endpoints):
    """Returns a function that runs another function's process with events, to fill the table."""
    def invoke(name, events):
        Process([str(BINARIES / name)], variables, events, endpoints).finish()
    return invoke


def check_requests(name, requests, invocations):
    """Fails if the function did not send the requests that the flow consists of, for example after a time-out."""
    expected = REQUESTS[name] * invocations
    if requests != expected:
        raise FunctionFailed(f"{name} sent {requests} requests for {invocations} invocations, not {expected}")


def timed(name, flow, warm, authority):
    """Runs one process with TLS: start, first invocation, and `warm` more."""
    endpoints = Endpoints(authority.server_context())
    try:
        variables = {**VARIABLES, **endpoints.variables(), "SSL_CERT_FILE": authority.file}
        events = flow(endpoints, warm + 1, setup(variables, endpoints))
        before = (endpoints.connections(), endpoints.requests())
        process = Process([str(BINARIES / name)], variables, events, endpoints)
        process.finish()
        start, first, *_, last = process.samples
        check_requests(name, last.requests - before[1], warm + 1)
        steps = list(zip(process.samples[1:], process.samples[2:]))
        return {
            "init_cpu_ms": start.cpu * 1e3,
            "init_ms": start.at * 1e3,
            "first_cpu_ms": (first.cpu - start.cpu) * 1e3,
            "first_ms": (first.at - start.at) * 1e3,
            "first_connections": first.connections - before[0],
            "first_requests": first.requests - before[1],
            "warm_cpu_ms": (last.cpu - first.cpu) / warm * 1e3,
            "warm_p50_ms": statistics.median(b.at - a.at for a, b in steps) * 1e3,
            "warm_p99_ms": sorted(b.at - a.at for a, b in steps)[int(len(steps) * 0.99) - 1] * 1e3,
            "connections": last.connections - before[0],
            "peak_mb": process.peak_kb / 1024,
        }
    finally:
        endpoints.close()


def summary(runs):
    """Medians over the repetitions, with the smallest and the largest value."""
    result = {}
    for name in runs[0]:
        values = sorted(run[name] for run in runs)
        result[name] = {"median": statistics.median(values), "min": values[0], "max": values[-1]}
    return result


def counted(name, flow):
    """Returns instructions by callgrind over plain HTTP: of the start, and of each warm invocation."""
    totals = {count: counted_run(name, flow, count) for count in (0, 5, 25)}
    return {"init_instructions": totals[0], "warm_instructions": (totals[25] - totals[5]) // 20}


def counted_run(name, flow, count):
    """Returns the instructions of a process that serves `count` events. Repeats the run after a time-out."""
    for attempt in range(1, ATTEMPTS + 1):
        endpoints = Endpoints()
        try:
            variables = {**VARIABLES, **endpoints.variables()}
            events = flow(endpoints, count, setup(variables, endpoints))
            before = endpoints.requests()
            total = instructions(BINARIES / name, variables, events, endpoints)
            check_requests(name, endpoints.requests() - before, count)
            return total
        except FunctionFailed as error:
            if attempt == ATTEMPTS:
                raise
            progress(f"{error}; measured again")
        finally:
            endpoints.close()


if __name__ == "__main__":
    main()
