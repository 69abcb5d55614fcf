"""Updates for tests: the system of the image under test with another version, or spoiled, or signed by somebody."""

import os
import subprocess
from pathlib import Path

from tools import updatebundle, updatekey

FAST = "zstd -Xcompression-level 1"
SMALL_BYTES = 1 << 20
CODE = "/usr/lib/sosie"
# So that a system that does not serve is given up within a test's patience, not within five minutes.
SHORT_TRIAL = """\
[Service]
ExecStart=
ExecStart=/usr/bin/python3 -c "from board.update import confirm; confirm.LIMIT_S = 45; confirm.main()"
"""


class Bundles:
    """In `folder`, of the image at `image`; `keys` is where the trusted key lies."""

    def __init__(self, image: Path, folder: Path):
        self.folder = folder
        self.keys = folder / "keys"
        folder.mkdir(exist_ok=True)
        updatekey.make(str(self.keys))
        self._system = folder / "system.img"
        updatebundle.copy_system(str(image), str(self._system))

    @property
    def certificate(self) -> bytes:
        return updatekey.certificate(str(self.keys))

    def whole(self, version: str, *changes: str) -> Path:
        """A bundle of the whole system. `changes` are debugfs's commands."""
        return self._pack(self._changed(version, *changes), version)

    def _changed(self, version: str, *changes: str) -> Path:
        system = self.folder / "changed.img"
        subprocess.run(["cp", "--sparse=always", self._system, system], check=True)
        (self.folder / "version").write_text(version + "\n")
        lines = ["rm %s/version" % CODE, "write %s %s/version" % (self.folder / "version", CODE), *changes]
        script = "".join(line + "\n" for line in lines)
        done = subprocess.run(["debugfs", "-w", "-f", "-", system], input=script, capture_output=True, text=True)
        bad = [line for line in done.stderr.splitlines()[1:] if line]
        assert not bad, bad
        updatebundle.shrink(str(system))
        return system

    def small(self, version: str, model: str = "qemu", formats: str = "", signed_by_other: bool = False) -> Path:
        """One that is refused before anything of it is written needs no system."""
        system = self.folder / "small.img"
        system.write_bytes(os.urandom(SMALL_BYTES))
        keys = self.folder / "others-keys" if signed_by_other else self.keys
        updatekey.make(str(keys))
        return self._pack(system, version, model, formats, keys)

    def not_starting(self, version: str) -> Path:
        """A system in which the kernel finds nothing to run."""
        return self._changed(version, "rm /usr/lib/systemd/systemd")

    def not_serving(self, version: str) -> Path:
        """A system whose firmware ends at once."""
        broken, unit = self.folder / "broken.py", self.folder / "short.conf"
        broken.write_text("raise SystemExit('planted: this firmware does not run')\n")
        unit.write_text(SHORT_TRIAL)
        dropins = "/etc/systemd/system/sosie-confirm.service.d"
        main = CODE + "/firmware/__main__.py"
        return self._changed(version, "rm " + main, "write %s %s" % (broken, main), *self._without_bytecode(),
                             "mkdir " + dropins, "write %s %s/short.conf" % (unit, dropins))  # fmt: skip

    def _without_bytecode(self) -> list[str]:
        listing = self._debugfs("ls -p %s/firmware/__pycache__" % CODE)
        names = [line.split("/")[5] for line in listing.splitlines() if line.count("/") > 5]
        return ["rm %s/firmware/__pycache__/%s" % (CODE, name) for name in names if name.startswith("__main__.")]

    def _debugfs(self, request: str) -> str:
        return subprocess.run(["debugfs", "-R", request, self._system], capture_output=True, text=True).stdout

    def _pack(self, system: Path, version: str, model: str = "qemu", formats: str = "", keys=None) -> Path:
        manifest = updatebundle.MANIFEST.format(version=version, model=model, formats=formats or updatebundle.formats())
        out = self.folder / ("%s-%s.raucb" % (version, model))
        updatebundle.pack(str(system), str(out), str(keys or self.keys), manifest, FAST)
        return out
