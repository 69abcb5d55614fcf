"""What the caller sets in the environment, checked."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from tests.vm.errors import Refused
from tests.vm.root import recipe

USER_ADDRESS = "10.0.2.15/24"  # what QEMU's own network expects


class Settings:
    """The environment variables VM_*, documented in `run --help`."""

    def __init__(self, environment: Mapping[str, str] = os.environ):
        value = environment.get
        self.suite = _one_of(recipe.PYTHON_OF, "VM_SUITE", value("VM_SUITE") or "bookworm")
        self.memory = _matching(r"\d+[MG]", "VM_MEMORY", value("VM_MEMORY") or "2G", "2G")
        self.cpus = _matching(r"[1-9]\d?", "VM_CPUS", value("VM_CPUS") or "1", "1")
        self.limit_s = int(_matching(r"[1-9]\d*", "VM_LIMIT_S", value("VM_LIMIT_S") or "600", "600"))
        disks = (value("VM_DISKS") or "").split()
        self.disks = [_size(_matching(r"\d+[KMGT]", "VM_DISKS", disk, "8G 1G")) for disk in disks]
        self.disk_dir = Path(value("VM_DISK_DIR") or "") if value("VM_DISK_DIR") else None
        pattern = r"(|user|(listen|connect):\d+)"
        self.net = _matching(pattern, "VM_NET", value("VM_NET") or "", "user, listen:7000 or connect:7000")
        self.hostfwd = (value("VM_HOSTFWD") or "").split()
        self.address = value("VM_ADDRESS") or (USER_ADDRESS if self.net == "user" else "")
        self.out = Path(value("OUT") or "").absolute() if value("OUT") else None
        if self.hostfwd and self.net != "user":
            raise Refused("VM_HOSTFWD needs VM_NET=user; set both or none")
        if self.address and not self.net:
            raise Refused("VM_ADDRESS needs VM_NET; set both or none")


def _matching(pattern: str, name: str, text: str, example: str) -> str:
    if not re.fullmatch(pattern, text):
        raise Refused("%s=%s is not understood; write for example %s=%s" % (name, text, name, example))
    return text


def _one_of(choices, name: str, text: str) -> str:
    if text not in choices:
        raise Refused("%s=%s is not known; choose one of: %s" % (name, text, ", ".join(choices)))
    return text


def _size(text: str) -> int:
    return int(text[:-1]) << {"K": 10, "M": 20, "G": 30, "T": 40}[text[-1]]
