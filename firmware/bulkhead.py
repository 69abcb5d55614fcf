"""Bulkheads: what goes wrong in a surface stays in it, as an alarm. It sinks neither the loop nor the mirror.

A root file: it stands between a surface and the ports. A surface has its timers, its lanes and what it listens to from
a bulkhead; what carries the data has none, so that a bug there stops the board, and costs nothing for it.
"""

from firmware import ports

QUIET_MS = 60000  # after a bug; what happens now and then is one alarm
_HANGS_MS = 30000  # a job of a surface: files of some kilobytes, sensors, a disk that has to spin up first
_HANGS = "what %s reads or writes has not answered for 30 s; look at the medium it lies on"
_BUG = "the part %s of this board has a bug (%s); mirroring goes on without it"


class Bulkhead:
    """Around the surface called `word`. `loop` is the board's, and so is `alarm(source, sentence)`.

    A call that raised anything is over. So who looks again and again sets its next timer first.
    """

    def __init__(self, word: str, loop, alarm):
        self.loop = loop
        self._word = word
        self._alarm = alarm
        self._bug_ms = None  # when the last one showed; None: there is no alarm
        self._lanes = []

    def run(self, call, *args):
        """Calls it now; what it returns, None when it raised."""
        try:
            result = call(*args)
        except Exception as error:  # whatever it is: a surface is not worth the mirror
            self.broke(error)
            return None
        if self._bug_ms is not None and self.loop.now - self._bug_ms >= QUIET_MS:
            self._bug_ms = None
            self._alarm("bug of " + self._word, "")
        return result

    def broke(self, error: Exception) -> None:
        """It raised this. Told once, also when being told is what breaks it."""
        told, self._bug_ms = self._bug_ms is not None, self.loop.now
        if not told:
            self._alarm("bug of " + self._word, _BUG % (self._word, _said(error)))

    def call_after(self, ms: int, call, *args) -> None:
        """The loop's timer."""
        self.loop.call_after(ms, self.run, call, *args)

    def guarded(self, call):
        """What others may call for `call`."""
        return lambda *args: self.run(call, *args)

    def soon(self, call, *args) -> None:
        """As the loop's: before it waits the next time."""
        self.loop.soon(self.run, call, *args)

    def listener(self, call):
        """The same for those who are in the midst of something: the loop makes the call when they are done."""
        return lambda *args: self.soon(call, *args)

    def lane(self, worker) -> "BulkheadLane":
        """A thread of its own for `worker`."""
        lane = BulkheadLane(ports.ThreadLane(worker, self.loop, spins=True), self)
        self._lanes.append(lane)
        return lane

    def tell_of_lanes(self) -> None:
        """One of them waits for a medium, or does no more: the alarm lasts while any does."""
        hangs = any(lane.hangs for lane in self._lanes)
        self._alarm("medium of " + self._word, _HANGS % self._word if hangs else "")

    def forget(self, lane) -> None:
        """It has ended."""
        self._lanes.remove(lane)
        if lane.hangs:
            self.tell_of_lanes()

    def wait(self, began_ms: int) -> None:
        """Until its lanes that were closed have ended; the patience of each counts from `began_ms` on."""
        for lane in self._lanes:
            lane.wait(began_ms)


class BulkheadLane:
    """A lane as any (ports.ThreadLane); what a `done` raises stays behind the bulkhead. `hangs`: whether its job has
    not answered for so long that it is told."""

    def __init__(self, lane, bulkhead: Bulkhead):
        self._lane = lane
        self._bulkhead = bulkhead
        self._patience_s = None
        self._submitted = self._done = 0
        self.hangs = False

    @property
    def idle(self) -> bool:
        """Whether every `done` has been called."""
        return self._lane.idle

    def submit(self, done, op: str, *args) -> None:
        def deliver(result, error) -> None:
            self._answered()
            done(result, error)

        self._submitted += 1
        if self._submitted == self._done + 1:
            self._watch()
        self._lane.submit(self._bulkhead.guarded(deliver), op, *args)

    def _watch(self) -> None:
        """The job that begins now; those behind it have their time when it is their turn."""
        self._bulkhead.call_after(_HANGS_MS, self._look_for, self._done + 1)

    def _look_for(self, number: int) -> None:
        if self._done < number:
            self.hangs = True
            self._bulkhead.tell_of_lanes()

    def _answered(self) -> None:
        self._done += 1
        if self.hangs:
            self.hangs = False
            self._bulkhead.tell_of_lanes()
        if self._done < self._submitted:
            self._watch()

    def close(self, patience_s: "float | None" = None) -> None:
        """It ends with the jobs that it has. With patience nobody waits for that here, but later, for all at once:
        wait()."""
        self._patience_s = patience_s
        self._lane.close(None if patience_s is None else 0)
        if patience_s is None:
            self._bulkhead.forget(self)

    def wait(self, began_ms: int) -> None:
        """See Bulkhead."""
        if self._patience_s is not None:
            self._lane.close(max(0, self._patience_s - (ports.now_ms() - began_ms) / 1000))


def wait_for(bulkheads: list) -> None:
    """The board has ended, and all lanes were closed: a card that hangs is waited for once, and not in turn."""
    began_ms = ports.now_ms()
    for bulkhead in bulkheads:
        bulkhead.wait(began_ms)


def _said(error: Exception) -> str:
    try:
        return repr(error)
    except Exception:  # it is a bug already
        return type(error).__name__
