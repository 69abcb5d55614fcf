"""The first full copy: a primary's disk that is in use already, a fresh twin, and what happens in between."""

import hashlib
import json
import subprocess

import pytest

from tests.process.boards import MIB, wait_until

SIZE = 48 * MIB
SLOW = "6M"  # bits per second: the copy takes some seconds, so that there is something to see


def used_image(path, folder):
    """An ext4 file system with files in it, and with holes."""
    folder.mkdir()
    for number in range(20):
        content = hashlib.shake_256(b"%d" % number).digest(64 * (number * 500 + 1))  # does not shrink
        (folder / ("file %d" % number)).write_bytes(content)
    path.touch()
    with path.open("r+b") as image:
        image.truncate(SIZE)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-d", str(folder), str(path)], check=True)
    return path.read_bytes()


def state(board):
    return board.status()["state"]


def consistent_twin(pair):
    wait_until("the twin is consistent", lambda: pair.right.status()["consistent"], every_s=0.2)


def test_a_disk_in_use_is_copied(make_pair, tmp_path):
    pair = make_pair(disk_size=None)
    pair.right.write_conf(disk_size="48M")
    content = used_image(pair.left.image, tmp_path / "files")
    pair.left.write_conf(rate=SLOW)
    pair.start()
    wait_until("both boards copy", lambda: state(pair.left) == state(pair.right) == "copying")
    assert not pair.right.status()["consistent"] and pair.left.status()["consistent"]
    consistent_twin(pair)
    wait_until("both boards mirror", lambda: state(pair.left) == state(pair.right) == "mirroring")
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert pair.left.image.read_bytes() == content
    assert pair.right.image.read_bytes() == content
    subprocess.run(["e2fsck", "-fn", str(pair.right.image)], check=True, stdout=subprocess.DEVNULL)


def test_killed_in_the_middle_of_it(make_pair, tmp_path):
    pair = make_pair(disk_size=None)
    pair.right.write_conf(disk_size="48M")
    content = bytearray(used_image(pair.left.image, tmp_path / "files"))
    pair.left.write_conf(rate="2M")  # so slow that it is not over when the twin is killed
    pair.start()
    wait_until("something is copied", lambda: pair.left.status()["group"]["acked"] >= 3)
    code, body = pair.right.request("POST", "/api/promote", {"force": True})
    assert code == 409 and "first copy is at" in json.loads(body)["error"], body
    pair.left.kill()
    pair.left.start()
    client = pair.left.patient_client()
    for offset in (0, SIZE // 2, SIZE - 4096):
        client.write(offset, b"n" * 4096)
        content[offset : offset + 4096] = b"n" * 4096
    client.flush()
    client.close()
    pair.right.kill()
    assert not pair.right.start().status()["consistent"]
    pair.left.stop()
    pair.left.write_conf(rate=None)
    pair.left.start()
    consistent_twin(pair)
    pair.right.kill()
    assert pair.right.start().status()["consistent"]
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert pair.left.image.read_bytes() == content
    assert pair.right.image.read_bytes() == content


def test_empty_files_are_consistent_at_once(make_pair):
    pair = make_pair(disk_size="64G", journal_size="16M").start()
    consistent_twin(pair)
    status = pair.left.status()
    assert status["group"]["durable"] == 1 and status["link"]["sent_bytes"] < 10000


@pytest.fixture
def loop_device(tmp_path):
    """A blank block device that knows no holes."""
    image = tmp_path / "device.img"
    image.write_bytes(bytes(SIZE))
    device = subprocess.run(["losetup", "--find", "--show", str(image)], check=True, capture_output=True, text=True)
    yield device.stdout.strip()
    subprocess.run(["losetup", "--detach", device.stdout.strip()], check=True)


def read_device(path) -> bytes:
    with open(path, "rb") as device:
        return device.read()


def test_onto_a_block_device(make_pair, tmp_path, loop_device):
    pair = make_pair(disk_size=None)
    content = used_image(pair.left.image, tmp_path / "files")
    pair.right.write_conf(disk=loop_device)
    pair.start()
    consistent_twin(pair)
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert read_device(loop_device) == content


def test_from_a_block_device(make_pair, loop_device):
    content = bytearray(SIZE)
    content[5 * MIB : 9 * MIB] = bytes(range(256)) * (4 * MIB // 256)
    content[-512:] = b"e" * 512
    with open(loop_device, "r+b") as device:
        device.write(content)
    pair = make_pair(disk_size=None)
    pair.left.write_conf(disk=loop_device)
    pair.right.write_conf(disk_size="48M")
    pair.start()
    consistent_twin(pair)
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert pair.right.image.read_bytes() == content
    assert pair.right.image.stat().st_blocks * 512 < 8 * MIB


@pytest.mark.parametrize("at", [0, 4 * MIB - 512, SIZE - 512])
def test_a_used_device_is_no_twins_disk(make_pair, loop_device, at):
    with open(loop_device, "r+b") as device:
        device.seek(at)
        device.write(b"somebody's data")
    before = read_device(loop_device)
    pair = make_pair(disk_size=None)
    pair.right.write_conf(disk=loop_device)
    sentence = pair.right.refuses()
    assert loop_device in sentence and "blkdiscard" in sentence
    assert read_device(loop_device) == before and not pair.right.journal.exists()


def test_a_used_file_is_no_twins_disk(make_pair, tmp_path):
    pair = make_pair(disk_size=None)
    content = used_image(pair.right.image, tmp_path / "files")
    assert "delete the file" in pair.right.refuses()
    assert pair.right.image.read_bytes() == content
