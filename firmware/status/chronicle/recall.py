"""What a file held, put together again: which times were wrong, what is missing, how far was counted."""

from firmware.errors import Damaged
from firmware.status.chronicle.layout import EVENTS, SAMPLE_SIZE, Sample, unpack_events
from firmware.status.chronicle.minute import Minute
from firmware.status.chronicle.series import move_record

MOST_EVENTS = 1000
_HOUR_MS = 3600000
_MADE_UP = 1500  # seconds; minutes come to the card more often than that


class Recollection:
    """`events` [Event] in order; `segments`: how many were used; `card_bytes`, `host_bytes` so far; `damaged` pages."""

    def __init__(self):
        self.events = []
        self.event_tail = 0  # number of the first event of the newest page
        self.segments = 0
        self.card_bytes = self.host_bytes = 0
        self.damaged = 0

    def restarts(self, wall_ms: int) -> int:
        """In how many stretches of time something happened in the last hour."""
        return len({event.segment for event in self.events if abs(wall_ms - event.ms) < _HOUR_MS})


def recall(found, seconds, minutes) -> Recollection:
    """Fills the two empty Series; generator, for it takes its time."""
    its = Recollection()
    its.damaged = found.damaged
    bases = {}
    for page in sorted(found.pages, key=_by_sequence):
        its.segments = max(its.segments, page.segment + 1)
        its.card_bytes, its.host_bytes = page.card_bytes, page.host_bytes
        bases[page.segment] = page  # the last one knows best
    for page in found.pages:
        _correct(page, bases[page.segment])
    yield
    for series in (seconds, minutes):
        series.restore([page for page in found.pages if page.kind == series.kind])
        yield
    _recall_events(its, [page for page in found.pages if page.kind == EVENTS], bases)
    yield
    _make_up_minutes(seconds, minutes)
    return its


def _correct(page, best) -> None:
    """A clock that was set later was wrong before."""
    by_s = (best.base_ms - page.base_ms + 500) // 1000
    if page.kind == EVENTS or (best.sure == page.sure and (best is page or abs(by_s) < 2)):
        return
    for at in range(0, page.count * SAMPLE_SIZE, SAMPLE_SIZE):
        if Sample.unpack_from(page.records, at).segment == page.segment:
            move_record(page.records, at, by_s, best.sure)


def _recall_events(its: Recollection, pages: list, bases: dict) -> None:
    events = {}
    for page in sorted(pages, key=_by_sequence, reverse=True):  # the newest first, and no more than are wanted
        its.event_tail = its.event_tail or page.first
        if len(events) >= MOST_EVENTS:
            break
        try:
            found = unpack_events(page)
        except Damaged:
            its.damaged += 1
            continue
        best = bases[page.segment]
        for event in found:
            if event.segment == page.segment:
                event.ms, event.sure = max(0, event.ms + best.base_ms - page.base_ms), best.sure
            if event.id not in events:
                events[event.id] = event
    its.events = [events[number] for number in sorted(events)][-MOST_EVENTS:]


def _make_up_minutes(seconds, minutes) -> None:
    """Power went before the last minutes came to the card: the seconds tell them."""
    last_s = minutes.sample(minutes.end - 1).time_s if minutes.end else 0
    minute = Minute()
    for number in range(max(seconds.begin, seconds.end - _MADE_UP), seconds.end):
        sample = seconds.sample(number)
        if sample.time_s >= last_s + 60:
            whole = minute.add(sample)
            if whole is not None:
                minutes.add(whole)
    if minute.seconds:
        minutes.add(minute.close())


def _by_sequence(page) -> int:
    return page.sequence
