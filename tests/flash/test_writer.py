"""Writing and reading back on targets of cardboard: the order, and what happens when the card does not do its part."""

import errno
import os

import pytest

from tests.flash import stub
from tools.flash.image import Image
from tools.flash.target import CHUNK, Card, Failed, File
from tools.flash.writer import LEAST_STAMPS, Stamps, Writer

SIZE = 64 * stub.MIB
WRITES = 45  # pieces, blanks and stamps of the image here


class Medium(Card):
    """A card in a file. `real` is what it truly has room for: behind that it begins anew, as fakes do."""

    def __init__(self, path: str, size: int, real: "int | None" = None):
        File.__mro__[1].__init__(self, path, os.open(path, os.O_RDWR), size)
        self.real = real or size
        self.writes_left = None
        self.error = errno.EIO
        self.order = []
        self.rotten = None
        self.forgets_from = size

    def write(self, offset, data):
        self._count()
        self.order.append(offset)
        super().write(offset % self.real, data)

    def zero(self, offset, length):
        self._count()
        self.order.append(offset)
        Card.__mro__[1].write(self, offset % self.real, memoryview(bytes(length)))

    def read(self, offset, length):
        view = super().read(offset % self.real, length)
        view[max(0, self.forgets_from - offset):] = bytes(len(view) - min(length, max(0, self.forgets_from - offset)))
        if self.rotten is not None and offset <= self.rotten < offset + length:
            view[self.rotten - offset] ^= 1
        return view

    def discard(self):
        return False

    def _forget(self):
        pass

    def _count(self):
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left < 0:
                with self._explained("written"):
                    raise OSError(self.error, os.strerror(self.error))


@pytest.fixture
def image(tmp_path):
    made = Image(stub.image(str(tmp_path / "image"), tail=stub.MIB + 512))
    yield made
    made.close()


@pytest.fixture
def path(tmp_path):
    return stub.old_card(str(tmp_path / "card"), SIZE)


@pytest.fixture
def medium(path):
    made = Medium(path, SIZE)
    yield made
    made.close()


def write(image, medium, with_stamps=True):
    seen = []
    writer = Writer(image, medium, image.blanks(medium.size))
    stamps = Stamps(medium, image) if with_stamps else None
    writer.write(lambda done, total: seen.append((done, total)), stamps)
    writer.verify(lambda done, total: None)
    if stamps:
        stamps.check()
    writer.seal()
    return seen


def expected(image, size=SIZE) -> bytes:
    """What the card must hold, said once more in plain words."""
    with open(image.path, "rb") as file:
        data = bytearray(file.read())
    return bytes(data.ljust(size, b"\0"))


def without_signature(data: bytes) -> bytes:
    return data[:440] + data[444:]


def test_the_card_holds_the_image_and_nothing_old(image, medium, path):
    write(image, medium)
    with open(path, "rb") as file:
        held = file.read()
    assert without_signature(held) == without_signature(expected(image))
    assert stub.OLD not in held


def test_every_card_has_a_signature_of_its_own(image, medium, path):
    write(image, medium)
    with open(path, "rb") as file:
        assert file.read(444)[440:] not in (stub.SIGNATURE, bytes(4))


def test_progress_reaches_the_end_and_never_goes_back(image, medium):
    seen = write(image, medium)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] >= image.size and {total for _, total in seen} == {image.size}


def test_the_table_goes_first_and_comes_last(image, medium):
    write(image, medium)
    assert medium.order[0] == 0 and medium.order[-1] == 0
    assert medium.order.count(0) == 2


@pytest.mark.parametrize("writes", [0, 1, 2, 5, 8, 20, 22, 24, 26, 27, 28, WRITES - 2, WRITES - 1])
def test_pulled_out_at_any_write_it_is_no_board(image, medium, path, writes):
    medium.writes_left = writes
    with pytest.raises(Failed, match="cannot be written any more .*: was it pulled out"):
        write(image, medium)
    with open(path, "rb") as file:
        first = file.read(512)
    assert not any(first) if writes else first.startswith(stub.OLD)


def test_the_last_write_makes_it_a_card(image, medium):
    write(image, medium)
    assert len(medium.order) == WRITES


@pytest.mark.parametrize("error, says", [
    (errno.ENODEV, "pulled out"), (errno.ENOMEDIUM, "pulled out"), (errno.ENXIO, "pulled out"),
    (errno.ENOSPC, "no room left"), (errno.EPERM, "cannot be written \\(Operation not permitted\\)"),
])
def test_each_error_has_its_sentence(image, medium, error, says):
    medium.writes_left, medium.error = 3, error
    with pytest.raises(Failed, match=says):
        write(image, medium)


@pytest.mark.parametrize("place", [
    CHUNK, stub.BOOT[0] + 77, stub.SLOT_A[0] + 5 * stub.MIB + 600, stub.SLOT_B[0] + stub.MIB,
    stub.SLOT_A[0] + 4 * stub.MIB + 9])
def test_one_wrong_bit_is_found_and_the_card_stays_empty(image, medium, path, place):
    medium.rotten = place
    with pytest.raises(Failed, match="gives back something else than was written, at %d MiB" % (
            place // CHUNK * CHUNK >> 20)):
        write(image, medium)
    with open(path, "rb") as file:
        assert not any(file.read(512))


def test_a_wrong_bit_in_the_first_piece_is_found(image, medium):
    medium.rotten = 100
    with pytest.raises(Failed, match="gives back something else than was written, at 0 MiB"):
        write(image, medium)


@pytest.mark.parametrize("real", [SIZE - 4096] + [mib * stub.MIB for mib in range(63, 26, -6)])
def test_a_card_with_less_room_than_it_says(image, path, real):
    medium = Medium(path, SIZE, real)
    try:
        with pytest.raises(Failed, match="fake"):
            write(image, medium)
    finally:
        medium.close()


@pytest.mark.parametrize("end", [SIZE - 4096, SIZE - 5 * stub.MIB, 45 * stub.MIB])
def test_a_card_that_forgets_what_lies_behind_its_end(image, medium, end):
    medium.forgets_from = end
    with pytest.raises(Failed, match="has less room than it says: nothing is kept at"):
        write(image, medium)


def test_stamps_lie_behind_the_image_up_to_the_end(image, medium):
    stamps = Stamps(medium, image)
    places = sorted(stamps._places)
    assert LEAST_STAMPS <= len(places) <= LEAST_STAMPS + 1
    assert places[0] > image.end and places[-1] == SIZE - 4096


def test_a_file_has_its_name_when_it_is_whole(image, tmp_path):
    path = str(tmp_path / "new.img")
    target = File(path)
    target.stretch(image.size)
    writer = Writer(image, target, image.blanks(target.size))
    writer.write(lambda done, total: None)
    assert not os.path.exists(path)
    writer.verify(lambda done, total: None)
    writer.seal()
    target.finish()
    target.close()
    with open(path, "rb") as file:
        held = file.read()
    assert without_signature(held) == without_signature(expected(image, image.size))
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.stat(path).st_blocks * 512 < image.size - 3 * stub.MIB  # the holes are holes
    assert os.listdir(tmp_path).count("new.img.part") == 0


def test_a_file_that_is_given_up_leaves_nothing(image, tmp_path):
    target = File(str(tmp_path / "new.img"))
    target.stretch(image.size)
    target.close()
    target.close()
    assert not [name for name in os.listdir(tmp_path) if name.startswith("new")]
