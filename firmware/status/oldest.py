"""Since when the twin lacks the oldest group that it lacks, by two clocks.

A group carries the wall clock of the moment at which it was closed. That tells its age unless the clock was wrong then
or is now: it may not be set since the power came, and it is moved when it is. For how long a group has been looked at
and not been acknowledged, the clock that never jumps tells: not how old it is, but how old at least.
"""

from firmware.errors import Damaged
from firmware.status.lag import STEP_MS

_READ_EVERY_MS = 1000


class Oldest:
    """`closed_ms`: wall clock at which that group was closed, None: there is none, or nobody knows; `lacked_ms`: for
    how long at least the twin has lacked it; `inherited`: it is of an earlier life of the board.

    Groups up to `first_number` are of an earlier life. `clock` has now_ms() and wall_ms().
    """

    def __init__(self, journal, clock, first_number: int):
        self.closed_ms = None
        self.lacked_ms = 0
        self.inherited = False
        self._journal = journal
        self._clock = clock
        self._first_number = first_number
        self._started_ms = clock.now_ms()
        self._offset_ms = clock.wall_ms() - self._started_ms
        self._doubted = 0  # groups of this life up to here were closed by a clock that was moved since
        self._doubted_ms = 0
        self._number = None  # of `acked` when something was missing behind it
        self._since_ms = 0
        self._read = (None, None)  # (number of `acked`, time of the group behind it) as read from the ring
        self._read_ms = None

    def look(self, sender, clock_set: "bool | None") -> None:
        """Looks again. `sender`: a Sender at work, or None; `clock_set`: as the board knows it."""
        now_ms, wall_ms = self._clock.now_ms(), self._clock.wall_ms()
        self._follow_clock(now_ms, wall_ms)
        number = self._journal.acked.number
        self.inherited = number < self._first_number
        if self._journal.received_number <= number and self._journal.open is None:
            self._number, self.closed_ms, self.lacked_ms = None, None, 0
            return
        if number != self._number:
            self._number, self._since_ms = number, now_ms
        self.lacked_ms = now_ms - self._lacked_since_ms()
        if self._journal.received_number <= number:
            self.closed_ms = wall_ms - (now_ms - self._journal.open.opened_ms)
        else:
            self.closed_ms = self._time_of_group(sender, now_ms) if self._is_dated(clock_set) else None

    def _is_dated(self, clock_set: "bool | None") -> bool:
        """Whether the time that the group carries can be compared with that of now."""
        return clock_set is not False if self.inherited else self._number >= self._doubted

    def _follow_clock(self, now_ms: int, wall_ms: int) -> None:
        before, self._offset_ms = self._offset_ms, wall_ms - now_ms
        if abs(self._offset_ms - before) > STEP_MS:
            self._doubted = self._journal.received_number
            self._doubted_ms = now_ms

    def _lacked_since_ms(self) -> int:
        if self.inherited:
            return self._started_ms
        return min(self._since_ms, self._doubted_ms) if self._number < self._doubted else self._since_ms

    def _time_of_group(self, sender, now_ms: int) -> "int | None":
        """What the group behind `acked` carries. Who sends it has read it, and what is young is in memory; the card,
        which a host's command would wait for, is asked once for each group, and once a second at most."""
        time_ms = None if sender is None else sender.oldest_ms
        if time_ms is not None:
            return time_ms
        group = self._journal.resident(self._number + 1)
        if group is not None:
            return group.time_ms if group.descriptor is None else group.descriptor.time_ms
        if self._read[0] != self._number and (self._read_ms is None or now_ms - self._read_ms >= _READ_EVERY_MS):
            self._read_ms = now_ms
            self._read = (self._number, self._from_ring())
        return self._read[1]  # that of a group before it makes it look older, never younger

    def _from_ring(self) -> "int | None":
        try:
            return self._journal.peek(self._journal.acked).time_ms
        except (Damaged, OSError):
            return None
