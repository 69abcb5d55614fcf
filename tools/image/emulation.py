"""Programs of another kind of processor run here by way of QEMU, as the kernel's binfmt_misc lets them."""

import platform
from pathlib import Path

from firmware.errors import Refused

_NATIVE = {"x86_64": "amd64", "aarch64": "arm64"}
_EMULATOR = {"amd64": "qemu-x86_64", "arm64": "qemu-aarch64"}
_REGISTRATIONS = Path("/usr/lib/binfmt.d")


def prelude(arch: "str | None") -> str:
    """Shell commands that let programs for `arch` run, in the mount namespace of whoever runs them.

    Registers QEMU with the kernel if nobody has: systemd does so on most machines, in a container nobody does. The
    registration goes with the mount. Refused when there is no QEMU for it.
    """
    if arch is None or _NATIVE.get(platform.machine()) == arch:
        return ""
    emulator = _EMULATOR[arch]
    registration = _REGISTRATIONS / (emulator + ".conf")
    if not registration.exists():
        raise Refused("programs for %s cannot run on this machine; install the package qemu-user-static" % arch)
    place = "/proc/sys/fs/binfmt_misc"
    return """test -e %s/register || mount -t binfmt_misc binfmt_misc %s
        test -e %s/%s || cat %s >%s/register
        """ % (place, place, place, emulator, registration, place)
