"""Series of samples in memory: a ring of records as they stand in the file, SAMPLE_SIZE bytes each."""

import struct

from firmware.status.chronicle.chores import PIECE
from firmware.status.chronicle.layout import SAMPLE_SIZE, SAMPLES, SURE, Page, Sample

_TIME_S, _SEGMENT, _FLAGS = 0, 4, 30  # offsets in a record


class Series:
    """The newest `capacity` samples; they are numbered, and `end` is the number of the next one.

    `kept`: those before this number are on the card. `ring`: their bytes.
    """

    def __init__(self, kind: int, capacity: int):
        self.kind = kind
        self.capacity = capacity
        self.end = 0
        self.kept = 0
        self._tail = 0  # the number at which the newest page on the card begins
        self.ring = bytearray(capacity * SAMPLE_SIZE)

    @property
    def begin(self) -> int:
        """The number of the oldest sample that may be there; one that a damaged page took along has time 0."""
        return max(0, self.end - self.capacity)

    def add(self, sample: Sample) -> None:
        """The next one."""
        sample.pack_into(self.ring, self.place(self.end))
        self.end += 1

    def sample(self, number: int) -> Sample:
        """Of begin <= number < end."""
        return Sample.unpack_from(self.ring, self.place(number))

    def place(self, number: int) -> int:
        """Where that one lies in `ring`."""
        return number % self.capacity * SAMPLE_SIZE

    # Pages

    def due_pages(self, most: int) -> list:
        """The next pages for the card, at most so many. The newest page grows while it can."""
        pages, tail, kept = [], self._tail, max(self.kept, self.begin)
        while kept < self.end and len(pages) < most:
            page = self._page(tail, kept)
            pages.append(page)
            tail, kept = page.first, page.end
        return pages

    def _page(self, tail: int, kept: int) -> Page:
        first = max(tail, self.begin)
        if self.end - first > SAMPLES:
            first = kept
        last = min(self.end, first + SAMPLES)
        records = bytearray((last - first) * SAMPLE_SIZE)
        self._copy_out(first, records)
        return Page(self.kind, first, last - first, records)

    def wrote(self, page: Page) -> None:
        """It is on the card."""
        self._tail, self.kept = page.first, page.end

    def _copy_out(self, first: int, records) -> None:
        at, split = self.place(first), len(self.ring)
        here = min(len(records), split - at)
        records[:here] = self.ring[at : at + here]
        records[here:] = self.ring[: len(records) - here]

    def restore(self, pages: list) -> None:
        """What a file holds, into a series that is empty yet."""
        pages = sorted(pages, key=_by_end)
        if not pages:
            return
        self.end = self.kept = pages[-1].end
        for page in sorted(pages, key=_by_sequence):
            self._copy_in(page)
        self._tail = pages[-1].first

    def _copy_in(self, page: Page) -> None:
        first, split = max(page.first, self.begin), len(self.ring)
        records = page.records[(first - page.first) * SAMPLE_SIZE : page.count * SAMPLE_SIZE]
        at = self.place(first)
        here = min(len(records), split - at)
        self.ring[at : at + here] = records[:here]
        self.ring[: len(records) - here] = records[here:]

    def adopt(self, other: "Series", segments: int, number: int) -> int:
        """Appends some samples of another series, whose segments are numbered from 0, as those from `segments` on:
        those from `number` on; returns the number of the first that is left."""
        number = max(number, other.begin)
        end = min(number + PIECE, other.end)
        while number < end:
            sample = other.sample(number)
            sample.segment += segments
            self.add(sample)
            number += 1
        return end

    def forget(self) -> None:
        """No card holds any of it."""
        self.kept = self._tail = self.begin

    # Time

    def move(self, segment: int, by_s: int, sure: bool):
        """All samples of a segment that are there now are by so many seconds later; a generator, for it takes long."""
        number = self.end - 1
        while number >= self.begin:
            at = self.place(number)
            if struct.unpack_from("<I", self.ring, at + _SEGMENT)[0] != segment:
                return
            move_record(self.ring, at, by_s, sure)
            number -= 1
            if not number % PIECE:
                yield
        # What the card holds of them it holds with the old time; the header of every later page corrects it.


def move_record(buffer, at: int, by_s: int, sure: bool) -> None:
    """The sample at `at` is by so many seconds later."""
    time_s = struct.unpack_from("<I", buffer, at + _TIME_S)[0]
    struct.pack_into("<I", buffer, at + _TIME_S, max(0, min(time_s + by_s, 0xFFFFFFFF)))
    struct.pack_into("<H", buffer, at + _FLAGS, SURE if sure else 0)


def _by_end(page) -> tuple:
    return (page.end, page.sequence)


def _by_sequence(page) -> int:
    return page.sequence
