"""A small file that people may edit, on a real file system, and whatever else may stand in its place."""

import errno
import os
import threading

import pytest

from firmware.errors import Refused, Unkept
from firmware.ports import notebook, smallfile
from firmware.ports.lanes import run_job
from firmware.ports.notebook import Notebook
from tests.ports.conversations import in_time


def read(path, most=1000):
    return run_job(Notebook(str(path), "settings", most), "read", ())


def change(path, data=b"new"):
    return run_job(Notebook(str(path), "settings"), "change", (lambda before: data,))


def told(outcome, *words):
    result, error = outcome
    assert result is None and isinstance(error, Unkept) and isinstance(error, Refused), outcome
    assert all(word in str(error) for word in words), error
    assert "[Errno" not in str(error) and ".new" not in str(error)


def test_it_comes_back(tmp_path):
    path = tmp_path / "left.settings"
    assert read(path) == (None, None)
    for data in (b"one", b"", b"x" * 900):
        assert change(path, data) == (data, None) and read(path) == (data, None)
    assert os.listdir(tmp_path) == ["left.settings"]


def test_what_is_too_long_is_not_read_on(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"y" * 5000)
    assert read(path) == (b"y" * 1001, None)


@pytest.mark.parametrize("lay", [os.mkfifo, os.mkdir, lambda path: os.mknod(path, 0o020600, os.makedev(1, 5))])
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path, lay):
    path = tmp_path / "file"
    try:
        lay(path)
    except PermissionError:
        pytest.skip("only root makes devices")
    before = os.lstat(path).st_mode
    for call in (read, change):
        told(in_time(lambda call=call: call(path)), "settings = %s: it is no file; delete" % path)
    assert os.lstat(path).st_mode == before and os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_one(tmp_path, there):
    path, target = tmp_path / "file", tmp_path / "other"
    if there:
        target.write_bytes(b"kept")
    path.symlink_to(target)
    for call in (read, change):
        told(call(path), "is a link; name the file that it points to")
    assert path.is_symlink() and target.exists() == there


@pytest.mark.parametrize("name", ["nowhere/file", "file/below"])
def test_a_folder_that_is_not_there_is_told_at_once(tmp_path, name):
    (tmp_path / "file").write_bytes(b"")
    for call in (read, change):
        told(call(tmp_path / name), "settings = %s/" % tmp_path, "make its folder, or name another place")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "(No space left on device); make room there"),
        (errno.EIO, "(Input/output error); replace the medium, or name another place"),
        (errno.EROFS, "(Read-only file system); make it writable, or name another place"),
        (errno.EPERM, "(Operation not permitted); let this board write there, or name another place"),
        (errno.EBUSY, "(Device or resource busy); name another place"),
    ],
)
def test_a_medium_that_refuses_leaves_nothing_behind(tmp_path, monkeypatch, number, words):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fails(*_, **__):
        raise OSError(number, os.strerror(number), "file.new", None, "file")

    monkeypatch.setattr(smallfile.system, "rename", fails)
    told(change(path), "settings = %s cannot be written %s" % (path, words))
    assert os.listdir(tmp_path) == ["file"] and path.read_bytes() == b"old"
    monkeypatch.setattr(smallfile.system, "pread", fails)
    told(read(path), "settings = %s cannot be read %s" % (path, words))


def test_a_medium_that_hangs_before_the_board_runs(tmp_path, monkeypatch):
    """A board whose settings cannot be read serves its disk all the same."""
    book, go_on = Notebook(str(tmp_path / "x"), "settings"), threading.Event()
    monkeypatch.setattr(notebook, "_PATIENCE_S", 0.1)
    monkeypatch.setattr(book, "_data", lambda: go_on.wait(20))
    told(book.read_first(), "settings", "no answer")
    go_on.set()
    monkeypatch.setattr(notebook, "_PATIENCE_S", 20)
    assert Notebook(str(tmp_path / "y"), "settings").read_first() == (None, None)
