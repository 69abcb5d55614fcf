"""The programs that the bench needs on the machine itself."""

import os
import platform
import shutil

from tests.vm.errors import Refused

# program -> Debian package; .ci/packages installs the same for `make test`.
PROGRAMS = {
    "apt-get": "apt",
    "mke2fs": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "qemu-system-x86_64": "qemu-system-x86",
}


def check() -> None:
    if platform.machine() != "x86_64":
        raise Refused("the bench runs on x86_64 machines only; run these tests on one")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program, path=path)]
    if missing:
        line = "apt-get install --yes --no-install-recommends " + " ".join(missing)
        raise Refused("programs are missing here; on Debian 12 or 13 this installs them: " + line)
