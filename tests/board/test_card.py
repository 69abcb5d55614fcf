"""The card: its table read by others, its first boot cut at every step, its disk found by what the kernel says."""

import json
import os
import subprocess

import pytest

from board.setup import card, first, table
from firmware.errors import Refused
from tests.board.cards import CARD_SIZE, MIB, ROOT_END, Cut, CuttableOs, FakeMachine, master_record, partitions

GB = 10**9


@pytest.mark.parametrize("size", [2 << 30, 4 * GB, 32 * GB + 512, 64 * GB, 2 << 40, 3 << 40])
@pytest.mark.parametrize("own_disk", [False, True])
def test_everything_is_aligned_and_nothing_overlaps(size, own_disk):
    parts = table.plan(size, ROOT_END, own_disk)
    end = ROOT_END
    for part in parts:
        assert part.record >= end and part.record % table.ALIGN == part.start % table.ALIGN == 0
        assert part.size % table.ALIGN == 0 and part.start >= part.record + 512
        end = part.start + part.size
    assert end <= min(size, 512 << 32) and min(size, 512 << 32) - end < 3 * table.ALIGN
    state, journal, rest = parts
    assert state.size == 512 * MIB
    assert abs(journal.size - (journal.size + rest.size) * (0.25 if own_disk else 0.75)) <= 4 * table.ALIGN


def test_a_card_that_is_too_small_is_refused():
    with pytest.raises(Refused, match="use one of at least 2 GB"):
        table.plan(ROOT_END + 600 * MIB, ROOT_END, False)


def test_sfdisk_reads_the_same(tmp_path):
    path = tmp_path / "card"
    parts = table.plan(CARD_SIZE, ROOT_END, False)
    with open(path, "wb") as file:
        file.truncate(CARD_SIZE)
        for offset, sector in table.records(parts) + [(0, table.extended(master_record(), parts))]:
            file.seek(offset)
            file.write(sector)
    told = subprocess.run(["sfdisk", "--json", path], capture_output=True, text=True)
    assert told.returncode == 0 and not told.stderr, told.stderr
    found = {each["node"][-1]: each for each in json.loads(told.stdout)["partitiontable"]["partitions"]}
    assert sorted(found) == list("1234567")
    for part in parts:
        its = found[str(part.number)]
        assert (its["start"] * 512, its["size"] * 512, int(its["type"], 16)) == (part.start, part.size, part.kind)
    assert partitions(path)[-1][1:] == (parts[-1].start, parts[-1].size)


def test_a_disk_without_a_table_is_refused():
    with pytest.raises(Refused, match="no partition table"):
        table.entries(bytes(512))


def test_the_card_is_the_disk_under_the_root(tmp_path):
    machine = FakeMachine(tmp_path)
    found = card.find(machine)
    assert found.disk == str(tmp_path / "dev/vda") and found.size == CARD_SIZE
    assert sorted(found.parts) == [1, 2, 3] and found.facts()["slot"] == "A"
    assert found.part(5) == str(tmp_path / "dev/vda5")
    assert card.Card("/dev/mmcblk0", 1, {}, 3).part(5) == "/dev/mmcblk0p5"
    assert card.Card("/dev/mmcblk0", 1, {}, 3).facts()["slot"] == "B"


def test_a_root_that_is_no_partition_is_refused(tmp_path):
    machine = FakeMachine(tmp_path)
    os.unlink(tmp_path / "sys/devices/vda/vda2/partition")
    with pytest.raises(Refused, match=r"flash\.sh"):
        card.find(machine)


def made(machine) -> None:
    found = card.find(machine)
    if first.is_due(found.disk):
        first.lay_out(machine, found, False)


def whole(machine) -> bool:
    """Whether the table says that there is a state; and then everything that it names has to be in order."""
    found = {number: (start, size) for number, start, size in partitions(machine.root / "dev/vda")}
    if 5 not in found:
        return False
    plan = {part.number: (part.start, part.size) for part in table.plan(CARD_SIZE, ROOT_END, False)}
    assert {number: place for number, place in found.items() if number > 4} == plan
    assert machine.part(5).read_bytes()[:4] == b"ext4"
    for number in (6, 7):
        with open(machine.part(number), "rb") as file:
            assert not any(file.read(first._HEAD))
    return True


@pytest.mark.parametrize("keeps", ["all", "none", "last"])
def test_a_cut_at_any_step_begins_anew_or_is_whole(tmp_path, monkeypatch, keeps):
    steps = 0
    monkeypatch.setattr(first, "_HEAD", 64 << 10)
    while True:
        folder = tmp_path / str(steps)
        folder.mkdir()
        machine = FakeMachine(folder)
        machine.cut_after = steps
        monkeypatch.setattr(first, "os", CuttableOs(machine, keeps))
        try:
            made(machine)
            break
        except Cut:
            monkeypatch.setattr(first, "os", os)
        machine = machine.boot()
        whole(machine)
        made(machine)
        assert whole(machine.boot())
        steps += 1
    assert steps > 12 and machine.looked_at == [str(machine.part(number)) for number in (5, 6, 7)]
    assert whole(machine)


def test_the_second_boot_changes_nothing(tmp_path):
    machine = FakeMachine(tmp_path)
    made(machine)
    machine = machine.boot()
    made(machine)
    assert machine.changes == 0 and sorted(card.find(machine).parts) == [1, 2, 3, 4, 5, 6, 7]
