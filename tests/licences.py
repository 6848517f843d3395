#!/usr/bin/env python3
"""Checks licences, sources and bans of all dependencies, offline: what cargo-deny does by deny.toml, for whoever does not
have it. Reads `cargo metadata`, `Cargo.lock` and `deny.toml`; needs Python 3.11 and nothing else."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tokens(expression):
    """An SPDX expression in pieces; a slash is what `OR` was before."""
    for piece in re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR ")):
        yield piece


def is_satisfied(expression, allowed):
    """Whether somebody with these licences fulfils an SPDX expression (annex D of the specification)."""
    pieces = list(tokens(expression))

    def next_is(word):
        return bool(pieces) and pieces[0] == word

    def either():
        result = both()
        while next_is("OR"):
            pieces.pop(0)
            # Both sides are read, whatever the first one says.
            result = both() or result
        return result

    def both():
        result = one()
        while next_is("AND"):
            pieces.pop(0)
            result = one() and result
        return result

    def one():
        if not pieces:
            raise ValueError("it ends too early")
        piece = pieces.pop(0)
        if piece == "(":
            result = either()
            if not next_is(")"):
                raise ValueError("a parenthesis is open")
            pieces.pop(0)
            return result
        if next_is("WITH"):
            pieces.pop(0)
            piece = f"{piece} WITH {pieces.pop(0) if pieces else ''}"
        return piece in allowed

    result = either()
    if pieces:
        raise ValueError(f"`{pieces[0]}` is too much")
    return result


def licence_problem(package, allowed):
    """What is wrong with a package's licence, if anything is."""
    licence = package.get("license")
    if not licence:
        return "names no licence"
    try:
        return None if is_satisfied(licence, allowed) else f"has the licence {licence}"
    except ValueError as error:
        return f"has the licence `{licence}`, which cannot be read: {error}"


def is_banned(package, ban):
    """Whether `name` or `name:^0.14`, as deny.toml writes it, means a package."""
    name, _, version = ban["crate"].partition(":^")
    return package["name"] == name and (package["version"] + ".").startswith(version + "." if version else "")


def problems(metadata, lock, deny):
    """Everything that is wrong, one line each."""
    allowed = set(deny["licenses"]["allow"])
    for package in metadata["packages"]:
        name = f"{package['name']} {package['version']}"
        if problem := licence_problem(package, allowed):
            yield f"{name} {problem}"
    members = {package["name"] for package in metadata["packages"] if package["source"] is None}
    registries = set()
    # The lock file, since it has the packages of all platforms.
    for package in lock["package"]:
        name = f"{package['name']} {package['version']}"
        source = package.get("source")
        if source is None:
            if package["name"] not in members:
                yield f"{name} comes from outside of the workspace"
        elif not source.startswith("registry+") or "checksum" not in package:
            yield f"{name} comes from {source}, not from the registry"
        else:
            registries.add(source)
        for ban in deny["bans"]["deny"]:
            if is_banned(package, ban):
                yield f"{name} is banned: {ban['reason']}"
    if len(registries) > 1:
        yield f"there are several registries: {', '.join(sorted(registries))}"


def test():
    """The few things that this program must get right."""
    allowed = {"MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0", "ISC"}
    fine = ["MIT", "GPL-3.0 OR MIT", "MIT/GPL-2.0", "(MIT OR ISC) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception"]
    bad = ["GPL-3.0", "AGPL-3.0-only", "MIT AND GPL-2.0", "(GPL-2.0 OR LGPL-2.1) AND MIT", "MIT WITH Exception", "MIT AND ("]
    for licence in fine:
        assert licence_problem({"license": licence}, allowed) is None, licence
    for licence in [*bad, "", None]:
        assert licence_problem({"license": licence}, allowed) is not None, licence
    registry = {"source": "registry+x", "checksum": "0"}
    deny = {"licenses": {"allow": list(allowed)}, "bans": {"deny": [{"crate": "hyper:^0.14", "reason": "old"}]}}
    good = [{"name": "a", "version": "1.0.0", **registry}, {"name": "hyper", "version": "1.14.0", **registry}]
    metadata = {"packages": [{"name": "own", "version": "0.1.0", "license": "MIT", "source": None}]}
    assert not list(problems(metadata, {"package": [*good, {"name": "own", "version": "0.1.0"}]}, deny))
    for package in [
        {"name": "b", "version": "1.0.0", "source": "git+somewhere"},
        {"name": "c", "version": "1.0.0"},
        {"name": "d", "version": "1.0.0", "source": "registry+y", "checksum": "0"},
        {"name": "hyper", "version": "0.14.32", **registry},
    ]:
        assert len(list(problems(metadata, {"package": [*good, package]}, deny))) == 1, package


def main():
    test()
    # Only what was downloaded for this machine can be asked for without a network.
    rustc = subprocess.run(["rustc", "-vV"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    host = re.search(r"^host: (\S+)$", rustc.stdout, re.MULTILINE)[1]
    command = ["cargo", "metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", host]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    deny = tomllib.loads((ROOT / "deny.toml").read_text())
    found = sorted(set(problems(metadata, lock, deny)))
    if found:
        print("\n".join(found), file=sys.stderr)
        return 1
    count = len(metadata["packages"])
    print(f"licences of {count} packages, sources of {len(lock['package'])}: all as deny.toml has it.")
    print("Advisories are not checked offline; with a network: cargo install --locked cargo-deny && cargo deny check")
    return 0


if __name__ == "__main__":
    sys.exit(main())
