"""Events as pages for the card."""

from firmware.status.chronicle.layout import EVENT_SIZE, EVENTS, ROOM, Event, Page

LOST = "more happened than could be kept"


class Diary:
    """Which of `events` (firmware/status/events.py) are on the card: those up to number `kept`."""

    def __init__(self, events):
        self._events = events
        self._tail = 0  # number of the first event of the newest page
        self._reached = 0  # by the page that is being written
        self.kept = 0

    def begin(self, tail: int, kept: int) -> None:
        """A file that was read holds them up to `kept`; its newest page begins with `tail`."""
        self._tail, self.kept = tail, kept

    @property
    def oldest_due(self) -> "Event | None":
        """The oldest one that is not on the card."""
        due = self._events.since(self.kept)
        return due[0] if due else None

    def due_pages(self) -> list:
        """The next page for the card; none when it has all. The newest page grows while it can."""
        fresh = self._events.since(self.kept)
        if not fresh:
            return []
        if fresh[0].id > self.kept + 1:
            fresh.insert(0, _lost(self.kept + 1, fresh[0]))
        fresh = fresh[: ROOM // EVENT_SIZE]
        page = self._page(self._grown(fresh)) or self._page(fresh)
        while page is None:
            fresh.pop()
            page = self._page(fresh)
        self._reached = fresh[-1].id
        return [page]

    def wrote(self, page: Page) -> None:
        """It is on the card."""
        self._tail, self.kept = page.first, self._reached

    def _grown(self, fresh: list) -> list:
        """The newest page and what follows; nothing when memory does not hold that page from its start any more."""
        old = [event for event in self._events.since(self._tail - 1) if event.id <= self.kept]
        return old + fresh if self._tail and old and old[0].id == self._tail else []

    def _page(self, events: list) -> "Page | None":
        """None when they do not fit, or are none."""
        if not events or len(events) > ROOM // EVENT_SIZE:
            return None
        records = b"".join([event.pack() for event in events])
        if len(records) > ROOM:
            return None
        return Page(EVENTS, events[0].id, len(events), records)


def _lost(first: int, after) -> Event:
    """Stands in for those between `first` and `after`, which memory did not hold for long enough."""
    return Event(after.ms, LOST, after.id - first, after.segment, after.sure, after.id - 1)
