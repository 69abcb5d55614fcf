"""The ports do the same under both runtimes, shown by one script that each of them runs."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
SCRIPT = HERE / "under_micropython.py"


class BothRuntimes(unittest.TestCase):
    def run_under(self, *interpreter):
        with tempfile.TemporaryDirectory() as folder:
            process = subprocess.Popen(
                [*interpreter, str(SCRIPT), folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            with process.stdout as output:
                lines = []
                for line in output:
                    lines.append(line)
                    if line == "ready\n":
                        process.terminate()
            told = "".join(lines)
            self.assertEqual((process.wait(), lines[-2:]), (0, ["ready\n", "clean\n"]), told)

    def test_cpython(self):
        self.run_under(sys.executable, "-u")

    def test_micropython(self):
        found = subprocess.run([str(HERE.parent / "micropython" / "interpreter")], capture_output=True, text=True)
        if found.returncode:
            self.skipTest(found.stderr.strip())
        self.run_under(found.stdout.strip(), "-X", "heapsize=16M")
