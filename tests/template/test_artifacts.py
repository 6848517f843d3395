"""The packages that `make package` writes: the same for the same binary, with the licences, and of a bounded size."""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest
import zipfile

from translated import ROOT


class Artifacts(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "LICENSE").write_text("licence")

    def built(self, binary):
        for name in ("WakeFunction", "AnswerFunction"):
            path = self.folder / ".aws-sam/build" / name
            path.mkdir(parents=True, exist_ok=True)
            (path / "bootstrap").write_bytes(binary)

    def package(self):
        command = [sys.executable, ROOT / "deploy/artifacts.py", "LICENSE"]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)

    def sums(self):
        return (self.folder / ".aws-sam/zips/SHA256SUMS").read_text()

    def test_the_same_binary_gives_the_same_bytes_at_another_time(self):
        self.built(b"binary")
        self.assertEqual(self.package().returncode, 0)
        first = self.sums()
        for path in self.folder.rglob("*"):
            os.utime(path, (1_000_000_000, 1_000_000_000))
        self.package()
        self.assertEqual(self.sums(), first)
        self.built(b"another binary")
        self.package()
        self.assertNotEqual(self.sums(), first)

    def test_a_package_has_the_binary_that_lambda_runs_and_the_licences(self):
        self.built(b"binary")
        said = self.package().stdout
        for name in ("WakeFunction", "AnswerFunction"):
            self.assertIn(name, said)
            with zipfile.ZipFile(self.folder / f".aws-sam/zips/{name}.zip") as archive:
                self.assertEqual(archive.namelist(), ["LICENSE", "bootstrap"])
                self.assertEqual(archive.getinfo("bootstrap").external_attr >> 16, 0o100755)

    def test_a_package_that_is_too_large_fails_the_build(self):
        # Random bytes, which a zip does not make smaller.
        self.built(random.Random(1).randbytes(6_000_001))
        packaged = self.package()
        self.assertEqual(packaged.returncode, 1)
        self.assertIn("larger than 6,000,000 bytes: AnswerFunction, WakeFunction", packaged.stderr)

    def test_an_empty_build_fails(self):
        (self.folder / ".aws-sam/build").mkdir(parents=True)
        self.assertEqual(self.package().returncode, 1)


if __name__ == "__main__":
    unittest.main()
