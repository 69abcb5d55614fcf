"""Byte layouts of the chronicle's file: head, page, sample, event. FORMAT.md holds the tables.

Integers are little-endian. Every unpack checks all that the bytes alone can tell and raises `Damaged`.
"""

import struct

from firmware.checksum import crc32
from firmware.errors import Damaged, Refused
from firmware.text import decode

PAGE = 4096
VERSION = 1
SECONDS, MINUTES, EVENTS = 1, 2, 3
KINDS = (SECONDS, MINUTES, EVENTS)
# Pages of each ring: more than an hour of seconds and a week of minutes need, for pages that a restart left part empty.
SLOTS = {SECONDS: 40, MINUTES: 100, EVENTS: 114}
FIRST_SLOT = {SECONDS: 1, MINUTES: 41, EVENTS: 141}
HEADS = (0, 255)  # pages: two copies of the head
FILE_SIZE = 256 * PAGE

SAMPLE_SIZE = 32
SAMPLES = 125  # in one page
MAX_TEXT = 960  # bytes of an event's sentence
_MAX_COUNT = 1 << 48  # of records or page writes: at one a second nobody gets there
UNKNOWN_LAG = (1 << 32) - 1
UNKNOWN_BACKLOG = (1 << 64) - 1
_MOST_RATE = (1 << 32) - 1
SURE = 1

_HEAD = "<8sHHIIII"
_HEAD_MAGIC = b"SOSIECHR"
_HEAD_SIZE = 28  # before its checksum; in one sector, so that a new file has a whole one or none
_PAGE = "<4sHBBQQHHIqQQ"
_PAGE_MAGIC = b"SOSC"
HEADER_SIZE = 64
_CRC_AT = PAGE - 4
ROOM = _CRC_AT - HEADER_SIZE  # bytes of records in a page
_SAMPLE = "<IIQIIIHH"
_EVENT = "<QqIIHH"
EVENT_SIZE = 28  # before its sentence


def pack_head() -> bytearray:
    """The page that says what this file is."""
    page = bytearray(PAGE)
    struct.pack_into(
        _HEAD, page, 0, _HEAD_MAGIC, VERSION, 0, PAGE, SLOTS[SECONDS], SLOTS[MINUTES], SLOTS[EVENTS]
    )  # fmt: skip
    seal(page, _HEAD_SIZE)
    return page


def check_head(page) -> None:
    """Raises Damaged when this is no whole head, Refused when it is that of another firmware."""
    magic, version, _, size, *slots = struct.unpack_from(_HEAD, page, 0)
    if magic != _HEAD_MAGIC or not _is_whole(page, _HEAD_SIZE):
        raise Damaged("no head of a chronicle")
    if version != VERSION or size != PAGE or slots != [SLOTS[kind] for kind in KINDS]:
        sentence = "it has format %d, this firmware reads format %d: update it, or delete the file"
        raise Refused(sentence % (version, VERSION))


class Page:
    """What a page holds: `count` records of one kind, numbered from `first` on, as bytes in `records`.

    `sequence` counts the writes of pages of this file. `segment`, `sure` and `base_ms`: the stretch of time that was
    going on when it was written, whether the wall clock was believed, and what it showed when the monotonic clock was
    0; a later page corrects an earlier one. `card_bytes`, `host_bytes`: journaled and written by hosts so far.
    """

    def __init__(self, kind: int, first: int, count: int, records):
        self.kind = kind
        self.first = first
        self.count = count
        self.last = first + count - 1  # events may leave numbers out
        self.records = records
        self.sequence = 0
        self.segment = 0
        self.sure = False
        self.base_ms = 0
        self.card_bytes = self.host_bytes = 0

    @property
    def end(self) -> int:
        """The number behind its last record."""
        return self.first + self.count

    def pack(self) -> bytearray:
        """PAGE bytes."""
        page = bytearray(PAGE)
        struct.pack_into(
            _PAGE, page, 0, _PAGE_MAGIC, VERSION, self.kind, SURE if self.sure else 0, self.sequence, self.first,
            self.count, 0, self.segment, self.base_ms, self.card_bytes, self.host_bytes,
        )  # fmt: skip
        page[HEADER_SIZE : HEADER_SIZE + len(self.records)] = self.records
        seal(page)
        return page


def unpack_page(page) -> Page:
    """Reads a page; its records are a view into it. Raises Damaged; what the records say is not looked at."""
    magic, version, kind, flags, sequence, first, count, _, segment, base_ms, card_bytes, host_bytes = (
        struct.unpack_from(_PAGE, page, 0)
    )
    if magic != _PAGE_MAGIC or version != VERSION or not _is_whole(page):
        raise Damaged("no page of a chronicle")
    if kind not in KINDS or not 0 < count <= _most(kind) or max(first, sequence) >= _MAX_COUNT:
        raise Damaged("a page of a chronicle with impossible fields")
    end = HEADER_SIZE + count * SAMPLE_SIZE if kind != EVENTS else _CRC_AT
    found = Page(kind, first, count, memoryview(page)[HEADER_SIZE:end])
    found.sequence, found.segment, found.sure, found.base_ms = sequence, segment, bool(flags & SURE), base_ms
    found.card_bytes, found.host_bytes = card_bytes, host_bytes
    return found


def _most(kind: int) -> int:
    return SAMPLES if kind != EVENTS else ROOM // EVENT_SIZE


def seal(page, at: int = _CRC_AT) -> None:
    """Puts the checksum of all before it there."""
    struct.pack_into("<I", page, at, crc32(memoryview(page)[:at]))


def _is_whole(page, at: int = _CRC_AT) -> bool:
    return struct.unpack_from("<I", page, at)[0] == crc32(memoryview(page)[:at])


class Sample:
    """How it went in `seconds` seconds from `time_s` (since 1970) on: the worst backlog and lag, None where unknown;
    the mean rates in bytes per second."""

    def __init__(self, time_s, backlog, lag_ms, write_rate, sent_rate, seconds=1, segment=0, sure=True):
        self.time_s = time_s
        self.segment = segment
        self.backlog = backlog
        self.lag_ms = lag_ms
        self.write_rate = write_rate
        self.sent_rate = sent_rate
        self.seconds = seconds
        self.sure = sure

    def pack_into(self, buffer, offset: int) -> None:
        """Writes SAMPLE_SIZE bytes; what is too large for its field becomes the largest."""
        backlog = UNKNOWN_BACKLOG if self.backlog is None else _within(self.backlog, UNKNOWN_BACKLOG - 1)
        lag_ms = UNKNOWN_LAG if self.lag_ms is None else _within(self.lag_ms, UNKNOWN_LAG - 1)
        struct.pack_into(
            _SAMPLE, buffer, offset, _within(self.time_s, _MOST_RATE), self.segment, backlog, lag_ms,
            _within(self.write_rate, _MOST_RATE), _within(self.sent_rate, _MOST_RATE), _within(self.seconds, 0xFFFF),
            SURE if self.sure else 0,
        )  # fmt: skip

    @classmethod
    def unpack_from(cls, buffer, offset: int) -> "Sample":
        time_s, segment, backlog, lag_ms, write_rate, sent_rate, seconds, flags = struct.unpack_from(
            _SAMPLE, buffer, offset
        )
        backlog = None if backlog == UNKNOWN_BACKLOG else backlog
        lag_ms = None if lag_ms == UNKNOWN_LAG else lag_ms
        return cls(time_s, backlog, lag_ms, write_rate, sent_rate, seconds, segment, bool(flags & SURE))


def _within(value: int, most: int) -> int:
    return max(0, min(value, most))


class Event:
    """Something that happened at `ms` since 1970; `more`: so often besides. `id` is None until it is known."""

    def __init__(self, ms: int, sentence: str, more: int = 0, segment: int = 0, sure: bool = True, id=None):
        self.id = id
        self.ms = ms
        self.sentence = sentence
        self.more = more
        self.segment = segment
        self.sure = sure

    def pack(self) -> bytes:
        """Its record; the sentence has at most MAX_TEXT bytes."""
        text = self.sentence.encode()
        assert len(text) <= MAX_TEXT
        flags = SURE if self.sure else 0
        return struct.pack(_EVENT, self.id, self.ms, self.segment, min(self.more, _MOST_RATE), len(text), flags) + text


def _text(raw: bytes) -> str:
    return decode(raw) if raw and max(raw) > 127 else raw.decode()


def unpack_events(page: Page) -> list:
    """[Event] of a page of them; Damaged when they are not what a board writes."""
    found, at = [], 0
    for _ in range(page.count):
        if at + EVENT_SIZE > len(page.records):
            raise Damaged("an event is cut short")
        number, ms, segment, more, length, flags = struct.unpack_from(_EVENT, page.records, at)
        at += EVENT_SIZE
        if length > MAX_TEXT or at + length > len(page.records) or not 0 < number < _MAX_COUNT:
            raise Damaged("an impossible event")
        try:
            sentence = _text(bytes(page.records[at : at + length]))
        except UnicodeError:
            raise Damaged("an event is no text")
        at += length
        found.append(Event(ms, sentence, more, segment, bool(flags & SURE), number))
    return found
