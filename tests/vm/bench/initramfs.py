"""The first root file system of one run: the cached one, and behind it the guest's scripts, command and checkout."""

import shlex
from pathlib import Path

from tests.vm.bench import checkout
from tests.vm.bench.bytecode import Bytecode
from tests.vm.root import newc

GUEST = Path(__file__).resolve().parents[1] / "guest"


def write(target: Path, cached: Path, command: list[str], variables: dict[str, str], bytecode: Bytecode) -> None:
    """`command` is the script and its arguments, `variables` are what the guest's own scripts need to know."""
    lines = ["%s=%s" % (name, shlex.quote(value)) for name, value in variables.items()]
    lines += ["set -- " + shlex.join(command), ""]
    with open(target, "wb") as file:
        file.write(cached.read_bytes())
        file.write(newc.file("init", (GUEST / "init").read_bytes(), 0o755))
        file.write(newc.file("start", (GUEST / "start").read_bytes(), 0o755))
        file.write(newc.file("command", "\n".join(lines).encode()))
        file.write(newc.file("checkout.tar", checkout.archive(bytecode)))
        file.write(newc.end())
