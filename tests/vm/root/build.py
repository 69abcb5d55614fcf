"""Builds a root: Debian packages by mmdebstrap, Python packages by pip, all packed into one image by `customize`."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.vm import child
from tests.vm.errors import Refused
from tests.vm.root import recipe

PARTS = ("vmlinux", "initramfs", "root.ext4")  # what a built root consists of


def build(suite: str, fresh: Path, say) -> None:
    """Puts PARTS into the folder `fresh`."""
    began = time.monotonic()
    say("building the guest's root (Debian %s), once; it takes a minute or two" % suite)
    python, mirror = recipe.PYTHON_OF[suite], _mirror()
    _fetch_python_packages(python, fresh / "dist-packages", fresh)
    say("Python packages are here; now %d Debian packages and the kernel" % len(recipe.packages()))
    _run(_mmdebstrap(suite, mirror, python, fresh), fresh, "mmdebstrap could not build the guest's root")
    for leftover in ("dist-packages", "pip", "log", "tmp"):
        subprocess.run(["rm", "-rf", fresh / leftover], check=True)
    missing = [part for part in PARTS if not (fresh / part).exists()]
    if missing:
        raise Refused("the guest's root was built without %s; mend tests/vm/root/customize" % ", ".join(missing))
    megabytes = sum((fresh / part).stat().st_blocks for part in PARTS) // 2048
    say("built in %.0f s, %d MiB in %s" % (time.monotonic() - began, megabytes, fresh.parent))


def _fetch_python_packages(python: str, target: Path, fresh: Path) -> None:
    """By a pip of our own, for the guest's version of Python: neither the guest nor the machine needs to have pip."""
    pip = fresh / "pip/bin/pip"
    _run([sys.executable, "-m", "venv", str(fresh / "pip")], fresh, "python3 -m venv failed")
    options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--only-binary=:all:"]
    options += ["--python-version", python, "--implementation", "cp", "--target", str(target)]
    for platform in ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"):
        options += ["--platform", platform]
    _run([str(pip), "install", *options, *recipe.requirements()], fresh, "pip could not bring the guest's packages")


def _mmdebstrap(suite: str, mirror: str, python: str, fresh: Path) -> list[str]:
    options = ["--mode=" + ("root" if os.geteuid() == 0 else "unshare"), "--variant=minbase", "--format=null"]
    options += ["--include=" + ",".join(recipe.packages()), "--dpkgopt=force-unsafe-io"]
    options += ["--aptopt=Acquire::Languages none", "--aptopt=APT::Install-Recommends false"]
    options += ["--dpkgopt=path-exclude=/usr/share/%s/*" % name for name in ("doc", "man", "locale", "info")]
    hooks = ["copy-in %s /usr/local/lib/python%s" % (fresh / "dist-packages", python), 'mkdir "$1/assemble" "$1/bench"']
    hooks += ["copy-in %s %s /assemble" % (recipe.HERE / "assemble.py", recipe.HERE / "newc.py")]
    hooks += [(recipe.HERE / "customize").read_text()]
    hooks += ["copy-out %s %s" % (" ".join("/bench/" + part for part in PARTS), fresh)]
    options += ["--customize-hook=" + hook for hook in hooks]
    return [*_apart(), "mmdebstrap", *options, suite, "-", "deb %s %s main" % (mirror, suite)]


def _apart() -> list[str]:
    """So all that root's mmdebstrap started and mounted goes with it, whatever ends it; another user's is so anyway."""
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    works = os.geteuid() == 0 and subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL).returncode == 0
    return unshare if works else []  # in a plain chroot it does not


def _mirror() -> str:
    """That of the machine's own Debian archive: the first one of component main that is not the security archive."""
    wanted = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(COMPONENT) $(REPO_URI)", "Identifier: Packages"]
    for line in subprocess.run(wanted, capture_output=True, text=True).stdout.splitlines():
        words = line.split()
        if words[:2] == ["Debian", "main"] and "security" not in words[2]:
            return words[2]
    raise Refused("apt knows no Debian archive here, so the guest's root cannot be built; run apt-get update first")


def _run(argv: list[str], fresh: Path, complaint: str) -> None:
    """Runs a step to its end. What it wrote is shown only if it fails."""
    environment = dict(os.environ)
    if os.geteuid() == 0:
        # What an interrupted mmdebstrap leaves lies where the next build removes it. Another user's mmdebstrap
        # works under subordinate ids, which may not enter a home folder.
        (fresh / "tmp").mkdir(exist_ok=True)
        environment["TMPDIR"] = str(fresh / "tmp")
    with open(fresh / "log", "w+") as log:
        process = child.start(argv, stdout=log, stderr=log, env=environment)
        try:
            code = process.wait()
        finally:
            child.end(process)
        log.seek(0)
        if code:
            sys.stderr.write("".join(log.readlines()[-40:]))
            raise Refused("%s; the lines above say why" % complaint)
