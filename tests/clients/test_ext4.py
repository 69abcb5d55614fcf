"""A file system made elsewhere, copied in, killed in mid-copy: e2fsck has the last word on the twin's image."""

import os
import random
import subprocess

import pytest

from tests.clients.programs import call, uri


@pytest.fixture
def file_system(tmp_path):
    """An ext4 image of 32 MiB with a tree of files in it."""
    tree, dice = tmp_path / "tree", random.Random(9)
    for folder in range(8):
        (tree / ("folder%d" % folder)).mkdir(parents=True)
        for file in range(30):
            (tree / ("folder%d" % folder) / ("file%d" % file)).write_bytes(dice.randbytes(dice.randint(0, 60000)))
    image = tmp_path / "ext4.raw"
    with image.open("wb") as file:
        file.truncate(32 << 20)
    call("mkfs.ext4", "-q", "-F", "-d", tree, image)
    return image


def test_the_twins_image_is_a_sound_file_system(make_pair, file_system):
    pair = make_pair().start()
    call("nbdcopy", "--flush", file_system, uri(pair.left))
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    call("e2fsck", "-f", "-n", pair.right.image)
    assert pair.right.image.read_bytes() == file_system.read_bytes()
    listing = call("debugfs", "-R", "ls -p /folder3", pair.right.image)
    assert "file29" in listing


def test_the_copy_is_repeated_after_a_kill(make_pair, file_system):
    pair = make_pair().start()
    copy = subprocess.Popen(["nbdcopy", "--flush", str(file_system), uri(pair.left)], stderr=subprocess.DEVNULL)
    try:
        copy.wait(0.15)
    except subprocess.TimeoutExpired:
        pass
    pair.left.kill()
    copy.wait(30)
    pair.left.start()
    pair.left.patient_client().close()
    call("nbdcopy", "--flush", file_system, uri(pair.left))
    pair.right.kill()
    pair.right.start()
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    call("e2fsck", "-f", "-n", pair.right.image)
    assert os.path.getsize(pair.right.image) == 32 << 20
    assert pair.right.image.read_bytes() == file_system.read_bytes()
