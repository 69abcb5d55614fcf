"""Kinds of boards: what their files say, put together, and what is refused."""

import pytest

from firmware.errors import Refused
from tools.image import model

COMMON = """
[common]
packages = systemd udev
modules = crypto/
[arch-arm64]
kernel = linux-image-arm64
packages = udev wpasupplicant
[family-fruit]
early_modules = peel
"""
OWN = """
[board]
title = A board
arch = arm64
family = fruit
boot = efi
packages = mine
early_modules = core
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "common.ini").write_text(COMMON)
    (tmp_path / "one").mkdir()
    (tmp_path / "one/model.ini").write_text(OWN)
    return tmp_path


def test_words_come_from_the_common_file_first_and_once(folder):
    one = model.Model("one", folder)
    assert one.packages == ["systemd", "udev", "wpasupplicant", "mine"]
    assert one.early_modules == ["peel", "core"]
    assert one.kernel == "linux-image-arm64"
    assert one.modules == ["crypto/"]


@pytest.mark.parametrize("name", ["two", "", "..", "one/../one", "."])
def test_a_kind_that_is_not_there_is_refused_with_those_that_are(folder, name):
    with pytest.raises(Refused, match="choose one of: one$"):
        model.Model(name, folder)


def test_a_kind_that_cannot_be_built_yet_says_what_is_missing():
    with pytest.raises(Refused, match="rpi5 .* device tree .* no USB gadget"):
        model.Model("rpi5")


@pytest.mark.parametrize("line", ["arch = m68k", "family = stone"])
def test_a_section_that_is_missing_is_named(folder, line):
    key = line.partition(" ")[0]
    lines = [line if each.startswith(key) else each for each in OWN.splitlines()]
    (folder / "one/model.ini").write_text("\n".join(lines))
    with pytest.raises(Refused, match=r"\[%s-%s\]" % (key, line.rpartition(" ")[2])):
        model.Model("one", folder)


@pytest.mark.parametrize("key", ["title", "arch", "boot"])
def test_a_model_without_what_it_must_say_is_refused(folder, key):
    lines = [each for each in OWN.splitlines() if not each.startswith(key)]
    (folder / "one/model.ini").write_text("\n".join(lines))
    with pytest.raises(Refused, match="one/model.ini.*%s" % key):
        model.Model("one", folder)


@pytest.mark.parametrize("name", model.names())
def test_every_kind_of_the_checkout_is_complete(name):
    one = model.Model(name)
    assert one.boot in ("bios", "efi")
    assert {"systemd", "python3", "rauc"} <= set(one.packages)
    assert "ext4" in one.early_modules
    for overlay in one.overlays:
        assert one.overlay(overlay).is_file()


@pytest.mark.parametrize("name", [name for name in model.names() if name.startswith(("rpi", "cm"))])
def test_a_raspberry_pi_starts_from_files_that_its_card_has(name):
    one = model.Model(name)
    trees = {path.rpartition("/")[2] for path in one.card_files}
    for overlay in one.overlays:  # one after the other, each over all that there are
        trees |= {"%s-%s.dtb" % (tree[:-4], overlay) for tree in trees}
    for line in (one.folder / "card/config.txt").read_text().splitlines():
        key, _, value = line.partition("=")
        if key in ("device_tree", "kernel"):
            assert value in trees
