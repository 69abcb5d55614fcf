"""The operations of the machine itself, as far as a machine without USB ports has them."""

import os
import tempfile

import pytest

from board.usb.system import System

SYSTEM = System()


def test_folders_links_and_attributes(tmp_path):
    folder, link = str(tmp_path / "a"), str(tmp_path / "l")
    SYSTEM.make(folder)
    SYSTEM.make_mount_point(folder + "/b/c")
    SYSTEM.make_mount_point(folder + "/b/c")
    SYSTEM.link(folder, link)
    assert SYSTEM.is_folder(folder) and not SYSTEM.is_folder(link) and SYSTEM.is_link(link)
    assert SYSTEM.names(str(tmp_path)) == ["a", "l"] and SYSTEM.names(folder + "/none") == []
    SYSTEM.unlink(link)
    with pytest.raises(FileNotFoundError):
        SYSTEM.write(folder + "/attribute", "x")  # an attribute is never made by writing it
    (tmp_path / "a/attribute").write_text("")
    SYSTEM.write(folder + "/attribute", "0x1d6b")
    assert SYSTEM.read(folder + "/attribute") == "0x1d6b"
    with pytest.raises(OSError):
        SYSTEM.remove(folder)
    SYSTEM.remove(folder + "/b/c")


def test_a_file_that_is_open():
    with tempfile.NamedTemporaryFile(prefix="ttyGS") as file:
        assert SYSTEM.is_open("/dev/" + os.path.basename(file.name))
    assert not SYSTEM.is_open("/dev/" + os.path.basename(file.name))


def test_mounts_that_fail(tmp_path):
    with pytest.raises(OSError):
        SYSTEM.mount("nosuchfilesystem", "x", str(tmp_path))
    with pytest.raises(OSError):
        SYSTEM.unmount(str(tmp_path))


def test_asking_for_modules_harms_nobody(monkeypatch):
    SYSTEM.load(["no_such_module_of_anybody"])
    monkeypatch.setenv("PATH", "/nowhere")
    SYSTEM.load([])
