"""What a seed says of the rate by the clock, the quota of the day and the reports, and what changes of it as it runs.

Local time is the boards' own: a minute of it takes as long as the seed says, so that days pass in a run. It is drawn
beside everything else, so that a seed without any of it is the same story as before.
"""

import random

from firmware.schedule import DAY, WEEK, Schedule, always

FIRST_DAY = 20000
MOST_GROUP = (4 << 20) + 256  # a quota that a group never fits into is refused by config.py
RATES = (0, 0, 400_000, 4_000_000, 20_000_000)
REPORTS = ("none", "real", "real", "forged")


class Pacing:
    """Drawn from the seed before anything runs. `given`: what is not left to it. `old`: the role of a board that knows
    nothing of reports."""

    def __init__(self, seed: int, rate: int, given: dict):
        pick = self._random = random.Random(~seed & 0xFFFFFFFF)
        self.clocked = given.get("clocked", pick.random() < 0.4)
        self.minute_ms = pick.choice((60_000, 200, 50))
        self.begin = pick.randrange(WEEK)  # minutes of the first day, and more
        self.schedules = {role: self.schedule(rate) for role in ("primary", "twin")}
        self.quotas = {role: self._quota() for role in ("primary", "twin")}
        self.left = pick.choice((0, 2000, 100_000))  # of the day's quota, when the run begins
        self.unset_ms = pick.choice((0, 0, 3000, 40_000)) if self.clocked else 0
        self.keep_ms = pick.choice((0, 0, 30))
        self.reports = pick.choice(REPORTS)
        self.old = pick.choice(("", "", "primary", "twin"))
        self.waits_for_midnight = self.minute_ms < 1000 and pick.random() < 0.7
        self.__dict__.update(given)

    def _quota(self) -> int:
        return self._random.choice((0, MOST_GROUP, 2 * MOST_GROUP)) if self.clocked else 0

    def schedule(self, rate: int) -> Schedule:
        if not self.clocked or self._random.random() < 0.3:
            return always(rate)
        minutes = sorted({0, *(self._random.randrange(WEEK) for _ in range(self._random.choice((3, 40))))})
        return Schedule([(minute, self._random.choice(RATES)) for minute in minutes], "as the seed says")

    def local_minute(self, since_ms: int) -> int:
        return FIRST_DAY * DAY + self.begin + since_ms // self.minute_ms

    def record(self, role: str, day: int):
        """What the quota's file holds at first."""
        quota = self.quotas[role]
        return (day, max(0, quota - self.left), 0, 0) if quota else None

    def report(self, real):
        """In place of what a board says of itself."""
        if self.reports != "forged":
            return real
        return self._forged

    def _forged(self) -> bytes:
        lie = b'{"name":"left","role":"primary","state":"fenced","generation":%d,"backlog_bytes":%d}'
        kind = self._random.randrange(3)
        if kind == 0:
            return self._random.randbytes(self._random.choice((1, 40, 4096)))
        if kind == 1:  # in perfect form
            return lie % (1 << 50, 5)
        return self._random.choice((b"{", b"{" * 4096, lie % (1, -5)))

    @property
    def patience_ms(self) -> int:
        """In which the pair must come to rest: what the journal holds may take some days of the quota."""
        return 400_000 + 8 * DAY * self.minute_ms * self.waits_for_midnight

    def maybe(self, world) -> None:
        """After every step: now and then somebody changes a setting, or a clock is set back, or right again."""
        if not self.clocked or world.chaos.over or self._random.random() >= 0.002:
            return
        board = self._random.choice(world.boards)
        if not board.up:
            return
        what = self._random.choice(("rate", "quota", "clock"))
        world.count("changes of the " + what)
        if what == "rate":
            board.rate = self.schedule(0)
            board.board.pace.set_rate(board.rate)
        elif what == "quota":
            board.quota = self._random.choice((0, MOST_GROUP, 3 * MOST_GROUP))
            board.board.pace.set_quota(board.quota)
        else:
            by, shift = self._random.choice((1, DAY, 3 * DAY)), board.clock.shift
            board.clock.shift_to(0 if shift and self._random.random() < 0.5 else shift - by)
        board.purse.look(world.now_ms)

    def end(self, world) -> None:
        """The run comes to its end: who does not wait for midnight lifts the quota, and clocks are set."""
        for board in world.boards:
            if not self.waits_for_midnight:
                board.quota = 0
            if board.up and not self.waits_for_midnight:
                board.board.pace.set_quota(0)
