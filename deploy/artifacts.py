#!/usr/bin/env python3
"""Turns the output of `sam build` into the packages that are deployed.

For each function under .aws-sam/build: puts the licences beside its binary, since Lambda gets all files there, and
writes the zip .aws-sam/zips/FUNCTION.zip. The zip is reproducible: names are sorted, times are fixed, so that the same
binary and licences give the same bytes. Then prints the sizes and hashes, and fails if a zip is larger than MAX_ZIP_BYTES.

Usage: deploy/artifacts.py LICENCES...    (files that every package contains)
"""

import hashlib
import pathlib
import shutil
import sys
import zipfile

BUILT = pathlib.Path(".aws-sam/build")
ZIPS = pathlib.Path(".aws-sam/zips")

# Lambda's own limit is 50 MB. A cold start loads the zip, so a package that has doubled must be examined.
MAX_ZIP_BYTES = 6_000_000

# The earliest time that the zip format can hold.
FIXED_TIME = (1980, 1, 1, 0, 0, 0)


def write_zip(function: pathlib.Path, target: pathlib.Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(path for path in function.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(function).as_posix(), FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # The upper half holds the Unix mode: Lambda runs `bootstrap` only if it is executable.
            entry.external_attr = (0o100755 if path.name == "bootstrap" else 0o100644) << 16
            entry.create_system = 3
            archive.writestr(entry, path.read_bytes())


def main(licences: list[str]) -> int:
    functions = sorted(path for path in BUILT.iterdir() if (path / "bootstrap").is_file())
    if not functions:
        print(f"{BUILT} has no function; run `make package`", file=sys.stderr)
        return 1

    ZIPS.mkdir(exist_ok=True)
    too_large, sums = [], []
    print(f"{'function':<24} {'binary':>11} {'zip':>11}  SHA-256 of the zip")
    for function in functions:
        for licence in licences:
            shutil.copy(licence, function)
        target = ZIPS / f"{function.name}.zip"
        write_zip(function, target)
        size = target.stat().st_size
        digest = hashlib.sha256(target.read_bytes()).hexdigest()
        print(f"{function.name:<24} {(function / 'bootstrap').stat().st_size:>11,} {size:>11,}  {digest}")
        sums.append(f"{digest}  {target.name}\n")
        if size > MAX_ZIP_BYTES:
            too_large.append(function.name)
    (ZIPS / "SHA256SUMS").write_text("".join(sums))

    if too_large:
        print(f"larger than {MAX_ZIP_BYTES:,} bytes: {', '.join(too_large)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
