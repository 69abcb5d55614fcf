"""Images: what is taken for one, and its bytes with another boot partition laid over them."""

import pytest

from firmware.errors import Refused
from tests.flash import stub
from tools.flash.image import Image


@pytest.fixture
def path(tmp_path):
    return stub.image(str(tmp_path / "image"))


@pytest.mark.parametrize("sector, says", [
    (bytes(512), "has no table of partitions"),
    (b"\x1f\x8b".ljust(512, b"z"), "is it packed"),
    (stub.sector(kinds=(0x83, 0x83, 0x83)), "has no FAT partition in front"),
    (stub.sector(parts=(), kinds=()), "has no FAT partition in front"),
    (stub.sector(kinds=(0xEE, 0, 0)), "has a GPT"),
    (stub.sector(parts=((4 * stub.MIB, 96 * stub.MIB),), kinds=(0x0C,)), "is not complete"),
])
def test_what_is_no_image(path, sector, says):
    with open(path, "r+b") as file:
        file.write(sector)
    with pytest.raises(Refused, match=says):
        Image(path)


def test_no_file_and_an_empty_one(tmp_path):
    with pytest.raises(Refused, match="cannot be read"):
        Image(str(tmp_path / "none"))
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(Refused, match="has no table of partitions"):
        Image(str(tmp_path / "empty"))


def test_an_odd_length_is_filled_up_to_a_sector(tmp_path):
    image = Image(stub.image(str(tmp_path / "odd"), tail=777))
    assert image.size == stub.SLOT_B[0] + 1024
    view = memoryview(bytearray(b"x" * 1024))
    assert image.read(stub.SLOT_B[0], view)
    assert bytes(view) == b"b" * 777 + bytes(247)
    image.close()


@pytest.mark.parametrize("step", [512, 4096, 3 * stub.MIB + 512, 4 * stub.MIB])
def test_laid_over(path, tmp_path, step):
    image = Image(path)
    boot = str(tmp_path / "boot")
    image.save_boot(boot)
    with open(path, "rb") as file:
        whole = bytearray(file.read())
    start, size = stub.BOOT
    with open(boot, "r+b") as file:
        assert file.read() == whole[start:start + size]
        for place in (0, 5 * stub.MIB + 3, size - 1):
            file.seek(place)
            file.write(b"!")
            whole[start + place] = ord("!")
    image.lay_over(boot)
    at = stub.BOOT[0] - step if step > 512 else stub.BOOT[0] + 5 * stub.MIB
    while at < stub.BOOT[0] + stub.BOOT[1] + step and (step > 512 or at < stub.BOOT[0] + 6 * stub.MIB):
        place = max(at, 512)
        view = memoryview(bytearray(b"x" * min(step, image.size - place)))
        assert image.read(place, view) == any(whole[place:place + len(view)])
        assert view == whole[place:place + len(view)]
        at += step
    image.close()


def test_zeroes_are_seen_whether_holes_or_not(path):
    with open(path, "r+b") as file:
        file.seek(stub.SLOT_A[0] + 3 * stub.MIB)
        file.write(bytes(stub.MIB))
    image = Image(path)
    view = memoryview(bytearray(b"x" * stub.MIB))
    for place in (3, 4):
        assert image.read(stub.SLOT_A[0] + place * stub.MIB, view) is False
        assert not any(view)
        view[:] = b"x" * stub.MIB
    image.close()


def test_blanks(tmp_path):
    image = Image(stub.image(str(tmp_path / "image"), tail=stub.MIB))
    end = stub.SLOT_B[0] + stub.SLOT_B[1]
    size = stub.CARD + 512
    assert image.blanks(size) == [
        (stub.SLOT_B[0] + stub.MIB, 8 * stub.MIB),  # the rest of a slot that has something
        (end, 16 * stub.MIB), (size - 4 * stub.MIB, 4 * stub.MIB)]
    image.close()
    image = Image(stub.image(str(tmp_path / "image")))
    assert image.blanks(size)[0] == (stub.SLOT_B[0], 9 * stub.MIB)  # an empty slot: its head, 16 MiB at most
    assert image.blanks(image.size) == []
    image.close()
