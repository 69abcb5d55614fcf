"""Seconds become a minute: its worst lag and backlog, its mean rates."""

from firmware.status.chronicle.layout import Sample


class Minute:
    """The minute that is going on; `seconds` of it were added."""

    def __init__(self):
        self.seconds = 0
        self._first = None
        self._backlog = self._lag_ms = None
        self._written = self._sent = 0

    def add(self, sample: Sample) -> "Sample | None":
        """Takes a second; the minute before it, when that has ended with it."""
        ended = None
        if self._first is not None and not self._continues(sample):
            ended = self.close()
        if self._first is None:
            self._first = sample
        seconds = max(1, sample.seconds)
        self.seconds += seconds
        self._backlog = worst(self._backlog, sample.backlog)
        self._lag_ms = worst(self._lag_ms, sample.lag_ms)
        self._written += sample.write_rate * seconds
        self._sent += sample.sent_rate * seconds
        return ended

    def _continues(self, sample: Sample) -> bool:
        first = self._first
        same_time = sample.segment == first.segment and sample.sure == first.sure
        return same_time and sample.time_s // 60 == first.time_s // 60

    def close(self) -> Sample:
        """The minute as it is; the next one begins."""
        first, count = self._first, self.seconds
        whole = Sample(
            first.time_s - first.time_s % 60, self._backlog, self._lag_ms, self._written // count, self._sent // count,
            count, first.segment, first.sure,
        )  # fmt: skip
        self.seconds = self._written = self._sent = 0
        self._first = self._backlog = self._lag_ms = None
        return whole


def worst(one, other):
    """The larger; None is unknown, and less than anything."""
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
