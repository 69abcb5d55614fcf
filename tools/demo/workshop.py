"""The demo's temporary folder, its processes and ports, and their certain end."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOM_NEEDED = 3 << 30
IMPATIENCE = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


class Broken(Exception):
    """Something that had to hold did not; the message is one sentence for whoever watches."""


def call(*command: str, accept=(0,), timeout_s: float = 60.0) -> str:
    """Runs a system command to its end and returns what it printed; any other exit code is Broken."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=timeout_s, text=True, errors="replace")
    if done.returncode not in accept:
        last = (done.stdout.strip().splitlines() or ["it said nothing"])[-1]
        raise Broken("%s ended with %d: %s" % (" ".join(command[:2]), done.returncode, last))
    return done.stdout


def wait_for(what: str, condition, timeout_s: float = 30.0, every_s: float = 0.02):
    """Polls until condition() is true and returns its value; Broken, naming `what`, when it never is."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Broken("%s: not after %g s." % (what, timeout_s))
        time.sleep(every_s)


def free_ports(count: int) -> "list[int]":
    """Ports of the loopback that nobody uses now (all held at once, so that they differ)."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def missing_commands(names) -> "list[str]":
    """Those of the named system commands that this machine does not have."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    return [name for name in names if shutil.which(name, path=path) is None]


class Workshop:
    """A folder on a real disk and a stack of undo steps, run in reverse order whatever happens."""

    def __init__(self):
        # Not /tmp: it is memory on many systems, and the demo writes more than a gigabyte.
        parent = os.environ.get("TMPDIR", "/var/tmp")
        if shutil.disk_usage(parent).free < ROOM_NEEDED:
            raise Broken("The demo needs 3 GiB free in %s; free some, or set TMPDIR to a folder that has it." % parent)
        os.environ["PATH"] = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
        self.folder = tempfile.mkdtemp(prefix="sosie-demo-", dir=parent)
        self._undo = contextlib.ExitStack()
        self._undo.callback(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names: str) -> str:
        """A path inside the folder."""
        return os.path.join(self.folder, *names)

    def on_close(self, step, *args):
        """Registers an undo step; one that fails does not keep the others from running."""
        self._undo.callback(_quietly, step, *args)

    def python(self, module: str, *args: str, log: str, **options) -> subprocess.Popen:
        """Starts one of the project's own modules, in a process group of its own."""
        environment = dict(os.environ, PYTHONPATH=CHECKOUT, PYTHONSAFEPATH="1")
        return self.process(sys.executable, "-m", module, *args, log=log, env=environment, cwd=self.folder, **options)

    def process(self, *command: str, log: str, **options) -> subprocess.Popen:
        """Starts a process in a group of its own (Ctrl-C is ours to handle), its stderr in a file."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        with open(self.path(log), "ab") as stderr:
            process = subprocess.Popen(command, stderr=stderr, start_new_session=True, **options)
        self.on_close(kill_group, process)
        return process

    def last_lines(self, log: str, count: int) -> "list[str]":
        """The last lines that a process wrote to its log."""
        try:
            with open(self.path(log), errors="replace") as lines:
                return lines.read().strip().splitlines()[-count:]
        except OSError:
            return []

    def last_words(self, log: str) -> str:
        """The last line that a process wrote to its log, or ''."""
        return (self.last_lines(log, 1) or [""])[0]

    def close(self):
        """Undoes everything. Impatient signals are ignored meanwhile: half a clean-up is worse."""
        kept = {number: signal.signal(number, signal.SIG_IGN) for number in IMPATIENCE}
        try:
            self._undo.close()
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)


def _quietly(step, *args):
    with contextlib.suppress(Exception):
        step(*args)


def signal_group(process: subprocess.Popen, number: int):
    """Signals a process and its children at once; one that is gone already is fine."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def kill_group(process: subprocess.Popen):
    """SIGKILL to a process and all its children, and waits for it."""
    signal_group(process, signal.SIGKILL)
    process.wait(10)
