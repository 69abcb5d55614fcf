"""What --onto puts into the root of somebody's system: the firmware, its units, and Debian's Python packages."""

import configparser
import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from firmware.errors import Refused
from tools.flash.image import Image
from tools.flash.onto.system import System, mounted, root_part
from tools.image import emulation
from tools.image import root as recipe
from tools.image.model import CHECKOUT, COMMON

HERE = Path(__file__).parent
UNITS = ("sosie-setup.service", "sosie.service")
_SHARED = (  # of board/system/root, which is made for a system that is nothing but a board
    "usr/lib/sysusers.d/sosie.conf",
    "usr/lib/udev/rules.d/65-sosie-board.rules",
    "usr/lib/systemd/system/sosie.service",
)
_APT = "apt-get --quiet --yes --no-install-recommends -o Dpkg::Options::=--force-confold -o APT::Sandbox::User=root"
# How names are looked up on this machine, for as long as it takes: often a link into /run.
_NAMES = """
        names=$(chroot "$1" readlink -m /etc/resolv.conf)
        mkdir -p "$1${names%/*}"
        test -e "$1$names" || { touch "$1$names"; trap 'umount "$1$names"; rm -f "$1$names"' EXIT; }
        mount --bind /etc/resolv.conf "$1$names"
        """


@contextlib.contextmanager
def image(path: str, folder: Path, version: str, say):
    """A copy of the image at `path`, in `folder`, with the firmware laid onto it; its path. Raises Refused."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(Image(path)) as source:
        part = root_part(source)
    handle, copy = tempfile.mkstemp(prefix=".onto-", suffix=".img", dir=folder)
    os.close(handle)
    try:
        say("a copy of %s" % path)
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", path, copy], check=True)
        with mounted(copy, part) as root:
            lay(System(root, path), version, say)
        yield copy
    finally:
        os.unlink(copy)


def lay(system: System, version: str, say) -> None:
    """Everything, in an order that leaves nothing half enabled; raises Refused."""
    _provide_packages(system, say)
    say("the firmware and its units")
    try:
        _lay_files(system, version)
    except OSError as error:
        raise Refused("the root in the image does not take the firmware (%s)" % error) from None
    _inside(system, "systemd-sysusers /usr/lib/sysusers.d/sosie.conf")
    _inside(system, "systemctl enable " + " ".join(UNITS))


def packages() -> "list[str]":
    """What the firmware imports, by Debian's names."""
    ini = configparser.ConfigParser(interpolation=None)
    ini.read(COMMON)
    return [name for name in ini["common"]["packages"].split() if name.startswith("python3-")] + ["util-linux"]


def _lay_files(system: System, version: str) -> None:
    home = system.root / recipe.HOME
    if home.exists():
        shutil.rmtree(home)
    for name in ("firmware", "board"):
        shutil.copytree(CHECKOUT / name, home / name, ignore=shutil.ignore_patterns("__pycache__", "system", "*.md"))
    (home / "version").write_text(version + "\n")
    for name in _SHARED:
        _copy(recipe.SYSTEM / name, system.root / name)
    for source in sorted((HERE / "root").rglob("*")):
        if source.is_file():
            _copy(source, system.root / source.relative_to(HERE / "root"), system.boot)


def _copy(source: Path, target: Path, boot: str = "") -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(source.read_text().replace("@BOOT@", boot))
    target.chmod(0o644)


def _provide_packages(system: System, say) -> None:
    missing = [name for name in packages() if not _is_installed(system, name)]
    if not missing:
        return
    say("packages: " + " ".join(missing))
    _inside(system, "%s update && %s install %s && %s clean" % (_APT, _APT, " ".join(missing), _APT), network=True)


def _is_installed(system: System, name: str) -> bool:
    done = _chroot(system, "dpkg-query --show --showformat='${db:Status-Status}' %s" % name)
    return done.returncode == 0 and done.stdout == "installed"


def _inside(system: System, line: str, network: bool = False) -> None:
    done = _chroot(system, line, network)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines() or ["exit code %d" % done.returncode]
        raise Refused("in the image this failed: %s (%s)" % (line[:100], words[-1][:200]))


def _chroot(system: System, line: str, network: bool = False) -> subprocess.CompletedProcess:
    """Runs a line in the system, by an emulator where it must. Its mounts go with the process, and nothing starts."""
    script = """set -eu
        %s
        mount --bind "$1" "$1"
        for each in proc sys dev; do mount --rbind /$each "$1/$each"; done
        mount -t tmpfs tmpfs "$1/run"
        %s
        export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C SYSTEMD_OFFLINE=1
        chroot "$1" /bin/sh -c "$2"
        """ % (emulation.prelude(system.arch), _NAMES if network else "")
    return subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", str(system.root), line],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
