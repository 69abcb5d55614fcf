"""First stage: Debian packages become a root, a kernel with its modules, and boot loaders. Takes minutes; is cached."""

import collections
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from firmware.errors import Refused
from tools.image import emulation, mirror
from tools.image.model import Model
from tools.image.telling import Telling
from tools.image.toolbox import Toolbox

SUITE = "trixie"
HERE = Path(__file__).resolve().parent
# Runs on the machine that builds, and makes every image with the same programs, whatever Debian that machine has.
TOOLBOX = """busybox-static cpio device-tree-compiler dosfstools e2fsprogs fdisk grub-common kmod libarchive13t64 mtools
python3 rauc squashfs-tools systemd zstd""".split()
# The texts of the licences stay.
_KEPT = ("/usr/share/doc/*/copyright",)
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/i18n/*")
# Python's packages would be compiled under emulation, and are compiled here anyway.
_LEFT_OUT += ("/usr/bin/py3compile",)

_TRIMMED = HERE / "trimmed"
# Read without a look at the source: every file of an image has the same time, which is not that of its bytecode.
_COMPILE = """find root -name __pycache__ -prune -exec rm -r {} +
    python3 -m compileall -q -s /mnt/root --invalidation-mode unchecked-hash"""
_COMPILE += " /mnt/root/usr/lib/python3* >/dev/null || true"
_LIST = """mkdir -p root/usr/lib/sosie
    dpkg-query --admindir=root/var/lib/dpkg -W -f '${Package} ${Version}\\n' >root/usr/lib/sosie/packages"""


def folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("SOSIE_CACHE") or base + "/sosie") / "image"


def take(model: Model, snapshot: "str | None", box: Path, say) -> Path:
    """The folder with `root`, `kernel` and `boot` of the model, built when there is none."""
    unpack = [model.kernel, *model.boot_packages]
    build = Build(model.arch, model.packages, mirror.sources(SUITE, model.components, snapshot), unpack)

    def finish(fresh: Path) -> None:
        tools = Toolbox(box, fresh, 0)
        tools.run("cd kernel; test -d lib || ln -s usr/lib lib; depmod -b /mnt/kernel $(ls lib/modules)")
        tools.run(_LIST)
        _trim(fresh / "root")
        tools.run(_COMPILE)

    return build.take("root-" + model.arch, "a root for %s" % model.arch, say, finish)


def toolbox(snapshot: "str | None", say) -> Path:
    build = Build(None, TOOLBOX, mirror.sources(SUITE, ["main"], snapshot), [])
    return build.take("toolbox", "the toolbox", say, lambda fresh: None) / "root"


def _trim(root: Path) -> None:
    patterns = [line for line in _TRIMMED.read_text().splitlines() if line and not line.startswith("#")]
    for path in [path for pattern in patterns for path in root.glob(pattern)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def forget_old(now: float) -> None:
    """Removes what no build has used for a month, and what an interrupted one left a day ago or longer."""
    for path in folder().iterdir():
        days = 1 if path.name.startswith(".") else 30
        if path.stat().st_mtime < now - days * 86400:
            shutil.rmtree(path, ignore_errors=True)


class Build:
    """One run of mmdebstrap. Its key changes with whatever makes its outcome differ."""

    def __init__(self, arch: "str | None", packages: "list[str]", sources: str, unpack: "list[str]"):
        self._packages, self._sources, self._unpack = packages, sources, unpack
        self._arch = arch
        self._options = ["--mode=root", "--variant=essential", "--format=directory", "--skip=check/qemu"]
        self._options += ["--architectures=" + arch] if arch else []
        self._options += ["--include=" + ",".join(packages), "--dpkgopt=force-unsafe-io"]
        self._options += ["--aptopt=Acquire::Languages none", "--aptopt=APT::Install-Recommends false"]
        self._options += ["--dpkgopt=path-exclude=" + path for path in _LEFT_OUT]
        self._options += ["--dpkgopt=path-include=" + path for path in _KEPT]

    def take(self, name: str, what: str, say, finish) -> Path:
        """A folder is there whole or not at all. Two builds at once make the same twice, and the first one stays."""
        target = folder() / ("%s-%s" % (name, self._key()))
        if not target.is_dir():
            say("%s: %d Debian packages and what they need" % (what, len(self._packages)))
            folder().mkdir(parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(prefix=".%s-" % name, dir=folder()))
            try:
                fresh.chmod(0o755)
                self._run(fresh, Telling(say))
                finish(fresh)
                if not target.is_dir():
                    fresh.rename(target)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
            forget_old(time.time())
        os.utime(target)
        return target

    def _key(self) -> str:
        text = json.dumps([self._options, self._sources, self._unpack])
        if self._unpack:
            text += (HERE / "unpack").read_text() + _TRIMMED.read_text() + _COMPILE + _LIST
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def _run(self, fresh: Path, telling: Telling) -> None:
        # Apart, so that what it mounts and starts goes with it, whatever ends it.
        argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        argv += ["sh", "-euc", emulation.prelude(self._arch) + 'exec "$@"', "sh"]
        argv += ["mmdebstrap", "--verbose", *self._options]
        if self._unpack:
            words = ["sh", str(HERE / "unpack"), str(fresh), *self._unpack]
            argv.append("--customize-hook=%s" % shlex.join(words))
        code, lines = _listen([*argv, SUITE, str(fresh / "root"), "-"], self._sources, telling)
        if code:
            raise Refused("%s\nmmdebstrap could not build the root; the lines above say why" % "\n".join(lines))


def _listen(argv: "list[str]", text: str, telling: Telling) -> "tuple[int, list[str]]":
    """Runs a program that reads `text` to its end; its exit code and the last that it said."""
    last = collections.deque(maxlen=20)
    reads, writes = os.pipe()  # which holds it
    os.write(writes, text.encode())
    os.close(writes)
    with subprocess.Popen(argv, stdin=reads, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace") as process:  # fmt: skip
        os.close(reads)
        try:
            for line in process.stdout:
                last.append(line.rstrip())
                telling.hear(line)
        except BaseException:
            process.kill()
            raise
    return process.returncode, list(last)
