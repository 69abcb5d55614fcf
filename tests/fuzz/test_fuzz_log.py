"""The journal on damaged storage: only its own errors escape, and what is found is what was written.

What may escape where: Damaged from every unpack, from find_end (a durable group is gone) and from the player (a
group is not what was written); Refused from superblock.read, identity.unpack and open_journal (no journal, another
format, another disk); OSError wherever the storage is read or written.
"""

import argparse
import contextlib
import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.checksum import crc32
from firmware.errors import Damaged, Refused
from firmware.log import layout, superblock
from firmware.log.layout import DESCRIPTOR_SIZE, HEADER_SIZE, SECTOR, Descriptor
from firmware.pair import identity
from tests.fuzz import ringchecks, rings
from tools import journal
from tools import ring as tools_ring

JOURNALS = rings.families(*rings.SMALL)
LEAST = rings.families(*rings.LEAST)

COUNTS = st.integers(0, 1 << 20)
DAMAGES = st.lists(st.tuples(st.integers(0, 5), COUNTS, COUNTS, COUNTS), min_size=1, max_size=5)
U32, U64 = st.integers(0, (1 << 32) - 1), st.integers(0, (1 << 64) - 1)


# The layouts


@settings(max_examples=400)
@given(st.binary(min_size=DESCRIPTOR_SIZE, max_size=DESCRIPTOR_SIZE))
def test_a_descriptor_of_any_bytes(raw):
    sealed = raw[:-4] + struct.pack("<I", crc32(raw[:-4]))
    for each in (raw, sealed):
        try:
            found = Descriptor.unpack_from(each, 0)
        except Damaged:
            continue
        again = bytearray(DESCRIPTOR_SIZE)
        found.pack_into(again, 0)
        assert again == each


@settings(max_examples=400)
@given(st.integers(0, 8 * rings.CHECKED - 1), U64, U64, st.integers(16, layout.MAX_BODY))
def test_one_flipped_bit_in_a_header(bit, position, first, length):
    raw = bytearray(HEADER_SIZE)
    layout.pack_header(raw, 0, rings.LOG_ID, position, first, Descriptor(1, 2, 3, length, 5, 6, 7))
    assert layout.unpack_header(raw, rings.LOG_ID).position == position
    raw[bit >> 3] ^= 1 << (bit & 7)
    with pytest.raises(Damaged):
        layout.unpack_header(raw, rings.LOG_ID)


@settings(max_examples=300)
@given(st.binary(min_size=HEADER_SIZE, max_size=HEADER_SIZE))
def test_a_header_of_any_bytes(raw):
    place = struct.pack("<IHHQ", 0x47534F53, 1, 0, rings.LOG_ID)
    chained = raw[32:72] + struct.pack("<I", crc32(raw[32:72]))
    sealed = place + raw[16:32] + chained
    for each in (raw, sealed + struct.pack("<I", crc32(sealed)) + raw[80:]):
        try:
            layout.unpack_header(each, rings.LOG_ID)
        except Damaged:
            pass


RECORDS = st.lists(
    st.builds(
        lambda kind, flags, sectors, sector, payload: struct.pack("<BBHIQ", kind, flags, 0, sectors, sector) + payload,
        st.integers(0, 6), st.sampled_from([0, 0, 0, 1]), st.sampled_from([0, 1, 2, 8, 2048, 2**32 - 1]),
        st.sampled_from([0, 1, 2047, 2048, 2**55, 2**64 - 1]), st.sampled_from([b"", bytes(512), bytes(1024)]),
    ),
    max_size=8,
).map(b"".join)  # fmt: skip


@settings(max_examples=250)
@given(st.one_of(st.binary(max_size=100), RECORDS))
def test_records_of_any_bytes(body):
    ringchecks.check_records(body)


@settings(max_examples=400)
@given(st.binary(min_size=SECTOR, max_size=SECTOR), st.sampled_from([0, 8, 56, 128]))
def test_a_superblock_of_any_bytes(raw, known):
    good = next(iter(JOURNALS[1].saved))
    mixed = good[:known] + raw[known:508]
    for each in (raw, mixed + struct.pack("<I", crc32(mixed))):
        try:
            found = superblock.unpack(each)
        except (Damaged, Refused):
            continue
        assert len(found.pack()) == layout.BLOCK


@settings(max_examples=500)
@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=255))
def test_a_label_of_any_bytes(size, name_length, rest):
    good = identity.Identity(bytes(16), bytes(16), "left", identity.TWIN, 512).pack()
    for label in (bytes([size, 0, 0, name_length]) + rest, good[:60] + rest, rest):
        try:
            found = identity.unpack(label)
        except (Damaged, Refused):
            continue
        assert identity.unpack(found.pack()).name == found.name


# Rings


@settings(max_examples=700)
@given(st.sampled_from(JOURNALS), DAMAGES)
def test_opening_a_damaged_journal(written, damages):
    ringchecks.check_opening(written, rings.damaged(written, damages))


@settings(max_examples=20)
@given(st.sampled_from(LEAST), DAMAGES)
def test_opening_the_smallest_journal(written, damages):
    ringchecks.check_opening(written, rings.damaged(written, damages))


@settings(max_examples=300)
@given(st.sampled_from(JOURNALS), DAMAGES, st.integers(0, 2 << 20), st.booleans())
def test_opening_a_journal_whose_end_is_missing(written, damages, end, told):
    storage = rings.damaged(written, damages[:-1])
    storage.end = min(end, storage.end)
    storage.size = storage.end if told else storage.size
    ringchecks.check_opening_cut_short(storage)


@settings(max_examples=400)
@given(st.sampled_from(JOURNALS), DAMAGES, st.integers(0, 100))
def test_playing_a_damaged_journal(written, damages, back):
    start = max(0, written.last - 1 - back)
    ringchecks.check_player(written, rings.damaged(written, damages), start)


@settings(max_examples=200)
@given(st.sampled_from(JOURNALS), st.lists(st.tuples(COUNTS, COUNTS, COUNTS, U32), min_size=1, max_size=4))
def test_nonsense_with_good_checksums(written, damages):
    storage = rings.damaged(written, [])
    rings.reseal(written, storage.bytes, damages)
    ringchecks.exercise_resealed(storage)


@settings(max_examples=200)
@given(st.binary(max_size=3000), st.integers(0, 1 << 20), st.integers(0, 3 << 20))
def test_anything_but_a_journal(noise, place, size):
    storage = rings.Fragile(bytearray(size))
    storage.bytes[place : place + len(noise)] = noise[: len(storage.bytes[place:])]
    error = ringchecks.opened(storage)
    assert isinstance(error, (Refused, OSError))


# The second reader


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("rings") / "journal"


def printed(path, everything):
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = journal.run(argparse.Namespace(path=str(path), limit=20, all=everything))
    assert out.getvalue()
    return code


@settings(max_examples=25)
@given(st.sampled_from(LEAST), DAMAGES, st.booleans())
def test_the_reader_agrees_with_recovery(file, written, damages, everything):
    """Where recovery refuses, the reader tells damage; where it tells none, both find the same end."""
    storage = rings.damaged(written, damages)
    file.write_bytes(storage.bytes)
    assert printed(file, everything) in (0, 1, 2)
    remains = ringchecks.opened(storage)
    try:
        ring = tools_ring.Ring(str(file))
    except tools_ring.NotAJournal:
        assert isinstance(remains, Refused) or not remains.head.number
        return
    found = list(ring.walk())
    ring.close()
    told = [each for each in found if isinstance(each, tools_ring.Damage)]
    for each in found:
        assert each in told or rings.whole(written, storage, each.descriptor.number)
    if isinstance(remains, Damaged):
        assert told
    elif not told:
        assert ring.end == remains.head


@settings(max_examples=25)
@given(st.sampled_from(LEAST), st.lists(st.tuples(COUNTS, COUNTS, COUNTS, U32), min_size=1, max_size=4))
def test_the_reader_on_nonsense_with_good_checksums(file, written, damages):
    content = bytearray(written.content)
    rings.reseal(written, content, damages)
    file.write_bytes(content)
    assert printed(file, True) in (0, 1, 2)
