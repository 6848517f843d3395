#!/usr/bin/env python3
"""Writes the lists of components (SBOM, CycloneDX 1.5) of the functions and of the page.

    target/sbom/functions.cdx.json   crates in the functions, for the platform of the deployment
    target/sbom/page.cdx.json        JavaScript packages in the page of the laptop stack (web/vendor/VENDORED.md)

The lists are reproducible: no time, no path of the machine. Usage: deploy/sbom.py CARGO_CYCLONEDX TARGET
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "target/sbom"
# Must differ from all files of the repository: cargo-cyclonedx writes one of this name beside each Cargo.toml.
WRITTEN = "switchboard-sbom"
# The rows of the table: file, package with its address, version, path in the package, licence, checksum.
VENDORED = re.compile(r"^\| `(.+?)` \| \[(.+?)\]\((.+?)\).*? \| (.+?) \| .+? \| (.+?) \| ([0-9a-f]{64}) \|$", re.MULTILINE)


def functions(cargo_cyclonedx: str, target: str) -> dict:
    """Returns the list that cargo-cyclonedx makes, without the folder of the checkout."""
    try:
        subprocess.run(
            [cargo_cyclonedx, "cyclonedx", "--manifest-path", "functions/Cargo.toml", "--format", "json", "--quiet",
             "--target", target, "--no-build-deps", "--spec-version", "1.5", "--override-filename", WRITTEN],
            cwd=ROOT, check=True,
        )
        text = (ROOT / f"functions/{WRITTEN}.json").read_text()
    finally:
        manifests = subprocess.run(["git", "ls-files", "*Cargo.toml"], cwd=ROOT, check=True, capture_output=True, text=True)
        for manifest in manifests.stdout.split():
            (ROOT / manifest).with_name(f"{WRITTEN}.json").unlink(missing_ok=True)
    found = json.loads(text.replace(f"path+file://{ROOT}/", "path+file:///"))
    del found["metadata"]["timestamp"]
    found.pop("serialNumber", None)
    return found


def page() -> dict:
    rows = VENDORED.findall((ROOT / "web/vendor/VENDORED.md").read_text())
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:npm/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:npm/{name}@{version}",
            "hashes": [{"alg": "SHA-256", "content": checksum}],
            "licenses": [{"license": {"name": licence}}],
            "externalReferences": [{"type": "vcs", "url": address}],
            "properties": [{"name": "file", "value": f"web/vendor/{file}"}],
        }
        for file, name, address, version, licence, checksum in rows
    ]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": components}


def main(cargo_cyclonedx: str, target: str) -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name, components in {"functions": functions(cargo_cyclonedx, target), "page": page()}.items():
        path = OUTPUT / f"{name}.cdx.json"
        path.write_text(json.dumps(components, indent=2) + "\n")
        print(f"{path.relative_to(ROOT)}: {len(components['components'])} components")


if __name__ == "__main__":
    main(*sys.argv[1:])
