"""Replacing a file in a folder that somebody without privileges owns, and may change at any moment."""

import os

import pytest

from board.files import write_whole
from firmware.ports.files import replace_file

WAYS = pytest.mark.parametrize("put", [write_whole, replace_file])


@pytest.fixture
def path(tmp_path):
    (tmp_path / "own").mkdir()
    return tmp_path / "own" / "file"


@WAYS
def test_what_lies_there_is_neither_followed_nor_opened(tmp_path, path, put):
    precious = tmp_path / "precious"
    precious.write_text("as it was")
    aside = path.with_name("file.new")
    for lay in (lambda: aside.symlink_to(precious), lambda: os.link(precious, aside), lambda: os.mkfifo(aside)):
        lay()
        path.symlink_to(precious)
        put(str(path), b"mine")
        assert path.read_bytes() == b"mine" and not path.is_symlink() and precious.read_text() == "as it was"
        assert not os.path.lexists(aside)
        path.unlink()


@WAYS
def test_a_folder_that_is_exchanged_meanwhile_does_not_lead_elsewhere(tmp_path, path, put, monkeypatch):
    elsewhere, real = tmp_path / "elsewhere", os.fsync
    elsewhere.mkdir()

    def exchange(descriptor):
        monkeypatch.undo()
        real(descriptor)
        path.parent.rename(tmp_path / "aside")
        path.parent.symlink_to(elsewhere)

    monkeypatch.setattr(os, "fsync", exchange)
    monkeypatch.setattr("firmware.ports.files.system.fsync", exchange)
    put(str(path), b"mine")
    assert (tmp_path / "aside" / "file").read_bytes() == b"mine" and not list(elsewhere.iterdir())


@WAYS
def test_the_mode_is_what_was_asked_for(path, put):
    before = os.umask(0o077)
    try:
        put(str(path), b"", 0o644)
    finally:
        os.umask(before)
    assert os.stat(path).st_mode & 0o777 == 0o644
    put(str(path), b"")
    assert os.stat(path).st_mode & 0o777 == 0o600


@WAYS
@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(path, put):
    put(str(path), b"")
    assert os.stat(path).st_uid == 0
    os.chown(path.parent, 1234, 1235)
    put(str(path), b"")
    assert (os.stat(path).st_uid, os.stat(path).st_gid) == (1234, 1235)


@WAYS
def test_a_failure_leaves_what_was(path, put):
    put(str(path), b"old")
    path.with_name("file.new").mkdir()
    with pytest.raises(OSError):
        put(str(path), b"new")
    assert path.read_bytes() == b"old"
