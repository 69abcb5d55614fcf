"""One folder and the processes that work in it: whatever happens, both are gone at the end."""
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from tools.bench import proc

PR_SET_PDEATHSIG = 1
END_TIMEOUT_S = 10


def disk_folder():
    """A temporary folder that lies on a disk: /tmp is memory on many systems."""
    for folder in (tempfile.gettempdir(), "/var/tmp", os.getcwd()):
        if os.access(folder, os.W_OK) and file_system(folder) not in ("tmpfs", "ramfs"):
            return folder
    return tempfile.gettempdir()


def file_system(path):
    """Type of the file system that holds `path`, as in /proc/mounts."""
    path = os.path.realpath(path)
    found, kind = "", "unknown"
    with open("/proc/mounts") as mounts:
        for line in mounts:
            point, this_kind = line.split()[1:3]
            inside = path == point or path.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(found):
                found, kind = point, this_kind
    return kind


def free_port():
    """A TCP port of the loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Workspace:
    """A scratch folder below `parent`; as a context manager it ends its processes and goes."""

    def __init__(self, parent):
        self.folder = tempfile.mkdtemp(prefix="sosie-bench-", dir=parent)
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def path(self, name):
        return os.path.join(self.folder, name)

    def spawn(self, name, argv, **options):
        """Start a program of our own session (Ctrl-C reaches us, we end it), output in NAME.log."""
        with open(self.path(name + ".log"), "ab") as log:
            options.setdefault("stdout", log)
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=log,
                                       start_new_session=True, preexec_fn=_die_with_parent,
                                       **options)
        self.processes.append(process)
        return process

    def last_words(self, name, lines=3):
        with open(self.path(name + ".log"), errors="replace") as log:
            return " / ".join(log.read().strip().splitlines()[-lines:])

    def end(self, process, sign=signal.SIGTERM):
        """End one process that we started, by its id, and what it left behind."""
        family = proc.family(process.pid)
        if process.poll() is None:
            process.send_signal(sign)
        try:
            process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        proc.kill_left(family - {process.pid})
        if process in self.processes:
            self.processes.remove(process)

    def image(self, name, size, chunk=None):
        """A file of `size` bytes, every block of it written and in the page cache; of random bytes, or of `chunk`."""
        path = self.path(name)
        chunk = chunk or os.urandom(1 << 20)
        with open(path, "wb") as file:
            for offset in range(0, size, len(chunk)):
                file.write(chunk[:size - offset])
            file.flush()
            os.fdatasync(file.fileno())
        return path

    def settle(self, paths):
        """Write back what is dirty, so that no server pays for the one measured before it."""
        for path in paths:
            handle = os.open(path, os.O_RDWR)
            try:
                os.fdatasync(handle)
            finally:
                os.close(handle)

    def close(self):
        for process in list(reversed(self.processes)):
            self.end(process)
        shutil.rmtree(self.folder, ignore_errors=True)
