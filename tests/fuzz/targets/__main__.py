"""Runs one target under atheris in a child process, for a bounded time: exit code 0 when it found nothing.

`--input FILE` runs a single input again, without atheris, with the whole traceback.
"""

import argparse
import importlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import NAMES

INPUT_LIMIT_S = 30  # of the clock on the wall: a slow machine may hold up any input
MEMORY_LIMIT_MIB = 512
START_LIMIT_S = 180


def load(name: str):
    """The target's module."""
    return importlib.import_module("tests.fuzz.targets." + name)


def fuzz(name: str, seconds: int, folder: str) -> None:
    """In the child: never returns."""
    import atheris

    with atheris.instrument_imports(include=["firmware"], enable_loader_override=False):
        target = load(name)
    corpus = Path(folder, "corpus")
    corpus.mkdir()
    for number, seed in enumerate(target.seeds()):
        (corpus / str(number)).write_bytes(seed)
    input_limit_s = getattr(target, "INPUT_LIMIT_S", INPUT_LIMIT_S)
    options = ["-max_total_time=%d" % seconds, "-timeout=%d" % input_limit_s, "-rss_limit_mb=%d" % MEMORY_LIMIT_MIB]
    options += ["-max_len=%d" % target.MAX_INPUT, "-print_final_stats=1", "-artifact_prefix=%s/fault-" % folder]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.one)
    atheris.Fuzz()


def supervise(name: str, seconds: int) -> int:
    """Runs the child and says what came of it."""
    with tempfile.TemporaryDirectory(prefix="sosie-fuzz-") as folder:
        command = [sys.executable, "-m", "tests.fuzz.targets", name, "--seconds", str(seconds), "--folder", folder]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            output = child.communicate(timeout=seconds + START_LIMIT_S)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            child.kill()
            output = child.communicate()[0].decode(errors="replace") + "\nit does not end\n"
        return verdict(name, child.returncode, output, sorted(Path(folder).glob("fault-*")))


def verdict(name: str, code: int, output: str, faults: list) -> int:
    """Prints one line, or the fault with the input that caused it."""
    units = re.search(r"stat::number_of_executed_units:\s*(\d+)", output)
    covered = re.findall(r"\bcov: (\d+)", output)
    if code == 0 and not faults and units and int(units[1]):
        print("%s: %s inputs, coverage %s, no fault" % (name, units[1], covered[-1] if covered else "?"))
        return 0
    print(output[-6000:])
    for fault in faults:
        kept = Path(tempfile.gettempdir(), "%s-%s" % (name, fault.name))
        kept.write_bytes(fault.read_bytes())
        print("%s: run it again with `python -m tests.fuzz.targets %s --input %s`" % (name, name, kept))
        print("input: %s" % fault.read_bytes().hex())
    print("%s: FAULT (exit code %s)" % (name, code))
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.targets", description=__doc__.splitlines()[0])
    parser.add_argument("name", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--input", help="a file: only run this input")
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.input:
        load(options.name).one(Path(options.input).read_bytes())
        return 0
    if options.folder:
        fuzz(options.name, options.seconds, options.folder)
        return os.EX_SOFTWARE
    return supervise(options.name, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
