"""Events as pages for the card."""

from firmware.status.chronicle.layout import EVENT_SIZE, EVENTS, ROOM, Event, Page

LOST = "more happened than could be kept"


class Diary:
    """Which of `events` (firmware/status/events.py) are on the card: those up to number `kept`."""

    def __init__(self, events):
        self._events = events
        self._tail = 0  # number of the first event of the newest page
        self.kept = 0

    def begin(self, tail: int, kept: int) -> None:
        """A file that was read holds them up to `kept`; its newest page begins with `tail`."""
        self._tail, self.kept = tail, kept

    def forget(self) -> None:
        """No card holds any of them."""
        self.begin(0, 0)

    @property
    def oldest_due(self) -> "Event | None":
        """The oldest one that is not on the card."""
        due = self._events.since(self.kept)
        return due[0] if due else None

    def due_pages(self, most: int) -> list:
        """The next pages for the card, at most so many. The newest page grows while it can."""
        pages, tail, kept = [], self._tail, self.kept
        while len(pages) < most:
            page = self._next(tail, kept)
            if page is None:
                break
            pages.append(page)
            tail, kept = page.first, page.last
        return pages

    def wrote(self, page: Page) -> None:
        """It is on the card."""
        self._tail, self.kept = page.first, page.last

    def _next(self, tail: int, kept: int) -> "Page | None":
        fresh = self._events.since(kept)
        if not fresh:
            return None
        if fresh[0].id > kept + 1:
            fresh.insert(0, _lost(kept + 1, fresh[0]))
        fresh = fresh[: ROOM // EVENT_SIZE]
        page = self._page(self._grown(fresh, tail, kept)) or self._page(fresh)
        while page is None:
            fresh.pop()
            page = self._page(fresh)
        return page

    def _grown(self, fresh: list, tail: int, kept: int) -> list:
        """The newest page and what follows; nothing when memory does not hold that page from its start any more."""
        old = [event for event in self._events.since(tail - 1) if event.id <= kept]
        return old + fresh if tail and old and old[0].id == tail else []

    def _page(self, events: list) -> "Page | None":
        """None when they do not fit, or are none."""
        if not events or len(events) > ROOM // EVENT_SIZE:
            return None
        records = b"".join([event.pack() for event in events])
        if len(records) > ROOM:
            return None
        page = Page(EVENTS, events[0].id, len(events), records)
        page.last = events[-1].id
        return page


def _lost(first: int, after) -> Event:
    """Stands in for those between `first` and `after`, which memory did not hold for long enough."""
    return Event(after.ms, LOST, after.id - first, after.segment, after.sure, after.id - 1)
