"""The quota's small file, on a real file system."""

import os

import pytest

from firmware.errors import Refused
from firmware.ports.lanes import run_job
from firmware.ports.quotafile import QuotaFile


def read(path):
    return run_job(QuotaFile(str(path)), "read", ())


def test_it_comes_back(tmp_path):
    path = tmp_path / "quota"
    assert read(path) == (None, None)
    for record in ((20006, 0), (20007, 5 << 40)):
        assert run_job(QuotaFile(str(path)), "write", (record,)) == (None, None)
        assert read(path) == (record, None)
    assert os.listdir(tmp_path) == ["quota"]


@pytest.mark.parametrize("data", [b"", b"1", b"1 2 3", b"one two", b"-1 5", b"1 " + b"9" * 30, b"\xff", b"7" * 5000])
def test_what_makes_no_sense_is_refused(tmp_path, data):
    path = tmp_path / "quota"
    path.write_bytes(data)
    record, error = read(path)
    assert record is None and isinstance(error, Refused) and "delete it, or name another" in str(error)


def test_a_folder_that_is_not_there(tmp_path):
    path = tmp_path / "nowhere" / "quota"
    assert read(path) == (None, None)
    error = run_job(QuotaFile(str(path)), "write", ((1, 2),))[1]
    assert isinstance(error, Refused) and "No such file" in str(error)


def test_a_path_that_is_no_file(tmp_path):
    error = read(tmp_path)[1]
    assert isinstance(error, Refused) and "cannot be read" in str(error)
