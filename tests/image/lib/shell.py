"""A root shell in the running image, for tests. The image itself has none.

The kernel's arguments ask systemd for it (`systemd.debug_shell=hvc0`): who can write these can do anything anyway.
There an agent of a few lines takes over, which makes the line clean: lengths before content, no echo, no prompts.
"""

import base64
import re
import socket
import time

KERNEL_ARGUMENTS = "systemd.debug_shell=hvc0"
# Words of the line: `run LIMIT LENGTH`, `put LENGTH PATH`; answers `CODE LENGTH`, with 125 for what it cannot do. When
# memory is short it is not the one to go, for nobody could say then what happened; what it runs may be.
_AGENT = r"""
import os, subprocess, sys
take, give = sys.stdin.buffer, sys.stdout.buffer
def answer(code, data):
    give.write(b"%d %d\n" % (code, len(data)) + data); give.flush()
def put(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return 0, b""
def run(limit, script):
    with open("/run/shell.out", "w+b") as out:
        script = b"echo 0 >/proc/self/oom_score_adj\n" + script
        p = subprocess.Popen(["/bin/sh", "-c", script], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            code = p.wait(limit)
        except subprocess.TimeoutExpired:
            p.kill(); code = 124
        out.seek(0); return code, out.read()
put("/proc/self/oom_score_adj", b"-900")
give.write(b"\0ready\n"); give.flush()
while line := take.readline():
    words = line.split(None, 2)
    if not words:
        continue
    try:
        if words[0] == b"put":
            found = put(words[2].strip(), take.read(int(words[1])))
        else:
            found = run(float(words[1]), take.read(int(words[2])))
    except Exception as error:
        found = 125, repr(error).encode()
    answer(*found)
"""
_MARK = b"\0ready\n"
_PIECE = 3000  # a terminal takes lines of up to 4096 bytes until it is told to be raw


class Failed(AssertionError):
    """A command ended with another exit code than it should; its output is in the words."""


class Shell:
    """`connection` is the far end of the terminal. Commands run one after another."""

    def __init__(self, connection: socket.socket, limit_s: float):
        self._line = connection
        self._held = b""
        deadline = time.monotonic() + limit_s
        self._await_prompt(deadline)
        packed = base64.b64encode(_AGENT.encode())
        for at in range(0, len(packed), _PIECE):
            self._line.sendall(b"A=${A}%s\n" % packed[at : at + _PIECE])
        start = b"import base64, os; exec(base64.b64decode(os.environ['A']))"
        # The mark is not in what the terminal may echo.
        self._line.sendall(b'stty raw -echo; export A; exec python3 -Iuc "%s" 2>/run/shell.err\n' % start)
        self._read_until(_MARK, deadline)

    def run(self, script: str, codes=(0,), limit_s: float = 120.0) -> str:
        """What the script wrote on both streams; `codes` are the exit codes that it may end with, None any."""
        code, output = self.try_run(script, limit_s)
        if codes is not None and code not in codes:
            raise Failed("`%s` ended with %d:\n%s" % (script, code, output))
        return output

    def try_run(self, script: str, limit_s: float = 120.0) -> tuple[int, str]:
        self._ask(script, limit_s)
        code, output = self._answer(limit_s + 60)
        return code, output.decode(errors="replace")

    def run_last(self, script: str) -> None:
        """It may end the system, and this shell before that can answer."""
        self._ask(script, 120.0)

    def put(self, path: str, data: bytes) -> None:
        self._line.sendall(b"put %d %s\n" % (len(data), path.encode()) + data)
        code, output = self._answer(120.0)
        if code:
            raise Failed("%s cannot be written: %s" % (path, output.decode(errors="replace")))

    def _ask(self, script: str, limit_s: float) -> None:
        data = script.encode()
        self._line.sendall(b"run %g %d\n" % (limit_s, len(data)) + data)

    def _answer(self, limit_s: float) -> tuple[int, bytes]:
        deadline = time.monotonic() + limit_s
        line = self._read_until(b"\n", deadline)
        header = re.fullmatch(rb"(-?\d+) (\d+)", line)
        if not header:
            raise Failed("the agent would not answer so: %r" % (line + b"\n" + self._held[-2000:]))
        code, length = map(int, header.groups())
        while len(self._held) < length:
            self._take(deadline)
        data, self._held = self._held[:length], self._held[length:]
        return code, data

    def _await_prompt(self, deadline: float) -> None:
        """The terminal is nobody's until the shell has started; what is sent before may be lost."""
        asked = time.monotonic()
        while b"# " not in self._held:
            if time.monotonic() > asked + 5:
                self._line.sendall(b"\n")
                asked = time.monotonic()
            self._take(deadline, patience_s=1.0)
        self._held = b""

    def _read_until(self, mark: bytes, deadline: float) -> bytes:
        while mark not in self._held:
            self._take(deadline)
        found, _, self._held = self._held.partition(mark)
        return found

    def _take(self, deadline: float, patience_s: float | None = None) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the board's shell said nothing more in time; last: %r" % self._held[-500:])
        self._line.settimeout(min(left, patience_s or left))
        try:
            piece = self._line.recv(1 << 16)
        except TimeoutError:
            return
        if not piece:
            raise ConnectionError("the machine ended; the shell's last words: %r" % self._held[-500:])
        self._held += piece
