#!/usr/bin/env python3
"""Breaks the code on purpose, one edit at a time, and says whether the named tests notice.

    tests/mutations/run.py [--worktree] [--write FILE] tests/mutations/model.json [ID ...] > table.md

An entry is {"id", "what", "edits": [[file, text, replacement], …], "test": [arguments of `cargo test`], "expect"?}. The
edits are made in a scratch copy of the last commit, or with --worktree of the checkout as it is, never in the checkout.
An edit whose text is not there exactly once is an error, since the code has moved on; so is one that does not compile.
So is an entry whose tests do not exist, or fail while nothing is broken. "expect" is a text that the failing output must have, for example the name
of the promise that is broken. With --write the table also goes into FILE, below a line that says how it was made; rows
of entries that were not run stay as they are.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = "| id | broken on purpose | noticed by |\n|---|---|---|"


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
        done = cargo(copy, entry["test"], target)
        output = done.stdout + done.stderr
        if "error: could not compile" in output:
            return False, "does not compile: " + (re.findall(r"^error.*$", output, re.M) or ["?"])[0]
        if not re.search(r"^running [1-9]", output, re.M):
            return False, "no such test: bring the entry up to date"
        if done.returncode == 0:
            return False, "no test noticed"
        if entry.get("expect") and entry["expect"] not in output:
            return False, f"failed, but not with “{entry['expect']}”: " + ", ".join(failing(output))
        names = failing(output)
        return True, ", ".join(f"`{name}`" for name in names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    finally:
        for path, content in originals.items():
            path.write_text(content)


def check_unbroken(entries, copy, target):
    """Fails unless every named test passes while nothing is broken: otherwise it would notice anything."""
    wanted = {}
    for entry in entries:
        at = entry["test"].index("--") if "--" in entry["test"] else len(entry["test"])
        names = wanted.setdefault(tuple(entry["test"][:at]), [])
        names.extend(name for name in entry["test"][at + 1 :] if name not in names)
    for arguments, names in wanted.items():
        done = cargo(copy, [*arguments, "--", *names], target)
        if done.returncode != 0:
            sys.exit("fails while nothing is broken:\n" + done.stdout[-2000:] + done.stderr[-2000:])


def copy_of(worktree):
    """The last commit, or the checkout as it is without what git ignores, in a folder of its own."""
    copy = Path(tempfile.mkdtemp(prefix="switchboard-mutations-"))
    if worktree:
        listed = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
    else:
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "xm"], cwd=copy, input=archive, check=True)
    return copy


def write(document, entries_file, entries, rows):
    """The table with `rows` by id, in the order of the entries, and those rows that it had before."""
    path = Path(document)
    known = {}
    if path.exists():
        known = {row.split(" | ")[0][2:]: row for row in path.read_text().splitlines() if row.startswith("| ")}
    known.update(rows)
    table = [known[entry["id"]] for entry in entries if entry["id"] in known]
    command = f"tests/mutations/run.py --write {document} {entries_file}"
    head = f"# Broken on purpose\n\nMade by `{command}`: each row breaks the code and names the tests that fail.\n"
    path.write_text("\n".join([head, HEAD, *table]) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--worktree", action="store_true")
    parser.add_argument("--write", metavar="FILE")
    parser.add_argument("entries")
    parser.add_argument("ids", nargs="*", metavar="ID")
    options = parser.parse_args()
    entries = json.loads(Path(options.entries).read_text())
    chosen = [entry for entry in entries if not options.ids or entry["id"] in options.ids]
    target = Path(os.environ.get("MUTATIONS_TARGET_DIR", ROOT / "target" / "mutations"))
    copy = copy_of(options.worktree)
    unnoticed, rows = 0, {}
    try:
        check_unbroken(chosen, copy, target)
        print(HEAD, flush=True)
        for entry in chosen:
            noticed, words = run(entry, copy, target)
            unnoticed += not noticed
            mark = words if noticed else f"**not noticed**: {words}"
            rows[entry["id"]] = f"| {entry['id']} | {entry['what']} | {mark} |"
            print(rows[entry["id"]], flush=True)
            if options.write:
                write(options.write, options.entries, entries, rows)
    finally:
        shutil.rmtree(copy)
    sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
