"""First stage: Debian packages become a root, a kernel with its modules, and boot loaders. Takes minutes; is cached."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from firmware.errors import Refused
from tools.image import mirror
from tools.image.model import Model
from tools.image.toolbox import Toolbox

SUITE = "trixie"
HERE = Path(__file__).resolve().parent
# Runs on the machine that builds, and makes every image with the same programs, whatever Debian that machine has.
TOOLBOX = """busybox-static cpio device-tree-compiler dosfstools e2fsprogs fdisk grub-common kmod libarchive13t64 mtools python3
rauc squashfs-tools systemd zstd""".split()
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/i18n/*")


def folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("SOSIE_CACHE") or base + "/sosie") / "image"


def take(model: Model, snapshot: "str | None", box: Path, say) -> Path:
    """The folder with `root`, `kernel` and `boot` of the model, built when there is none."""
    sources = mirror.sources(SUITE, model.components, snapshot)
    wanted = ["root", model.arch, sources, model.packages, [model.kernel, *model.boot_packages]]
    return _cached("root-" + model.arch, wanted, lambda fresh: _build_root(fresh, model, sources, box, say))


def toolbox(snapshot: "str | None", say) -> Path:
    sources = mirror.sources(SUITE, ["main"], snapshot)

    def build(fresh: Path) -> None:
        say("the toolbox: %d Debian packages" % len(TOOLBOX))
        _mmdebstrap(fresh, fresh / "root", None, TOOLBOX, sources, [])

    return _cached("toolbox", ["toolbox", sources, TOOLBOX], build) / "root"


def _cached(name: str, wanted: list, build) -> Path:
    """A folder is there whole or not at all. Two builds at once make the same twice, and the first one stays."""
    text = json.dumps(wanted) + "".join((HERE / each).read_text() for each in ("unpack", "packages.py"))
    target = folder() / ("%s-%s" % (name, hashlib.sha256(text.encode()).hexdigest()[:12]))
    if target.is_dir():
        return target
    folder().mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".%s-" % name, dir=folder()))
    fresh.chmod(0o755)
    try:
        build(fresh)
        if not target.is_dir():
            fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _build_root(fresh: Path, model: Model, sources: str, box: Path, say) -> None:
    say("a root for %s: %d Debian packages, the kernel and the boot loader" % (model.arch, len(model.packages)))
    unpack = [str(HERE / "unpack"), str(fresh), model.kernel, *model.boot_packages]
    hook = 'sh "%s" "$1" %s' % (unpack[0], " ".join(unpack[1:]))
    _mmdebstrap(fresh, fresh / "root", model.arch, model.packages, sources, [hook])
    Toolbox(box, fresh, 0).run("cd kernel; test -d lib || ln -s usr/lib lib; depmod -b /mnt/kernel $(ls lib/modules)")


def _mmdebstrap(fresh: Path, target: Path, arch: "str | None", packages: list, sources: str, hooks: list) -> None:
    argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    argv += ["mmdebstrap", "--mode=root", "--variant=essential", "--format=directory"]
    argv += ["--architectures=" + arch] if arch else []
    argv += ["--include=" + ",".join(packages), "--dpkgopt=force-unsafe-io"]
    argv += ["--aptopt=Acquire::Languages none", "--aptopt=APT::Install-Recommends false"]
    argv += ["--dpkgopt=path-exclude=" + path for path in _LEFT_OUT]
    argv += ["--customize-hook=" + hook for hook in hooks]
    log = fresh / "log"
    with open(log, "w") as file:
        done = subprocess.run([*argv, SUITE, str(target), "-"], input=sources.encode(), stdout=file, stderr=file)
    if done.returncode:
        lines = log.read_text(errors="replace").splitlines()[-20:]
        raise Refused("%s\nmmdebstrap could not build the root; the lines above say why" % "\n".join(lines))
    log.unlink()
