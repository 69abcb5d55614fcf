"""The journal reader: what it prints of whole, torn and damaged rings, and that it trusts only its own checksums."""

import argparse
import hashlib
import random

import pytest

pytest.importorskip("crcmod")

from firmware.log import layout, superblock
from firmware.log.layout import HEADER_SIZE, Point
from tests.tools.ringmaker import RING_SIZE, Journal
from tools import journal
from tools.ring import Damage, Ring


@pytest.fixture
def ring(tmp_path):
    made = Journal(tmp_path / "journal")
    yield made
    made.file.close()


def shown(ring, capsys, limit=0, everything=False):
    code = journal.run(argparse.Namespace(path=ring.path, limit=limit, all=everything))
    return code, capsys.readouterr().out


def test_whole_ring(ring, capsys):
    for _ in range(3):
        ring.append()
    code, text = shown(ring, capsys)
    assert code == 0
    assert "left, primary, generation 0, disk of 1.0 GiB" in text
    assert "3 groups, 12 KiB." in text and "The log ends behind group 3" in text
    assert "11-22 12:00:00.002" in text
    assert "w 0x2000+4.0KiB" in text
    assert max(map(len, text.splitlines()[1:])) <= 80


def test_empty_ring(ring, capsys):
    code, text = shown(ring, capsys)
    assert code == 0
    assert "have everything up to group 0;" in text


def test_starts_behind_what_nobody_needs(ring, capsys):
    for _ in range(4):
        point = ring.append()
    ring.block.played = point
    ring.block.acked = Point(2, ring.places[3] - superblock.RING_OFFSET, ring.append().chain)
    ring.block.acked.chain = Ring(ring.path).header(ring.places[3] - superblock.RING_OFFSET).descriptor.previous_chain
    ring.save()
    code, text = shown(ring, capsys)
    assert (code, "3 groups" in text) == (0, True)
    code, text = shown(ring, capsys, everything=True)
    assert (code, "5 groups" in text) == (0, True)


def test_wraps(ring, capsys):
    for number in range(12):
        point = ring.append(3 << 20)
        if number == 7:
            ring.block.played = ring.block.acked = ring.block.durable = point
            ring.save()
    assert ring.tip.position > 2 * RING_SIZE - layout.MAX_GROUP
    code, text = shown(ring, capsys)
    assert (code, "4 groups, 12 MiB." in text, "The log ends behind group 12" in text) == (0, True, True)


def test_marks_are_named_wherever_they_stand(ring, capsys):
    writes = [(layout.WRITE, 4096 * at, b"x" * 512) for at in range(9)]
    ring.group([*writes, (layout.MARK, 0, layout.pack_mark("before the upgrade"))])
    ring.group([(layout.MARK, 0, layout.pack_mark("n" * 63))])
    code, text = shown(ring, capsys)
    assert code == 0
    assert "mark before the upgrade .." in text and "mark " + "n" * 63 in text


def test_a_spoilt_mark_is_damage(ring, capsys):
    ring.group([(layout.MARK, 0, b"\x02a\n" + bytes(509))])
    ring.append()
    code, text = shown(ring, capsys)
    assert code == 1 and "impossible name" in text


def test_limit_prints_the_last(ring, capsys):
    for _ in range(9):
        ring.append()
    code, text = shown(ring, capsys, limit=2)
    lines = [line.split()[0] for line in text.splitlines() if "w 0x" in line]
    assert (code, lines) == (0, ["8", "9"])
    assert "The last 2 of 9 groups:" in text


def test_torn_tail_is_a_normal_end(ring, capsys):
    for _ in range(3):
        ring.append()
    ring.flip(ring.places[3] + HEADER_SIZE + 100)
    code, text = shown(ring, capsys)
    assert code == 0
    assert "2 groups" in text and "a torn group behind it" in text


def test_torn_batch_is_a_normal_end(ring, capsys):
    ring.append()
    for _ in range(3):
        ring.append(first=2)
    ring.flip(ring.places[2] + HEADER_SIZE + 100)
    code, text = shown(ring, capsys)
    assert (code, "1 group," in text) == (0, True)


@pytest.mark.parametrize("place", [5, 40, 60, 72, HEADER_SIZE + 3, HEADER_SIZE + 4000])
def test_damage_is_named_and_what_follows_is_shown(ring, capsys, place):
    for _ in range(5):
        ring.append()
    ring.flip(ring.places[2] + place)
    code, text = shown(ring, capsys)
    assert code == 1
    assert "DAMAGE at byte %d: group 2" % ring.places[2] in text
    assert "proves that it was durable" in text
    assert "The log ends behind group 5" in text
    assert "4 groups" in text


def test_damage_that_only_the_superblock_proves(ring, capsys):
    for _ in range(3):
        ring.append()
    ring.block.durable = ring.tip
    ring.save()
    ring.flip(ring.places[3] + 5)
    code, text = shown(ring, capsys)
    assert code == 1
    assert "the superblock proves" in text


def test_wrong_number_of_records(ring, capsys):
    ring.append(records=2)
    ring.append()
    code, text = shown(ring, capsys)
    assert (code, "1 records where 2 are announced" in text) == (1, True)


def test_checksums_are_our_own(ring, capsys, monkeypatch):
    monkeypatch.setattr(layout, "crc32", lambda data, value=0: 0)
    ring.append()
    ring.append()
    code, text = shown(ring, capsys)
    assert code == 0
    assert "have everything up to group 0;" in text


@pytest.mark.parametrize("label", [b"", b"\x20short", bytes([200]) + bytes(199)])
def test_unknown_label(ring, capsys, label):
    ring.block.label = label
    ring.save()
    ring.append()
    code, text = shown(ring, capsys)
    assert (code, "not known (" in text, "1 group," in text) == (0, True, True)


def test_damaged_slot_leaves_the_other(ring, capsys):
    ring.append()
    ring.save()
    ring.flip(superblock.SLOTS[ring.block.sequence % 2] + 20)
    code, text = shown(ring, capsys)
    assert (code, "not whole" in text, "1 group," in text) == (0, True, True)


@pytest.mark.parametrize("content", [b"", bytes(2 << 20), b"\x55" * (2 << 20)])
def test_not_a_journal(tmp_path, capsys, content):
    path = tmp_path / "other"
    path.write_bytes(content)
    assert journal.run(argparse.Namespace(path=str(path), limit=0, all=False)) == 2
    assert "there is no Sosie journal here" in capsys.readouterr().err


def test_unreadable(tmp_path, capsys):
    assert journal.run(argparse.Namespace(path=str(tmp_path / "none"), limit=0, all=False)) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_newer_format_is_refused(ring, capsys, monkeypatch):
    monkeypatch.setattr(superblock, "VERSION", 9)
    ring.save()
    ring.save()
    monkeypatch.undo()
    assert journal.run(argparse.Namespace(path=ring.path, limit=0, all=False)) == 2
    assert "format 9" in capsys.readouterr().err


def test_changes_nothing(ring, capsys):
    for _ in range(3):
        ring.append()
    ring.flip(ring.places[2] + 5)
    before = hashlib.sha256(open(ring.path, "rb").read()).digest()
    shown(ring, capsys, everything=True)
    assert hashlib.sha256(open(ring.path, "rb").read()).digest() == before


def test_what_a_running_board_overwrites_is_no_damage(ring):
    points = [ring.append() for _ in range(6)]
    reader = Ring(ring.path)
    walk = reader.walk()
    next(walk)
    ring.flip(ring.places[2] + 5)
    ring.block.played = ring.block.acked = points[3]
    ring.save()
    found = list(walk)
    reader.close()
    assert not any(isinstance(each, Damage) for each in found)
    assert [each.descriptor.number for each in found] == [5, 6]


def test_cut_short(ring, capsys):
    ring.append()
    ring.file.truncate(superblock.RING_OFFSET + RING_SIZE // 2)
    assert journal.run(argparse.Namespace(path=ring.path, limit=0, all=False)) == 2
    assert "is this all of the journal?" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(60))
def test_any_damage_is_told_and_nothing_is_raised(ring, capsys, seed):
    source = random.Random(seed)
    for number in range(1, source.randrange(2, 12)):
        point = ring.append(512 * source.randrange(1, 400), first=source.randrange(max(1, number - 2), number + 1))
        if source.random() < 0.2:
            ring.block.played = ring.block.durable = point
            ring.save()
    for _ in range(source.randrange(1, 6)):
        place = source.choice([*ring.places.values(), *superblock.SLOTS])
        ring.write(place + source.randrange(200), source.randbytes(source.choice([1, 8, 5000])))
    code = journal.run(argparse.Namespace(path=ring.path, limit=0, all=bool(seed % 2)))
    assert code in (0, 1, 2)
    out, err = capsys.readouterr()
    assert bool(err) == (code == 2) and ("DAMAGE at byte" in out) == (code == 1)


def test_absurd_first_does_not_lead_in_circles(ring, capsys):
    """A header that claims a batch younger than itself is no witness."""
    ring.append()
    ring.append()
    ring.append(first=1 << 40)
    ring.flip(ring.places[2] + 5)
    code, text = shown(ring, capsys)
    assert (code, "1 group," in text) == (0, True)
