"""Second stage: the packages' root becomes the root of a board. Takes seconds; made anew for every image."""

import gzip
import shutil
import subprocess
from pathlib import Path

from tools.image.model import CHECKOUT, Model
from tools.image.modules import Modules
from tools.image.toolbox import Toolbox

HERE = Path(__file__).resolve().parent
SYSTEM = CHECKOUT / "board/system/root"
HOME = "usr/lib/sosie"
_NOT_ON_BOARDS = shutil.ignore_patterns("__pycache__", "models", "system", "pictures", "prometheus", "*.md")


def lay_out(model: Model, base: Path, box: Toolbox, version: str) -> None:
    """Makes `root` in the folder of the build."""
    root = box.work / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", str(base / "root"), str(root)], check=True)
    _firmware(model, root, box, version)
    kernel = _kernel(model, base, root, box)
    (root / "boot/initrd.img").write_bytes(_initrd(model, kernel, root, box))
    _loadable_firmware(model, base, root)
    for started in (root / "etc/systemd/system").glob("*.wants"):
        shutil.rmtree(started)  # what packages would have started by themselves
    for source in (SYSTEM, model.folder / "root"):
        if source.is_dir():
            _lay(source, root)
    _system(root, box)


def _firmware(model: Model, root: Path, box: Toolbox, version: str) -> None:
    home = root / HOME
    for name in ("firmware", "board"):
        shutil.copytree(CHECKOUT / name, home / name, ignore=_NOT_ON_BOARDS)
    (home / "version").write_text(version + "\n")
    (home / "model").write_text(model.name + "\n")
    box.run("python3 -m compileall -q -s /mnt/root --invalidation-mode unchecked-hash /mnt/root/" + HOME)


def _kernel(model: Model, base: Path, root: Path, box: Toolbox) -> Modules:
    """The kernel and those modules that the model wants."""
    tree = next((base / "kernel/lib/modules").iterdir())
    modules = Modules(tree)
    target = root / "usr/lib/modules" / tree.name
    for name in modules.closure(model.modules + model.early_modules):
        path = target / modules.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(tree / modules.path(name), path)
    for path in tree.glob("modules.[bo]*"):
        if path.name.startswith(("modules.builtin", "modules.order")) and path.suffix != ".bin":
            shutil.copyfile(path, target / path.name)
    box.run("depmod -b /mnt/root " + tree.name)
    shutil.copyfile(next((base / "kernel/boot").glob("vmlinuz-*")), root / "boot/vmlinuz")
    return modules


def _initrd(model: Model, modules: Modules, root: Path, box: Toolbox) -> bytes:
    early = box.work / "initrd"
    for name in ("bin", "dev", "proc", "sys", "root", "modules"):
        (early / name).mkdir(parents=True)
    names = modules.closure(model.early_modules)
    for name in names:
        (early / "modules" / (name + ".ko")).write_bytes(modules.content(name))
    (early / "modules/order").write_text("".join(name + "\n" for name in names))
    shutil.copy(HERE / "init", early / "init")
    shutil.copy(root / "usr/bin/busybox", early / "bin/busybox")
    (early / "init").chmod(0o755)
    line = "cd initrd; find . -exec touch -hd @%d {} +; find . | sort" % box.epoch
    archive = box.run(line + " | cpio --quiet --reproducible -o -H newc -R 0:0")
    return gzip.compress(archive, 9, mtime=0)


def _loadable_firmware(model: Model, base: Path, root: Path) -> None:
    """What drivers load into their chips. Links become files, so that none leads to what was left behind."""
    source = base / "boot/usr/lib/firmware"
    for pattern in model.firmware:
        for path in sorted(source.glob(pattern)):
            target = root / "usr/lib/firmware" / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _forget_days(shadow: Path, day: int) -> None:
    """The day on which a password was changed last is the day of the build: it becomes that of everything else."""
    lines = [line.split(":") for line in shadow.read_text().splitlines()]
    shadow.write_text("".join(":".join([*line[:2], str(day), *line[3:]]) + "\n" for line in lines))
    for backup in shadow.parent.glob("*-"):
        backup.unlink()


def _lay(source: Path, root: Path) -> None:
    """Modes are not what the checkout's happen to be: only what has a first line for it may be run."""
    for path in sorted(source.rglob("*")):
        target = root / path.relative_to(source)
        if path.is_symlink():
            target.unlink(missing_ok=True)
            target.symlink_to(path.readlink())
        elif path.is_dir():
            target.mkdir(mode=0o755, exist_ok=True)
        elif path.name != ".keep" and path.suffix != ".pyc":
            target.unlink(missing_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o755 if path.read_bytes()[:2] == b"#!" else 0o644)


def _system(root: Path, box: Toolbox) -> None:
    """Users, what is started, and the links that an installer would make."""
    box.run("systemd-sysusers --root=/mnt/root")
    _forget_days(root / "etc/shadow", box.epoch // 86400)
    box.run("systemctl --root=/mnt/root preset-all")
    links = {"etc/systemd/system/default.target": "/usr/lib/systemd/system/multi-user.target",
             "etc/resolv.conf": "/run/systemd/resolve/resolv.conf"}
    for name, target in links.items():
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)
    (root / "etc/machine-id").write_text("")
    (root / "etc/fstab").write_text("")
    (root / "etc/hostname").write_text("sosie\n")
    for name in ("state", "card"):
        (root / name).mkdir(exist_ok=True)
    (root / "usr/lib/clock-epoch").touch()
    # Nobody on a board is to become somebody else.
    for path in root.rglob("*"):
        if not path.is_symlink() and path.is_file() and path.stat().st_mode & 0o6000:
            path.chmod(path.stat().st_mode & 0o1777)
