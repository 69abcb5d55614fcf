"""Keeps what a quota's day has used where it survives a restart: `day bytes ahead undated`, a line (pace.py).

`day` is the latest one that was ever written: while a clock is set back, a restart must not forget the day that it came
from, which has had its quota.

What it cannot keep is an alarm, and links go on. It tries again by itself: while a link is idle, nothing else would.
"""

from firmware.errors import Refused

AGAIN_MS = 20000
_PATIENCE_S = 2.0  # with a card that hangs, at the end
_MOST_DIGITS = 18


class QuotaBook:
    """`pace` is the board's, `lane` runs a ports.notebook.Notebook of the file at `path`, `alarm(sentence)` is told
    what is wrong, or "".

    `data`, `error`: what its read() gave, before any link came up: what is used up must not be given away first.
    """

    def __init__(self, pace, path: str, lane, call_after, alarm, data, error):
        self._pace = pace
        self._lane = lane
        self._call_after = call_after
        self._alarm = alarm
        self._busy = False  # one job at a time; of those that come meanwhile the last one counts
        self._next = None
        self._last = None
        self._newest = 0  # day of all records
        self._tries_again = False
        self._closed = False
        pace.keep = self._keep
        record = None
        if data is not None:
            try:
                record = unpack(data)
            except ValueError:
                error = Refused("quota_file %s does not hold a day and its bytes; delete it, or name another" % path)
        alarm("" if error is None else "%s; today's quota is counted anew" % error)
        if record is not None:
            self._newest = record[0]
            pace.restore(record)

    def _keep(self, record: tuple) -> None:
        self._next = record
        if not self._busy:
            self._go_on()

    def _go_on(self) -> None:
        record, self._next = self._next, None
        self._busy = record is not None
        if self._busy:
            self._last = record
            line = self._line(record)
            self._lane.submit(self._written, "change", lambda old: line)

    def _line(self, record: tuple) -> bytes:
        self._newest = max(self._newest, record[0])
        return pack((self._newest,) + record[1:])

    def _written(self, result, error) -> None:
        self._alarm("" if error is None else "%s; a restart would count today's quota anew" % error)
        self._pace.kept(self._last)
        if error is not None and not self._tries_again:
            self._tries_again = True
            self._call_after(AGAIN_MS, self._try_again)
        self._go_on()

    def _try_again(self) -> None:
        self._tries_again = False
        if not self._busy and not self._closed:
            self._keep(self._last)

    def close(self) -> None:
        """The board has stopped: what was used is written down exactly."""
        self._pace.close()
        self._closed = True
        if self._next is not None:  # nobody is told any more when the job before it ends
            line = self._line(self._next)
            self._lane.submit(_nobody, "change", lambda old: line)
        self._lane.close(_PATIENCE_S)


def pack(record: tuple) -> bytes:
    """A record as the file holds it."""
    return b"%d %d %d %d\n" % record


def unpack(data: bytes) -> tuple:
    """The record in these bytes; earlier versions wrote two or three of its numbers. Raises ValueError."""
    words = data.split() if data.endswith(b"\n") else ()
    if len(words) not in (2, 3, 4) or not all(word.isdigit() and len(word) <= _MOST_DIGITS for word in words):
        raise ValueError
    day, used, ahead, undated = [int(word) for word in words] + [0] * (4 - len(words))
    return day, used, ahead, undated


def _nobody(result, error) -> None:
    pass
