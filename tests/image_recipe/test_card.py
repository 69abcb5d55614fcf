"""The layout of a card, byte by byte, and where packages come from."""

import os

import pytest

from firmware.errors import Refused
from tools.image import card, emulation, mirror


def test_every_part_begins_and_ends_on_an_erase_block_and_none_overlaps():
    end = 0
    for start, length in (card.BOOT, card.SLOT_A, card.SLOT_B):
        assert start % card.ERASE_BLOCK == 0 and length % card.ERASE_BLOCK == 0
        assert start >= end
        end = start + length
    assert card.BOOT[0] >= card.ERASE_BLOCK
    assert card.SLOT_A[1] == card.SLOT_B[1], "an update of either slot fits into the other"


def test_the_first_sector_is_a_partition_table_of_three():
    sector = card._first_sector(b"\xeb\x63")
    assert len(sector) == 512 and sector[:2] == b"\xeb\x63" and sector[510:] == b"\x55\xaa"
    assert sector[440:446] == b"\x17\x05\x55\x50\0\0"
    entries = [sector[446 + 16 * n:462 + 16 * n] for n in range(4)]
    assert [entry[4] for entry in entries] == [0x0C, 0x83, 0x83, 0]
    assert [entry[0] for entry in entries] == [0x80, 0, 0, 0]
    places = [(int.from_bytes(entry[8:12], "little"), int.from_bytes(entry[12:16], "little")) for entry in entries[:3]]
    assert places == [(8192, 196608), (204800, 1048576), (1253376, 1048576)]
    assert entries[3] == bytes(16), "the first boot writes it"


@pytest.mark.parametrize("size", [0, 1, 4096, card.ERASE_BLOCK, card.ERASE_BLOCK + 1, 3 * card.ERASE_BLOCK])
def test_a_copy_is_the_same_and_leaves_holes_where_nothing_is(tmp_path, size):
    content = os.urandom(size)
    content = content[:card.ERASE_BLOCK] + bytes(max(0, min(card.ERASE_BLOCK, size - card.ERASE_BLOCK))) + \
        content[2 * card.ERASE_BLOCK:]
    (tmp_path / "source").write_bytes(content)
    with open(tmp_path / "target", "w+b") as file:
        file.truncate(8 + size)
        card._copy_sparse(tmp_path / "source", file, 8)
        file.seek(0)
        assert file.read() == bytes(8) + content


def test_packages_come_from_the_archive_that_apt_uses_unless_a_moment_is_named():
    now = mirror.sources("trixie", ["main", "non-free-firmware"], None).splitlines()
    assert all(line.startswith("deb http") and " trixie" in line for line in now)
    assert now[0].endswith(" trixie main non-free-firmware")
    then = mirror.sources("trixie", ["main"], "20251101T000000Z")
    assert then == (
        "deb [check-valid-until=no] https://snapshot.debian.org/archive/debian/20251101T000000Z/ trixie main\n"
        "deb [check-valid-until=no] https://snapshot.debian.org/archive/debian-security/20251101T000000Z/ "
        "trixie-security main\n")


@pytest.mark.parametrize("moment", ["yesterday", "2025-11-01", "20251101T000000Z/../x", ""])
def test_a_moment_that_is_none_is_refused(moment):
    with pytest.raises(Refused, match="--snapshot .* 20251101T000000Z"):
        mirror.sources("trixie", ["main"], moment)


def test_another_processor_needs_an_emulator(monkeypatch, tmp_path):
    monkeypatch.setattr(emulation.platform, "machine", lambda: "x86_64")
    assert emulation.prelude("amd64") == "" and emulation.prelude(None) == ""
    monkeypatch.setattr(emulation, "_REGISTRATIONS", tmp_path)
    with pytest.raises(Refused, match="qemu-user-static"):
        emulation.prelude("arm64")
    (tmp_path / "qemu-aarch64.conf").write_text(":")
    assert str(tmp_path / "qemu-aarch64.conf") in emulation.prelude("arm64")
