"""What happened on a board, in sentences, for its operator: the newest in memory, and what the chronicle keeps of them.

An event has its number once it is known how far an earlier run counted (firmware/status/chronicle); numbers grow.
"""

from firmware.status.chronicle.layout import Event
from firmware.status.repeats import Repeats

MOST = 1000
LATELY = 64
MAX_SENTENCE = 240  # characters; what others said (a peer, a system call) may be longer


class Events:
    """The last MOST things that happened; `wall_ms()` is the wall clock, `now_ms()` one that never steps.

    `timeline` (firmware/status/chronicle/timeline.py) sets times right when it is there. `on_happened(event)` is
    called for each one that has its number.
    """

    def __init__(self, wall_ms, now_ms=None):
        self.timeline = None
        self.on_happened = None
        self._wall_ms = wall_ms
        self._now_ms = now_ms or wall_ms
        self._entries = []
        self._next_id = None
        self._repeats = Repeats()

    def note(self, sentence: str) -> None:
        """Something happened now. One sentence again and again is told a few times, and then counted."""
        sentence = _plain(sentence)
        self.look()
        if self._repeats.passes(sentence, self._now_ms()):
            self._add(sentence, 0)

    def look(self) -> None:
        """Tells of what was only counted, when it is time; to be called now and then."""
        for sentence, more in self._repeats.over(self._now_ms()):
            self._add(sentence, more)

    def settle(self) -> None:
        """Tells of all that was only counted: the end comes."""
        for sentence, more in self._repeats.all():
            self._add(sentence, more)

    def _add(self, sentence: str, more: int) -> None:
        line = self.timeline
        if line is None:
            event = Event(self._wall_ms(), sentence, more)
        else:
            event = Event(line.wall_ms(self._now_ms()), sentence, more, line.segment, line.sure)
        self._entries.append(event)
        if len(self._entries) > MOST:
            self._entries.pop(0)
        if self._next_id is not None:
            self._number(event)

    def _number(self, event) -> None:
        event.id, self._next_id = self._next_id, self._next_id + 1
        if self.on_happened is not None:
            self.on_happened(event)

    def newest(self, count: int = LATELY) -> list:
        """[(ms since 1970, sentence)] of what happened lately, the newest last."""
        return [(event.ms, told(event)) for event in self.entries(count)]

    def entries(self, count: int = MOST) -> list:
        """[Event], the newest last."""
        return self._entries[-count:] if count > 0 else []

    def since(self, number: int) -> list:
        """Those behind the one with that number."""
        return [event for event in self._entries if event.id is not None and event.id > number]

    @property
    def numbered(self) -> bool:
        """Whether events have their numbers."""
        return self._next_id is not None

    # The chronicle's part

    def begin(self, earlier: list, number: int, segments: int) -> None:
        """What earlier runs noted is known: `earlier` comes first, and events from now on count from `number`, their
        segments of time from `segments`."""
        own, self._entries = self._entries, earlier[-MOST:]
        self._next_id = number
        for event in own:
            event.segment += segments
            self._entries.append(event)
            if event.id is None:
                self._number(event)
            else:  # those who look have it already
                event.id, self._next_id = self._next_id, self._next_id + 1
        self._entries = self._entries[-MOST:]

    def move(self, segment: int, by_ms: int, sure: bool) -> None:
        """Those of a segment were noted with a clock that was wrong by so much."""
        for event in self._entries:
            if event.segment == segment:
                event.ms, event.sure = event.ms + by_ms, sure


def told(event) -> str:
    """An event as a line for a reader."""
    return "%s (and %d more times)" % (event.sentence, event.more) if event.more else event.sentence


def content(event, sentence: str) -> dict:
    """An event as programs get it, in a list or live; `sentence` is its own in their language. `more`: so often
    besides, `sure` false: by a clock that was not set."""
    its = {"id": event.id, "ms": event.ms, "sentence": sentence}
    if event.more:
        its["more"] = event.more
    if not event.sure:
        its["sure"] = False
    return its


def _plain(sentence: str) -> str:
    """Bounded, and text that can be encoded: a file name in a message need not be."""
    sentence = sentence[:MAX_SENTENCE]
    try:
        sentence.encode()
    except UnicodeError:
        sentence = "".join([each if not 0xD800 <= ord(each) < 0xE000 else "?" for each in sentence])
    return sentence


class Hosts:
    """Counts who has the disk, however many connections they have; tells of the first to come and the last to leave."""

    def __init__(self, note):
        self._note = note
        self._counts = {}

    @property
    def attached(self) -> bool:
        """Whether any host has the disk."""
        return any(self._counts.values())

    def came(self, way: str) -> None:
        """A host has the disk now; `way` says how, for a reader."""
        self._counts[way] = self._counts.get(way, 0) + 1
        if self._counts[way] == 1:
            self._note("a host has the disk (%s)" % way)

    def left(self, way: str) -> None:
        """It has let go of it."""
        self._counts[way] -= 1
        if not self._counts[way]:
            self._note("no host has the disk any more (%s)" % way)
