"""The servers that people can have today, each from a Debian package."""
import json
import os
import shutil
import socket
import time

from tools.bench import proc
from tools.bench.fio import BenchError

START_TIMEOUT_S = 10
MIRROR_GRANULARITY = 65536


class Server:
    """One measured server: `start`, `uri` for fio, `settle` after each run, `stop`."""

    key = title = ""
    needs = ()  # (program, Debian package)
    images = 1

    def __init__(self, workspace, size):
        self.workspace = workspace
        self.size = size
        self.processes = []
        self.paths = []

    @classmethod
    def missing(cls):
        """One clear line when it cannot run here, else None."""
        for program, package in cls.needs:
            if not shutil.which(program):
                return f"{cls.title}: left out, {program} is missing (apt install {package})"
        return None

    def image(self, name):
        path = self.workspace.image(f"{self.key}-{name}.img", self.size)
        self.paths.append(path)
        return path

    def launch(self, name, argv, sock):
        """Start one program and wait until it listens on the Unix socket `sock`."""
        process = self.workspace.spawn(f"{self.key}-{name}", argv)
        self.processes.append(process)
        wait_for_socket(sock, process, lambda: self.workspace.last_words(f"{self.key}-{name}"))
        return process

    def socket_path(self, name="nbd"):
        return self.workspace.path(f"{self.key}-{name}.sock")

    @property
    def uri(self):
        return f"nbd+unix:///?socket={self.socket_path()}"

    def cpu(self):
        """Processor seconds so far, by the name of each part of this server."""
        return {self.key: proc.cpu_seconds(self.pids())}

    def pids(self):
        return set().union(*(proc.family(process.pid) for process in self.processes), set())

    def settle(self):
        """After a run: bring it to rest; what there is to tell of that."""
        self.workspace.settle(self.paths)
        return {}

    def stop(self):
        for process in reversed(self.processes):
            self.workspace.end(process)
        self.processes = []

    def remove(self):
        """Stop it and give the space of its images back."""
        self.stop()
        for path in self.paths:
            if os.path.exists(path):
                os.unlink(path)


def wait_for_socket(path, process, last_words):
    """Until somebody accepts on `path`; raises BenchError when the process ends or time is up."""
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(path)
                return
            except OSError:
                pass
        if process.poll() is not None:
            raise BenchError(f"{process.args[0]} ended at once: {last_words()}")
        time.sleep(0.01)
    raise BenchError(f"{process.args[0]} does not listen on {path}: {last_words()}")


class NbdkitFile(Server):
    key, title = "nbdkit", "nbdkit file"
    needs = (("nbdkit", "nbdkit"),)

    def start(self):
        sock = self.socket_path()
        self.launch("server", ["nbdkit", "-f", "-U", sock, "file", self.image("disk")], sock)


class QemuNbd(Server):
    key, title = "qemu-nbd", "qemu-nbd"
    needs = (("qemu-nbd", "qemu-utils"),)

    def start(self):
        self.launch("server", *qemu_nbd(self.socket_path(), self.image("disk")))


def qemu_nbd(sock, image):
    """(command line, socket) of a lasting qemu-nbd that caches like a server with battery."""
    return ["qemu-nbd", "-t", "-e", "4", "-f", "raw", "--cache=writeback", "-k", sock, image], sock


class QemuMirror(Server):
    """qemu-storage-daemon that completes a write when a second server has it too."""

    key, title = "qemu-mirror", "QEMU mirror"
    needs = (("qemu-storage-daemon", "qemu-system-common"), ("qemu-nbd", "qemu-utils"))
    images = 2

    def start(self):
        target, sock = self.socket_path("target"), self.socket_path()
        self.launch("target", *qemu_nbd(target, self.image("target")))
        monitor = self.socket_path("qmp")
        self.launch("source", [
            "qemu-storage-daemon",
            "--blockdev", f"driver=file,node-name=f0,filename={self.image('disk')}",
            "--blockdev", "driver=raw,node-name=src,file=f0",
            "--blockdev", f"driver=nbd,node-name=tgt,server.type=unix,server.path={target}",
            "--chardev", f"socket,id=qmp,path={monitor},server=on,wait=off",
            "--monitor", "chardev=qmp",
            "--nbd-server", f"addr.type=unix,addr.path={sock},max-connections=4",
            "--export", "type=nbd,id=e0,node-name=src,name=disk,writable=on",
        ], sock)
        mirror(monitor)

    @property
    def uri(self):
        return f"nbd+unix:///disk?socket={self.socket_path()}"


def mirror(monitor):
    """Begin the write-blocking mirror through the monitor socket and see that it runs."""
    with socket.socket(socket.AF_UNIX) as channel:
        channel.settimeout(START_TIMEOUT_S)
        channel.connect(monitor)
        lines = channel.makefile("rw")
        lines.readline()
        _order(lines, "qmp_capabilities")
        _order(lines, "blockdev-mirror", {
            "job-id": "mirror", "device": "src", "target": "tgt", "sync": "none",
            "copy-mode": "write-blocking", "granularity": MIRROR_GRANULARITY})
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end:
            jobs = _order(lines, "query-block-jobs")
            if any(job["ready"] for job in jobs):
                return
            time.sleep(0.02)
    raise BenchError("the QEMU mirror did not become ready")


def _order(lines, command, arguments=None):
    order = {"execute": command}
    if arguments:
        order["arguments"] = arguments
    lines.write(json.dumps(order) + "\n")
    lines.flush()
    while True:
        answer = json.loads(lines.readline() or '{"error": {"desc": "monitor closed"}}')
        if "error" in answer:
            raise BenchError(f"QEMU refused {command}: {answer['error']['desc']}")
        if "return" in answer:
            return answer["return"]


PEERS = (NbdkitFile, QemuNbd, QemuMirror)
