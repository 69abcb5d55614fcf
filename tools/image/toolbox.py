"""Programs of the toolbox, run inside it: they see the folder of one build as /mnt and nothing else of the machine."""

import shlex
import subprocess
from pathlib import Path

from firmware.errors import Refused


class Toolbox:
    """`root` is the toolbox, `work` the folder of this build, `epoch` the one time that everything gets."""

    def __init__(self, root: Path, work: Path, epoch: int):
        self.root, self.work, self.epoch = root, work, epoch

    def run(self, command: "str | list[str]", data: bytes = b"") -> bytes:
        """Runs a shell line, or a program with arguments; returns what it wrote. Mounts go with the process."""
        line = command if isinstance(command, str) else shlex.join(command)
        script = 'mount --bind "$1" "$2/mnt"; mount -t proc proc "$2/proc"; exec chroot "$2" bash -euo pipefail -c "$3"'
        argv = ["unshare", "--mount", "sh", "-euc", script, "sh", str(self.work), str(self.root), "cd /mnt; " + line]
        done = subprocess.run(argv, input=data, capture_output=True, env=self._environment())
        if done.returncode:
            raise Refused("%s\nthis failed in the toolbox: %s" % (done.stderr.decode(errors="replace").strip(), line))
        return done.stdout

    def _environment(self) -> "dict[str, str]":
        """Fixed, so that nothing of the machine or of its user finds its way into the image."""
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/root",
                "SOURCE_DATE_EPOCH": str(self.epoch), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
                "MTOOLS_SKIP_CHECK": "1"}
