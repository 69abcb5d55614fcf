"""Files of a chronicle that were damaged, and what must still be true of whatever is read from them."""

import json
import struct

from firmware.errors import Damaged
from firmware.status.chronicle import query
from firmware.status.chronicle.layout import (
    FIRST_SLOT,
    HEADER_SIZE,
    HEADS,
    KINDS,
    PAGE,
    SLOTS,
    seal,
    unpack_events,
    unpack_page,
)
from tests.unit.fakes_chronicle import Card, Life
from tests.unit.fakes_storage import drive

DAMAGES = ("flip", "zero", "copy", "swap", "field", "nonsense")
HONEST = 4  # the first ones leave no good checksum on anything that was not written
_written, _known = [], {}


def written() -> bytearray:
    """A file with something in all of its rings, of two runs."""
    if not _written:
        life = Life(Card())
        for _ in range(2):
            life.wait(1300, _happen)
            life.end()
            _known.update(life.sentences)
            life = life.restart(off_s=100)
        _written.append(bytes(life.card.bytes))
    return bytearray(_written[0])


def _happen(life) -> None:
    if life.clock.ms // 1000 % 3 == 0:
        life.events.note("event %d of today, %s" % (life.clock.ms // 1000, "x" * (life.clock.ms % 97)))


def _used() -> list:
    """Numbers of pages worth damaging: the heads, and the first ones of every ring."""
    return list(HEADS) + [FIRST_SLOT[kind] + n for kind in KINDS for n in range(min(SLOTS[kind], 30))]


def damage(content: bytearray, damages: list) -> None:
    """Each is (what, which page, where, how)."""
    pages = _used()
    for what, which, where, how in damages:
        number = pages[which % len(pages)]
        page = memoryview(content)[number * PAGE : (number + 1) * PAGE]
        other = memoryview(content)[(pages[how % len(pages)]) * PAGE :][:PAGE]
        kind, where = DAMAGES[what % len(DAMAGES)], where % PAGE
        if kind == "flip":
            page[where] ^= 1 << how % 8
        elif kind == "zero":
            page[where:] = bytes(PAGE - where)
        elif kind == "copy":
            other[:] = bytes(page)
        elif kind == "swap":
            page[:], other[:] = bytes(other), bytes(page)
        elif kind == "field":  # good checksum, absurd header
            struct.pack_into("<I", page, where % HEADER_SIZE // 4 * 4, how & 0xFFFFFFFF)
            _seal(number, page)
        else:  # good checksum, absurd records
            struct.pack_into("<I", page, min(where, PAGE - 8) // 4 * 4, how & 0xFFFFFFFF)
            _seal(number, page)


def _seal(number: int, page) -> None:
    seal(page, 28) if number in HEADS else seal(page)


def check_page(raw) -> None:
    """Any 4 KiB: Damaged, or a page that comes back as it was."""
    for sealed in (False, True):
        page = bytearray(raw)
        if sealed:
            page[:7] = b"SOSC\x01\x00" + bytes([1 + raw[6] % 3])
            seal(page)
        try:
            found = unpack_page(page)
        except Damaged:
            continue
        assert 0 < found.count and found.end - found.first == found.count
        try:
            events = unpack_events(found) if found.kind == 3 else []
        except Damaged:
            continue
        for event in events:
            assert len(event.pack()) <= PAGE


def check_file(content: bytearray, honest: bool = False) -> None:
    """A board starts with it, goes on, answers, stops and starts again; what it was given it may lose, nothing more."""
    life = Life(Card(len(content), content))
    life.events.note("left started")
    life.wait(8)
    assert life.alarm == "" or life.alarm.startswith("the chronicle /state/chronicle cannot be kept (it ")
    assert life.events.numbered and life.sentences[-1:] and "left started" in [each for _, each in life.sentences]
    _check_answers(life)
    if honest:
        _check_known(life)
    life.wait(250)
    assert len(life.chronicle.seconds.ring) == 3725 * 32 and len(life.chronicle.minutes.ring) == 10205 * 32
    life.end()
    if not life.alarm:
        _check_again(life.restart(), life)


def _check_known(life) -> None:
    """Nothing is told that was not written."""
    told = [(number, sentence) for number, sentence in life.sentences if sentence.startswith("event")]
    assert all(_known.get(number) == sentence for number, sentence in told)
    for series, length in ((life.chronicle.seconds, 1), (life.chronicle.minutes, 60)):
        for number in range(series.begin, series.end):
            sample = series.sample(number)
            assert not sample.time_s or (sample.seconds <= length and sample.lag_ms == sample.backlog == 0), number


def _check_answers(life) -> None:
    numbers = [number for number, _ in life.sentences]
    assert numbers == sorted(set(numbers)) and len(numbers) <= 1000
    for span, series in ((query.HOUR, life.chronicle.seconds), (query.WEEK, life.chronicle.minutes)):
        now_s = life.clock.wall_ms() // 1000
        told = json.loads(drive(query.answer(series, span, 300, now_s, False, life.chronicle.kept)))
        assert len(told["lag_s"]) == len(told["backlog_bytes"]) == len(told["sent_bytes_per_s"])
        assert told["write_bytes_per_s"][-1] is not None or span == query.WEEK


def _check_again(again, before) -> None:
    again.wait(8)
    assert again.alarm == "", again.alarm
    assert again.sentences[: len(before.sentences)] == before.sentences[-1000:], "what was written is not found again"

