"""The chronicle of a board: feeds the series once a second, and brings them and the events to the card.

Seconds go to the card in pages of two minutes, minutes every ten; an event some seconds after it happened, while its
allowance lasts, else with the next seconds. A power cut takes what was not there yet. All that is slow runs in a lane;
when the card fails, memory alone remembers, and it is tried again later.
"""

from firmware.status.chronicle.budget import Allowance
from firmware.status.chronicle.chores import Chores
from firmware.status.chronicle.diary import Diary
from firmware.status.chronicle.keeper import Gone
from firmware.status.chronicle.layout import MINUTES, SAMPLES, SECONDS, Sample
from firmware.status.chronicle.minute import Minute
from firmware.status.chronicle.series import Series
from firmware.status.chronicle.timeline import Timeline

HOUR, WEEK = 3600, 10080  # samples
BURST_MS = 120000
MINUTES_AT_ONCE = 10
EVENT_AFTER_MS = 5000
AGAIN_MS = 600000
_READ_LATEST_MS = 10000
_WAITING_MS = 100  # between looks for what is waited for: a life may be short
_NEXT_PIECE_MS = 1
_MOST_LAST = 24  # pages of events at the end
_MOST_PAGES = 6  # of a kind at a time; more than one after a card was away
_ALL = WEEK // SAMPLES + 2  # pages
MOST_RESTARTS = 10  # in an hour; of those behind them not each has its first event written at once
MOST_TORN = 3  # pages of one burst, which a power cut may have torn
_MOST_FILLED = 5  # seconds in which the loop was busy elsewhere
TROUBLE = "the chronicle %s cannot be kept (%s); events and series last until the next restart only"
GONE = "the chronicle %s was deleted, or replaced, while this board kept it: what is in memory goes into a new one"
DAMAGED = "%d pages of the chronicle are damaged; what they held is gone"


class Chronicle:
    """`submit(done, op, *args)` is a lane's, whose worker is an Archive (archive.py); None: in memory only.

    `clock` has now_ms() and wall_ms(); `clock_set()` says whether the latter is believed, `looker` is a Looker,
    `serves()` tells when the disk is served, and the card may be read; `alarm(sentence)`, empty: it is over; `path` is
    the name of the file; `explain(error)` says in words what a card refuses.
    """

    def __init__(self, events, looker, clock, clock_set, serves, alarm, submit=None, path="", explain=str):
        self.seconds = Series(SECONDS, HOUR + SAMPLES)
        self.minutes = Series(MINUTES, WEEK + SAMPLES)
        self.kept = False
        self._events = events
        self._diary = Diary(events)
        self._looker = looker
        self._clock = clock
        self._clock_set = clock_set
        self._serves = serves
        self._alarm = alarm
        self._submit = submit
        self._path = path
        self._explain = explain
        self._chores = Chores()
        self._busy = False
        self._begun = False  # it is known how far earlier runs came
        now_ms = clock.now_ms()
        self._timeline = Timeline(now_ms, clock.wall_ms(), clock_set(), self._moved)
        events.timeline = self._timeline
        self._minute = Minute()
        self._look = looker.look()
        self._look_ms = now_ms
        self._second = self._wall_s(now_ms)
        self._read_at_ms = now_ms + _READ_LATEST_MS
        self._waits = True  # for the disk to be served
        self._burst_at_ms = now_ms + BURST_MS
        self._oldest_due_ms = None
        self._pages = Allowance(6, 180000, now_ms)  # of events
        self._extras = Allowance(3, 600000, now_ms)  # bursts for events alone
        self._earlier_card_bytes = self._earlier_host_bytes = 0
        if submit is None:
            events.begin([], 1, 0)

    @property
    def card_bytes(self) -> int:
        """Journaled to the card in its life, as far as its chronicle knows."""
        return self._earlier_card_bytes + self._look.journaled

    @property
    def host_bytes(self) -> int:
        """Written by hosts in that time."""
        return self._earlier_host_bytes + self._look.written

    def _wall_s(self, now_ms: int) -> int:
        return self._timeline.wall_ms(now_ms) // 1000

    # Every second

    def tick(self) -> int:
        """To be called about once a second; returns in how many ms, the middle of the next second."""
        now_ms = self._clock.now_ms()
        self._look_at_clock(now_ms)
        self._take(now_ms)
        self._events.look()
        if self._chores.pending:
            self._chores.step()
        elif self._submit is not None and not self._busy:
            self._work(now_ms)
        if self._chores.pending:
            return _NEXT_PIECE_MS
        if self._submit is not None and self._waits:
            return _WAITING_MS
        return 500 + (1000 - self._timeline.wall_ms(now_ms) % 1000)

    def _look_at_clock(self, now_ms: int) -> None:
        segment = self._timeline.segment
        self._timeline.look(now_ms, self._clock.wall_ms(), self._clock_set())
        if self._timeline.segment != segment:
            self._close_minute()
            self._second = self._wall_s(now_ms) - 1

    def _moved(self, segment: int, by_ms: int, sure: bool) -> None:
        self._chores.finish()
        segment = self._timeline.segment  # it has another number when earlier runs were read in these pieces
        self._close_minute()
        by_s = (by_ms + 500) // 1000
        self._chores.add(self.seconds.move(segment, by_s, sure))
        self._chores.add(self.minutes.move(segment, by_s, sure))
        self._events.move(segment, by_ms, sure)
        self._second += by_s

    def _close_minute(self) -> None:
        if self._minute.seconds:
            self.minutes.add(self._minute.close())

    def _take(self, now_ms: int) -> None:
        second, elapsed_ms = self._wall_s(now_ms), now_ms - self._look_ms
        count = second - self._second
        if count <= 0 or not elapsed_ms:
            return
        before, self._look = self._look, self._looker.look()
        self._look_ms, self._second = now_ms, second
        for time_s in range(second - min(count, _MOST_FILLED) + 1, second + 1):
            self._add(self._sample(time_s, before, elapsed_ms))

    def _sample(self, time_s: int, before, elapsed_ms: int) -> Sample:
        look, line = self._look, self._timeline
        write_rate = (look.written - before.written) * 1000 // elapsed_ms
        sent_rate = (look.sent - before.sent) * 1000 // elapsed_ms
        return Sample(time_s, look.backlog, look.lag_ms, write_rate, sent_rate, 1, line.segment, line.sure)

    def _add(self, sample: Sample) -> None:
        self.seconds.add(sample)
        whole = self._minute.add(sample)
        if whole is not None:
            self.minutes.add(whole)

    # The card

    def _work(self, now_ms: int) -> None:
        if not self.kept:
            if now_ms >= self._read_at_ms or (self._waits and self._serves()):
                self._busy, self._waits = True, False
                self._submit(self._read, "read", not self._begun)
        elif now_ms >= self._burst_at_ms:
            self._burst_at_ms = now_ms + BURST_MS
            self._write(self._due_pages(now_ms))
        elif self._event_is_due(now_ms):
            self._write_event(now_ms)

    def _write_event(self, now_ms: int) -> None:
        if self._diary.oldest_due is not None and self._pages.has(now_ms) and self._extras.has(now_ms):
            self._extras.take(now_ms)
            self._pages.take(now_ms)
            self._write(self._diary.due_pages(1))

    def _event_is_due(self, now_ms: int) -> bool:
        if self._diary.oldest_due is None:
            self._oldest_due_ms = None
            return False
        if self._oldest_due_ms is None:
            self._oldest_due_ms = now_ms
        return now_ms - self._oldest_due_ms >= EVENT_AFTER_MS

    def _due_pages(self, now_ms: int) -> list:
        pages = self.seconds.due_pages(_MOST_PAGES)
        if self.minutes.end - self.minutes.kept >= MINUTES_AT_ONCE:
            pages += self.minutes.due_pages(_MOST_PAGES)
        if self._diary.oldest_due is not None and self._pages.has(now_ms):
            self._pages.take(now_ms)
            pages += self._diary.due_pages(1)
        return pages

    def _write(self, pages: list) -> None:
        if not pages:
            return
        line = self._timeline
        for page in pages:
            page.segment, page.sure, page.base_ms = line.segment, line.sure, line.base_ms
            page.card_bytes, page.host_bytes = self.card_bytes, self.host_bytes
        self._busy = True
        self._oldest_due_ms = None

        def done(result, error) -> None:
            self._busy = False
            if error is not None:
                self._failed(error)
                return
            for page in pages:
                self._owner(page).wrote(page)

        self._submit(done, "write", pages)

    def _owner(self, page):
        return {SECONDS: self.seconds, MINUTES: self.minutes}.get(page.kind, self._diary)

    def _failed(self, error) -> None:
        self.kept = False
        if isinstance(error, Gone):
            self._read_at_ms = self._clock.now_ms()
            self._events.note(GONE % self._path)
            return
        self._read_at_ms = self._clock.now_ms() + AGAIN_MS
        self._alarm(TROUBLE % (self._path, self._explain(error)))
        if not self._events.numbered:  # nothing is known of earlier runs
            self._events.begin([], 1, 0)

    def _read(self, result, error) -> None:
        self._busy = False
        if error is not None:
            self._failed(error)
            return
        memory, blank = result
        if memory is not None:
            self._chores.add(self._adopt(memory))
            return
        if blank:
            for each in (self.seconds, self.minutes, self._diary):
                each.forget()
        self._opened()
        if blank:
            self._write(self.seconds.due_pages(_ALL) + self.minutes.due_pages(_ALL) + self._diary.due_pages(_MOST_LAST))

    def _opened(self) -> None:
        self.kept = True
        self._alarm("")

    def _adopt(self, memory):
        """Puts what earlier runs noted in front of what this one has noted so far; a generator, for this may be a
        week's minutes where a card was away."""
        self._close_minute()
        pairs = ((memory.seconds, self.seconds), (memory.minutes, self.minutes))
        next_ones = [0, 0]
        while next_ones != [own.end for _, own in pairs]:
            if any(next_ones):
                yield
            for which, (series, own) in enumerate(pairs):
                next_ones[which] = series.adopt(own, memory.recollection.segments, next_ones[which])
        self._remember(memory)
        self._opened()
        self._write_event(self._clock.now_ms())  # at once, for the lives of a board that ends again and again are short

    def _remember(self, memory) -> None:
        self._begun = True
        its = memory.recollection
        self.seconds, self.minutes = memory.seconds, memory.minutes
        self._timeline.segment += its.segments
        last = its.events[-1].id if its.events else 0
        self._diary.begin(its.event_tail, last)
        self._events.begin(its.events, last + 1, its.segments)
        self._earlier_card_bytes, self._earlier_host_bytes = its.card_bytes, its.host_bytes
        if its.restarts(self._timeline.wall_ms(self._clock.now_ms())) >= MOST_RESTARTS:
            self._extras.spend(self._clock.now_ms())
        if its.damaged > MOST_TORN:
            self._events.note(DAMAGED % its.damaged)

    def close(self) -> None:
        """The end: all goes to the card that is not there yet. Its lane is closed behind it."""
        self._events.settle()
        self._chores.finish()
        self._close_minute()
        if self.kept:  # a write that is under way comes first; what it holds may stand in both
            series = self.seconds.due_pages(_MOST_PAGES) + self.minutes.due_pages(_MOST_PAGES)
            self._write(series + self._diary.due_pages(_MOST_LAST))
        if self._submit is not None:
            self._submit(_nothing, "close")


def _nothing(result, error) -> None:
    pass
