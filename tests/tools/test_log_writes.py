"""`sosie journal --log-writes`: every flush of what it exports is the end of a group, by the rules of replay-log."""

import os
import random
import struct
import tracemalloc

import pytest

pytest.importorskip("crcmod")

from firmware.log import layout, superblock
from firmware.log.layout import COPIED, COPY, HEADER_SIZE, HOLE, MARK, TRIM, WRITE, ZERO, Point, pack_mark
from tests.tools.replay_log import DISCARD, FLUSH, Malformed, ReplayLog
from tests.tools.ringmaker import RING_SIZE, Journal
from tools import cli, export
from tools.logwrites import MAX_DISCARD, MAX_ZEROES, CannotWrite, LogWrites
from tools.ring import Ring

DISK = 1 << 20  # as much of the disk as these tests use
KIB = 1 << 10


@pytest.fixture
def ring(tmp_path):
    made = Journal(tmp_path / "journal")
    yield made
    made.file.close()


@pytest.fixture
def told(ring, tmp_path, capsys):
    """Runs the command on `ring`; returns its exit code and what it said, the log being at tmp_path/log."""

    def run(*options):
        code = cli.main(["journal", ring.path, "--log-writes", str(tmp_path / "log"), *options])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


class Target:
    """A file to replay onto."""

    def __init__(self, path, content=bytes(DISK)):
        self.file = open(path, "w+b")
        self.file.write(content)
        self.file.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    @property
    def descriptor(self):
        return self.file.fileno()

    @property
    def content(self):
        return os.pread(self.descriptor, DISK, 0)


def grow(ring, dice, count, flags=0):
    """Appends groups of all kinds of records; yields what the disk holds at the end of each."""
    disk = bytearray(DISK)
    for _ in range(count):
        changes = []
        for _ in range(dice.randrange(1, 6)):
            kind, start = dice.choice([WRITE, ZERO, TRIM, COPY, HOLE]), 512 * dice.randrange(1000)
            length = 512 * dice.randrange(1, 1 + min(300, DISK // 512 - start // 512))
            data = dice.randbytes(length) if kind in (WRITE, COPY) else length
            disk[start:start + length] = data if kind in (WRITE, COPY) else bytes(length)
            changes.append((kind, start, data))
        ring.group(changes, flags=flags)
        yield bytes(disk)


def boundaries(path, target):
    """What the target holds at every flush."""
    log, found = ReplayLog(path), []
    while log.replay(target.descriptor, flush=True):
        found.append(target.content)
    log.close()
    return found


@pytest.mark.parametrize("options", [(), ("--discard",)])
def test_every_flush_is_the_end_of_a_group(ring, told, tmp_path, options):
    disks = list(grow(ring, random.Random(5), 40))
    code, said = told(*options)
    assert code == 0, said
    assert "Groups 1 to 40 are in" in said and "the disk as it was before group 1" in said
    with Target(tmp_path / "target") as target:
        assert boundaries(tmp_path / "log", target) == disks


def test_the_bytes(ring, told, tmp_path):
    ring.group([(WRITE, 4096, b"w" * 1024), (TRIM, 8192, 512)])
    assert told()[0] == 0
    sectors = [
        struct.pack("<QQQI", 0x6A736677736872, 1, 4, 512), struct.pack("<QQQQ", 8, 2, 0, 0), b"w" * 1024,
        struct.pack("<QQQQ", 16, 1, 0, 0), b"", struct.pack("<QQQQ", 0, 0, FLUSH, 0),
        struct.pack("<QQQQ", 0, 0, 8, 7) + b"group-1",
    ]  # fmt: skip
    assert (tmp_path / "log").read_bytes() == b"".join(each.ljust(512, b"\0") for each in sectors)


def test_marks_name_the_ends_of_groups(ring, told, tmp_path):
    disks = list(grow(ring, random.Random(6), 9))
    told()
    log = ReplayLog(tmp_path / "log")
    with Target(tmp_path / "target") as target:
        assert log.replay(target.descriptor, mark="group-4").name == "group-4"
        assert target.content == disks[3]
        log.replay(target.descriptor, flush=True)
        assert target.content == disks[4]
    log.close()


def test_a_hosts_mark_stands_behind_the_flush_of_its_group(ring, told, tmp_path):
    ring.group([(WRITE, 0, b"a" * 512), (MARK, 0, pack_mark("Ünter Tor")), (WRITE, 512, b"b" * 512)])
    ring.group([(WRITE, 0, b"c" * 512)])
    assert told()[0] == 0
    log = ReplayLog(tmp_path / "log")
    with Target(tmp_path / "target") as target:
        assert log.replay(target.descriptor, mark="Ünter Tor").number == 3
        assert target.content[:1024] == b"a" * 512 + b"b" * 512
        assert [each.name for each in iter(log.read, None) if each.name] == ["group-1", "group-2"]
    log.close()


def test_no_flush_before_the_first_copy_is_whole(ring, told, tmp_path):
    disks = [*grow(ring, random.Random(7), 4)]
    ring.group([(COPY, 0, disks[-1])], flags=COPIED)
    ring.group([(ZERO, 0, 4096)])
    code, said = told()
    assert code == 0 and "an empty image" in said and "whole with group 5: the first flush is there" in said
    with Target(tmp_path / "target", b"\x55" * DISK) as target:
        assert boundaries(tmp_path / "log", target) == [disks[-1], bytes(4096) + disks[-1][4096:]]


def test_from_a_group_on_every_end_is_a_flush(ring, told, tmp_path):
    disks = list(grow(ring, random.Random(8), 3))
    ring.group([(COPY, 0, disks[-1])], flags=COPIED)
    code, said = told("--from", "2")
    assert code == 0 and "as it was before group 2" in said
    with Target(tmp_path / "target", disks[0]) as target:
        assert boundaries(tmp_path / "log", target) == [disks[1], disks[2], disks[2]]


def test_groups_that_nobody_needs_are_exported_too(ring, told, tmp_path):
    disks = list(grow(ring, random.Random(9), 5))
    ring.spent(ring.tip)
    ring.group([(ZERO, 0, DISK)])
    assert told()[0] == 0
    with Target(tmp_path / "target") as target:
        assert boundaries(tmp_path / "log", target) == [*disks, bytes(DISK)]


@pytest.mark.parametrize("spent", [0, 6, 10])
def test_a_ring_that_wrapped(ring, told, tmp_path, spent):
    """The oldest of ten groups of 3 MiB are gone: it says so, and exports what is left when it is asked."""
    points = [ring.append(3 << 20) for _ in range(10)]
    ring.spent(points[max(spent, 4) - 1])
    code, said = told()
    assert code == 2 and "no group before 5 any more; --from 5 exports" in said
    assert told("--from", "4") == (2, said)
    assert not (tmp_path / "log").exists()
    code, said = told("--from", "5")
    assert code == 0 and "Groups 5 to 10" in said
    with Target(tmp_path / "target") as target:
        assert len(boundaries(tmp_path / "log", target)) == 6


@pytest.mark.parametrize("groups, first, says", [(0, (), "is empty"), (3, ("--from", "4"), "ends with group 3")])
def test_nothing_to_export(ring, told, tmp_path, groups, first, says):
    for _ in range(groups):
        ring.append()
    code, said = told(*first)
    assert code == 2 and says in said and said.count("\n") == 1
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("options", [("--from", "0"), ("--from", "x")])
def test_wrong_usage(ring, told, options):
    with pytest.raises(SystemExit):
        told(*options)
    assert cli.main(["journal", ring.path, "--discard"]) == 2
    assert cli.main(["journal", ring.path, "--from", "1"]) == 2


def test_damage_is_refused_before_anything_is_written(ring, told, tmp_path):
    for _ in range(4):
        ring.append()
    ring.flip(ring.places[2] + HEADER_SIZE + 100)
    code, said = told()
    assert code == 1 and "group 2" in said and said.count("\n") == 1
    assert not (tmp_path / "log").exists()


def test_damage_to_what_nobody_needs_any_more(ring, told, tmp_path):
    for _ in range(4):
        point = ring.append()
    ring.spent(point)
    ring.flip(ring.places[2] + HEADER_SIZE + 100)
    code, said = told()
    assert code == 2 and "Group 2, which nobody needs any more, is damaged" in said
    assert told("--from", "3")[0] == 2
    ring.flip(ring.places[2])  # its header too: it is as if it had been overwritten
    assert told("--from", "3")[0] == 0


@pytest.mark.parametrize("seed", range(40))
def test_any_damage_is_refused_or_lies_behind_the_end(ring, told, tmp_path, seed):
    """Whatever is damaged: what is exported is what was written, and nothing is left behind when nothing is."""
    dice = random.Random(seed)
    disks = list(grow(ring, dice, dice.randrange(2, 12)))
    if dice.random() < 0.5:
        ring.spent(ring.tip)
    for _ in range(dice.randrange(1, 4)):
        place = dice.choice([*ring.places.values(), *superblock.SLOTS])
        ring.write(place + dice.randrange(3000), dice.randbytes(dice.choice([1, 8, 5000])))
    code, said = told()
    assert (tmp_path / "log").exists() == (code == 0), said
    assert said.count("\n") == (2 if code == 0 else 1)
    if code == 0:
        with Target(tmp_path / "target") as target:
            assert boundaries(tmp_path / "log", target) == disks[:int(said.split(" to ")[1].split()[0])]


def test_two_groups_swapped_in_the_ring_are_refused(ring, told):
    for _ in range(4):
        ring.append()
    size = layout.group_size(layout.RECORD_SIZE + 4096)
    ring.file.seek(ring.places[2])
    second, third = ring.file.read(size), ring.file.read(size)
    ring.write(ring.places[2], third + second)
    assert told()[0] == 1


@pytest.mark.parametrize("what", ["swapped", "dropped", "flush"])
def test_a_fault_of_the_export_is_seen(ring, told, tmp_path, monkeypatch, what):
    """What the checks here and elsewhere compare would not be equal if the export had such a bug."""
    disks = list(grow(ring, random.Random(10), 30))
    plain, count = LogWrites.write, [0]

    def write(log, start, data):
        count[0] += 1
        if count[0] == 20:
            if what == "dropped":
                return
            if what == "flush":
                log.flush()
            if what == "swapped":
                plain(log, start, bytes(len(data)))
        plain(log, start, data) if what != "swapped" or count[0] != 20 else None

    monkeypatch.setattr(LogWrites, "write", write)
    assert told()[0] == 0
    with Target(tmp_path / "target") as target:
        assert boundaries(tmp_path / "log", target) != disks


def test_an_existing_file_is_left_alone(ring, told, tmp_path):
    ring.append()
    (tmp_path / "log").write_bytes(b"precious")
    code, said = told()
    assert code == 2 and "exists; name a new file" in said
    assert (tmp_path / "log").read_bytes() == b"precious"


def test_a_file_that_cannot_be_made(ring, told, tmp_path):
    ring.append()
    code, said = told("--log-writes", str(tmp_path / "none" / "log"))
    assert code == 2 and "cannot be made: No such file" in said


def test_a_full_file_system_leaves_no_log(tmp_path):
    with pytest.raises(CannotWrite, match="cannot be written: No space"):
        with LogWrites(str(tmp_path / "log")) as log:
            log._file = open("/dev/full", "wb", buffering=0)
            log.write(0, bytes(512))
    assert not (tmp_path / "log").exists()


def test_a_group_that_is_overwritten_between_the_two_looks(ring, tmp_path):
    for _ in range(4):
        ring.append()
    reader = Ring(ring.path)
    plan = export.survey(reader)
    ring.spent(ring.tip)
    ring.flip(ring.places[3] + HEADER_SIZE + 100)
    with pytest.raises(export.CannotExport, match="Group 3, which nobody needs"):
        with LogWrites(str(tmp_path / "log")) as log:
            export.export(reader, plan, log)
    reader.close()
    assert not (tmp_path / "log").exists()


def test_what_comes_after_the_first_look_is_not_exported(ring, tmp_path):
    ring.append()
    reader = Ring(ring.path)
    plan = export.survey(reader)
    ring.append()
    with LogWrites(str(tmp_path / "log")) as log:
        export.export(reader, plan, log)
    reader.close()
    assert log.entries == 3


def test_a_running_board_that_frees_groups_meanwhile(ring):
    points = [ring.append() for _ in range(4)]
    reader = Ring(ring.path)
    start = reader.oldest()
    ring.spent(points[2])
    assert (start, reader.oldest()) == (Point(0, 0, 0), Point(0, 0, 0))
    ring.block = superblock.Superblock(ring.block.log_id, RING_SIZE, ring.block.label)
    reader.close()


def test_a_header_in_the_content_of_a_group_is_not_one(ring, told):
    """A host that writes a journal's own bytes onto its disk: here group 1's, whose place is not that."""
    ring.append()
    ring.file.seek(ring.places[1])
    copy = ring.file.read(8192)
    ring.group([(WRITE, 0, bytes(4096 - HEADER_SIZE - layout.RECORD_SIZE) + copy + bytes(112 + 32))])
    ring.append()
    ring.spent(ring.tip)
    assert told()[0] == 0


def test_long_ranges_take_many_entries_and_little_space(ring, told, tmp_path):
    length = 5 * MAX_DISCARD + 512
    ring.group([(TRIM, 512, length), (ZERO, 0, MAX_ZEROES + 512)])
    assert told()[0] == 0
    log = ReplayLog(tmp_path / "log")
    entries = list(iter(log.read, None))
    assert sum(each.length for each in entries) == length + MAX_ZEROES + 512
    assert max(each.length for each in entries) == MAX_ZEROES and not any(each.flags & DISCARD for each in entries)
    status = os.stat(tmp_path / "log")
    assert status.st_size == log.end and status.st_blocks * 512 < MAX_ZEROES
    log.close()
    os.unlink(tmp_path / "log")
    assert told("--discard")[0] == 0
    log = ReplayLog(tmp_path / "log")
    trims = [each for each in iter(log.read, None) if each.flags & DISCARD]
    assert [each.length for each in trims] == [MAX_DISCARD] * 5 + [512]
    log.close()


def test_memory_is_bounded_by_a_group(ring, told):
    for _ in range(4):
        ring.group([(WRITE, 0, bytes(1 << 20))] * 3)
    tracemalloc.start()
    assert told()[0] == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 13 << 20, peak


@pytest.mark.parametrize("entry", [struct.pack("<QQQQ", 0, 0, 0, 0), struct.pack("<QQQQ", 0, 0, FLUSH, 1) + b"x"])
def test_the_replayer_takes_no_malformed_entry(tmp_path, entry):
    head = struct.pack("<QQQI", 0x6A736677736872, 1, 1, 512)
    (tmp_path / "log").write_bytes(head.ljust(512, b"\0") + entry.ljust(512, b"\0"))
    log = ReplayLog(tmp_path / "log")
    with pytest.raises(Malformed):
        log.read()
    log.close()
