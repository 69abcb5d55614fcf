"""Which modules of a kernel go into an image."""

import lzma

import pytest

from firmware.errors import Refused
from tools.image.modules import Modules


@pytest.fixture
def modules(tmp_path):
    tree = tmp_path / "6.12.1"
    for path in ("fs/ext4/ext4", "fs/jbd2/jbd2", "lib/crc16", "crypto/crc32c_generic", "crypto/sha1-x"):
        file = tree / "kernel" / (path + ".ko.xz")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(lzma.compress(path.encode()))
    (tree / "modules.builtin").write_text("kernel/drivers/virtio/virtio-pci.ko\n")
    (tree / "modules.dep").write_text(
        "kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz kernel/lib/crc16.ko.xz\n"
        "kernel/fs/jbd2/jbd2.ko.xz: kernel/lib/crc16.ko.xz\nkernel/lib/crc16.ko.xz:\n")
    (tree / "modules.softdep").write_text("# made by depmod\nsoftdep jbd2 pre: crc32c_generic post: never\n")
    return Modules(tree)


def test_what_a_module_needs_is_loaded_before_it(modules):
    assert modules.closure(["ext4"]) == ["crc16", "crc32c_generic", "jbd2", "ext4"]


def test_a_folder_is_all_of_its_modules(modules):
    assert modules.closure(["crypto/"]) == ["crc32c_generic", "sha1_x"]
    assert modules.path("sha1_x") == "kernel/crypto/sha1-x.ko.xz"


def test_what_the_kernel_has_built_in_is_no_module(modules):
    assert modules.closure(["virtio_pci", "virtio-pci"]) == []


@pytest.mark.parametrize("word", ["ext5", "drivers/none/"])
def test_a_module_that_the_kernel_has_not_is_named(modules, word):
    with pytest.raises(Refused, match="6.12.1 has no module %s;" % word):
        modules.closure([word])


def test_its_content_comes_uncompressed(modules):
    assert modules.content("crc16") == b"lib/crc16"
