"""The guest's two output streams, copied to ours while they come, up to the mark that ends them."""

import os
import select
import signal


class Stream:
    """One of them. The guest ends it by the mark, the exit code of the script and a newline."""

    def __init__(self, mark: bytes, target: int):
        self._mark = mark
        self._target = target
        self._held = b""
        self._ending = False
        self.code: int | None = None
        self.source, self.port = os.pipe()

    def close_port(self) -> None:
        """Ours, when QEMU has its own: so the stream ends with QEMU."""
        os.close(self.port)

    def pump(self) -> bool:
        """Copies what is there; False at the end."""
        piece = os.read(self.source, 1 << 16)
        self._held += piece
        if not self._ending:
            self._pass_on(final=not piece)
        if self._ending and self._held.endswith(b"\n"):
            self.code = int(self._held)
        return bool(piece) and self.code is None

    def _pass_on(self, final: bool) -> None:
        text, mark, rest = self._held.partition(self._mark)
        keep = 0 if mark or final else _overlap(text, self._mark)
        _write(self._target, text[: len(text) - keep])
        self._held = rest if mark else text[len(text) - keep :]
        self._ending = bool(mark)


def _overlap(text: bytes, mark: bytes) -> int:
    """How many bytes at the end of the text may be the beginning of the mark."""
    for length in range(min(len(text), len(mark) - 1), 0, -1):
        if text.endswith(mark[:length]):
            return length
    return 0


def _write(target: int, text: bytes) -> None:
    while text:
        text = text[os.write(target, text) :]


def pump_all(streams: list[Stream], limit_s: int) -> bool:
    """Until all have ended; False when the time is up before, also if it is our own output that stands still."""
    signal.signal(signal.SIGALRM, _time_is_up)
    signal.alarm(limit_s)
    try:
        _pump_all({stream.source: stream for stream in streams})
        return True
    except _TimeIsUp:
        return False
    finally:
        signal.alarm(0)


def _pump_all(open_streams: dict[int, Stream]) -> None:
    while open_streams:
        for source in select.select(list(open_streams), [], [])[0]:
            if not open_streams[source].pump():
                del open_streams[source]


class _TimeIsUp(Exception):
    pass


def _time_is_up(number, frame) -> None:
    raise _TimeIsUp
