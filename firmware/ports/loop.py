"""The loop: the one thread in which all logic runs. Sockets, timers and finished lane jobs become calls.

An iteration: wait; the events' handlers; then, until nothing is left to do, what is due, the hook, the
calls for `soon` and the channels that were woken. So a job that a lane ran in line is reported, and the
answer that waited for it is sent, before the loop sleeps again.
"""

import heapq

from .channel import Channel
from .linux import POLLIN
from .runtime import sockets, system

NEVER = 1 << 60
_LONGEST_WAIT_MS = 60000
_MOST_MISSED = 8
_SPIN_PAUSE = 200
_MOST_ROUNDS = 16  # of calls that cause calls, before the sockets get their turn again


class Loop:
    """`hook(now_ms) -> ms | None`: called in every iteration, and again after calls for `soon`; returns
    when it wants to be called at the latest. `spans`: the storage that Spans of all conversations lie in.
    `on_span_error(error)`: reading it failed; the conversation that asked is lost.
    """

    def __init__(self):
        self.hook = None
        self.spans = None
        self.on_span_error = None
        self.now = system.now_ms()
        self._poller = sockets.Poller()
        self._handlers = {}
        self._soon = []
        self._ready = []
        self._later = []
        self._channels = {}
        self._timers = []
        self._timer_count = 0
        self._next = NEVER  # a lower bound of what is due next; a heartbeat put off does not move it
        self._running = False
        self.jobs = 0  # of lanes that carry data, under way in other threads or processes
        self._spins_missed = 0

    def run(self) -> None:
        """Run until stop()."""
        self._running = True
        handlers = self._handlers
        poll = self._poller.poll
        ticks = sockets.TICKS_PER_MS
        now_ms = system.now_ms
        while True:
            wait_ms = self._settle()
            if not self._running:
                return
            events = self._spin(poll) if wait_ms and not self.jobs else None
            if not events:
                events = poll(wait_ms * ticks)
            self.now = now_ms()
            for descriptor, event in events:
                handler = handlers.get(descriptor)
                if handler is not None:
                    handler(event)

    def _spin(self, poll):
        """Events that come within some microseconds; to sleep and be woken would take longer than they do.

        A host that waits for each answer sends the next command at once. Where waiting awake has not
        paid off a few times in a row, the loop sleeps at once for a while; and while a lane works, for it needs
        a processor too.
        """
        if self._spins_missed >= _MOST_MISSED:
            self._spins_missed += 1
            if self._spins_missed > _MOST_MISSED + _SPIN_PAUSE:
                self._spins_missed = 0
            return None
        events = sockets.poll_awake(poll)
        self._spins_missed = 0 if events else self._spins_missed + 1
        return events

    def stop(self) -> None:
        self._running = False

    def close(self) -> None:
        """Drop every conversation (their lost() is called); listeners and lanes are closed by their owners."""
        for channel in list(self._channels.values()):
            channel.close()

    def soon(self, call, *args) -> None:
        """Call before the loop waits the next time."""
        self._soon.append((call, args))

    def call_after(self, ms: int, call, *args) -> None:
        self.call_at(self.now + ms, call, *args)

    def call_at(self, at_ms: int, call, *args) -> None:
        """Call when now_ms() has reached `at_ms`."""
        self._timer_count += 1
        heapq.heappush(self._timers, (at_ms, self._timer_count, call, args))
        self.note_due(at_ms)

    def converse(self, sock, conversation, closed=None) -> Channel:
        """Drive `conversation` over a connected non-blocking socket; closed() after its lost()."""
        return Channel(self, sock, conversation, closed)

    # What channels, listeners and lanes use.

    def watch(self, descriptor: int, mask: int, handler) -> None:
        """handler(events) whenever one of `mask` (or an error, a hang-up) is pending on `descriptor`."""
        self._handlers[descriptor] = handler
        self._poller.register(descriptor, mask)

    def change(self, descriptor: int, mask: int) -> None:
        self._poller.modify(descriptor, mask)

    def forget(self, descriptor: int) -> None:
        if self._handlers.pop(descriptor, None) is not None:
            self._poller.unregister(descriptor)

    def adopt(self, channel: Channel) -> None:
        self._channels[channel.descriptor] = channel
        self.watch(channel.descriptor, POLLIN, channel.on_events)
        self._ready.append(channel)

    def disown(self, channel: Channel) -> None:
        del self._channels[channel.descriptor]
        self.forget(channel.descriptor)

    def enqueue(self, channel: Channel) -> None:
        self._ready.append(channel)

    def enqueue_later(self, channel: Channel) -> None:
        """It has more to do, but the others come first: its next turn is after the loop looked around."""
        self._later.append(channel)

    def note_due(self, at_ms: int) -> None:
        if at_ms < self._next:
            self._next = at_ms

    def _settle(self) -> int:
        """Do what there is to do; the ms that the loop may wait afterwards."""
        rounds = 0
        until = self.now + _LONGEST_WAIT_MS
        if self._later:
            self._ready += self._later
            self._later = []
        while True:
            if self.now >= self._next:
                self._run_due()
            due = None if self.hook is None else self.hook(self.now)
            if not (self._soon or self._ready):
                break
            rounds += 1
            if rounds > _MOST_ROUNDS or not self._running:
                return 0
            self._run_soon()
        if self._later:
            return 0
        if due is not None and due < until:
            until = due
        if self._next < until:
            until = self._next
        return until - self.now if until > self.now else 0

    def _run_soon(self) -> None:
        calls = self._soon
        if calls:
            self._soon = []
            for call, args in calls:
                call(*args)
        channels = self._ready
        if channels:
            self._ready = []
            for channel in channels:
                channel.on_events(0)

    def _run_due(self) -> None:
        now = self.now
        self._next = NEVER
        timers = self._timers
        while timers and timers[0][0] <= now:
            _, _, call, args = heapq.heappop(timers)
            call(*args)
        if timers:
            self.note_due(timers[0][0])
        for channel in list(self._channels.values()):
            if channel.due <= now:
                channel.on_events(0)
            else:
                self.note_due(channel.due)
