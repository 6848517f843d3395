#!/usr/bin/env python3
"""Breaks the code on purpose, one edit at a time, and says whether the named tests notice.

    tests/mutations/run.py tests/mutations/model.json [ID ...] > table.md

An entry is {"id", "what", "edits": [[file, text, replacement], …], "test": [arguments of `cargo test`], "expect"?}. The
edits are made in a scratch copy of the last commit, never in the checkout. An edit whose text is not there exactly once
is an error, since the code has moved on; so is one that does not compile. "expect" is a text that the failing output
must have, for example the name of the promise that is broken.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def cargo(copy, arguments, target):
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target), "RUST_BACKTRACE": "0"}
    command = ["cargo", "test", "--locked", *arguments]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)


def failing(output):
    """The tests that failed, or the promises of the model that did not hold."""
    names = re.findall(r"^test (\S+) \.\.\. FAILED$", output, re.M)
    return sorted(set(names))


def run(entry, copy, target):
    originals = {}
    try:
        for name, text, replacement in entry["edits"]:
            path = copy / name
            content = path.read_text()
            if content.count(text) != 1:
                return False, f"the text is there {content.count(text)} times in {name}: bring the entry up to date"
            originals.setdefault(path, content)
            path.write_text(content.replace(text, replacement))
        built = cargo(copy, [*entry["test"][:entry["test"].index("--")] if "--" in entry["test"] else entry["test"], "--no-run"], target)
        if built.returncode != 0:
            return False, "does not compile: " + (re.findall(r"^error.*$", built.stderr, re.M) or ["?"])[0]
        done = cargo(copy, entry["test"], target)
        output = done.stdout + done.stderr
        if done.returncode == 0:
            return False, "no test noticed"
        if entry.get("expect") and entry["expect"] not in output:
            return False, f"failed, but not with “{entry['expect']}”: " + ", ".join(failing(output))
        names = failing(output)
        return True, ", ".join(f"`{name}`" for name in names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    finally:
        for path, content in originals.items():
            path.write_text(content)


def main():
    entries = json.loads(Path(sys.argv[1]).read_text())
    wanted = sys.argv[2:]
    entries = [entry for entry in entries if not wanted or entry["id"] in wanted]
    target = Path(os.environ.get("MUTATIONS_TARGET_DIR", ROOT / "target" / "mutations"))
    copy = Path(tempfile.mkdtemp(prefix="switchboard-mutations-"))
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "x"], cwd=copy, input=archive, check=True)
    unnoticed = 0
    try:
        print("| id | broken on purpose | noticed by |\n|---|---|---|")
        for entry in entries:
            noticed, words = run(entry, copy, target)
            unnoticed += not noticed
            mark = words if noticed else f"**not noticed**: {words}"
            print(f"| {entry['id']} | {entry['what']} | {mark} |", flush=True)
    finally:
        shutil.rmtree(copy)
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
