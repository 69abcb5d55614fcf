"""How it went in the last hour or week, thinned to a number of points, as JSON.

A week is ten thousand samples: all is done in pieces, so that a host that writes meanwhile waits for none of it.
"""

import struct

from firmware.status.chronicle.layout import UNKNOWN_BACKLOG, UNKNOWN_LAG

HOUR, WEEK = "hour", "week"
SPANS = {HOUR: (3600, 1), WEEK: (604800, 60)}  # seconds, and of them one sample
_PIECE = 150  # samples looked at, or points written, before others get their turn
_FIELDS = "<IIQIIIHH"


class Points:
    """Points of `step_s` seconds from `start_s` on: the worst lag and backlog, the mean rates; None where nothing is
    known. Samples of a clock that nobody believed only count where there are no others."""

    def __init__(self, start_s: int, step_s: int, count: int):
        self.start_s = start_s
        self.step_s = step_s
        self.lags = [None] * count
        self.backlogs = [None] * count
        self.written = [0] * count  # bytes
        self.sent = [0] * count
        self.seconds = [0] * count
        self._sure = bytearray(count)

    def add(self, buffer, offset: int, doubtful: bool) -> None:
        """Takes the sample at `offset`, wherever it belongs; one of doubtful time only if `doubtful`."""
        time_s, _, backlog, lag_ms, write_rate, sent_rate, seconds, sure = struct.unpack_from(_FIELDS, buffer, offset)
        index = (time_s - self.start_s) // self.step_s
        if not time_s or not 0 <= index < len(self.lags) or not (sure or doubtful):
            return
        if sure != self._sure[index] and self.seconds[index]:
            if not sure:
                return
            self._forget(index)
        self._sure[index] = sure
        seconds = max(1, seconds)
        self.seconds[index] += seconds
        self.written[index] += write_rate * seconds
        self.sent[index] += sent_rate * seconds
        if lag_ms != UNKNOWN_LAG and (self.lags[index] is None or lag_ms > self.lags[index]):
            self.lags[index] = lag_ms
        if backlog != UNKNOWN_BACKLOG and (self.backlogs[index] is None or backlog > self.backlogs[index]):
            self.backlogs[index] = backlog

    def _forget(self, index: int) -> None:
        self.lags[index] = self.backlogs[index] = None
        self.written[index] = self.sent[index] = self.seconds[index] = 0


def step_of(span: str, most: int) -> int:
    """Seconds between points, so that a span has at most `most` of them; whole samples."""
    length_s, sample_s = SPANS[span]
    return -(-length_s // (sample_s * most)) * sample_s


def answer(series, span: str, most: int, now_s: int, doubtful: bool, kept: bool):
    """Generator; returns the JSON of GET /api/series as bytes. `series`: that of the span's samples."""
    step_s = step_of(span, most)
    count = SPANS[span][0] // step_s
    points = Points((now_s // step_s - count + 1) * step_s, step_s, count)
    number = series.begin
    while number < series.end:
        for each in range(number, min(number + _PIECE, series.end)):
            if each >= series.begin:
                points.add(series.ring, series.place(each), doubtful)
        number += _PIECE
        yield
    pieces = ['{"step_s": %d, "start_ms": %d, "kept": %s' % (step_s, points.start_s * 1000, _word(kept))]
    seconds = points.seconds
    for name, values, write in (
        ("lag_s", points.lags, _tenths), ("backlog_bytes", points.backlogs, _whole),
        ("write_bytes_per_s", points.written, _rate), ("sent_bytes_per_s", points.sent, _rate),
    ):  # fmt: skip
        comma = ""
        pieces.append(', "%s": [' % name)
        for first in range(0, count, _PIECE):
            some = range(first, min(first + _PIECE, count))
            pieces.append(comma + ", ".join([write(values[each], seconds[each]) for each in some]))
            comma = ", "
            yield
        pieces.append("]")
    pieces.append("}")
    return "".join(pieces).encode()


def _word(value: bool) -> str:
    return "true" if value else "false"


def _tenths(lag_ms, seconds: int) -> str:
    return "null" if lag_ms is None else "%d.%d" % (lag_ms // 1000, lag_ms % 1000 // 100)


def _whole(value, seconds: int) -> str:
    return "null" if value is None else "%d" % value


def _rate(value: int, seconds: int) -> str:
    return "%d" % (value // seconds) if seconds else "null"
