"""The operations on the machine that a gadget is made of. All raise OSError; tests put a fake kernel in their place."""

import ctypes
import os
import subprocess
import time

_MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


class System:
    """The machine itself."""

    def make(self, path: str) -> None:
        os.mkdir(path)

    def make_mount_point(self, path: str) -> None:
        os.makedirs(path, 0o755, exist_ok=True)

    def remove(self, path: str) -> None:
        os.rmdir(path)

    def link(self, target: str, path: str) -> None:
        os.symlink(target, path)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def names(self, path: str) -> list:
        """What lies in a folder, sorted; [] when there is no such folder."""
        try:
            return sorted(os.listdir(path))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def is_folder(self, path: str) -> bool:
        return os.path.isdir(path) and not os.path.islink(path)

    def is_link(self, path: str) -> bool:
        return os.path.islink(path)

    def read(self, path: str) -> str:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def write(self, path: str, text: str) -> None:
        """One write(2): an attribute takes its value whole or refuses it."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)

    def owner(self, path: str) -> int:
        """The user that a folder belongs to, -1 when it is gone."""
        try:
            return os.stat(path).st_uid
        except FileNotFoundError:
            return -1

    def give(self, path: str, uid: int, gid: int) -> None:
        """A folder and all that is in it to another owner; links stay what they are."""
        os.chown(path, uid, gid)
        for folder, folders, files in os.walk(path):
            for name in folders + files:
                os.chown("%s/%s" % (folder, name), uid, gid, follow_symlinks=False)

    def mount(self, kind: str, source: str, path: str, options: str = "") -> None:
        _checked(_libc.mount(source.encode(), path.encode(), kind.encode(), ctypes.c_ulong(0), options.encode()))

    def unmount(self, path: str) -> None:
        """Takes the mount away at once; it lives on, unseen, for those who hold files of it open."""
        _checked(_libc.umount2(path.encode(), _MNT_DETACH))

    def is_open(self, device: str) -> bool:
        """Whether some process has this device open, wherever it sees it lie."""
        name = os.path.basename(device)
        files = ("/proc/%s/fd" % process for process in os.listdir("/proc") if process.isdigit())
        return any(os.path.basename(_target(folder, number)) == name for folder in files for number in _listed(folder))

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def load(self, modules: list) -> None:
        """Asks for kernel modules. Says nothing about success: what they bring is looked for afterwards."""
        try:
            command = ["modprobe", "--quiet", "--all", *modules]
            environment = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
            subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            pass


def _listed(folder: str) -> list:
    try:
        return os.listdir(folder)
    except OSError:  # the process ended
        return []


def _target(folder: str, number: str) -> str:
    try:
        return os.readlink("%s/%s" % (folder, number))
    except OSError:  # the file was closed
        return ""


def _checked(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
