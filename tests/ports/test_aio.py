"""Asynchronous I/O on plain files: what ends, in which order, and what an error does to those behind it."""

import errno
import os

import pytest

from firmware import ports


@pytest.fixture
def file(tmp_path):
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


class Ends:
    """Collects what ends and stops the loop after so many."""

    def __init__(self, loop, count):
        self.results = {}
        self._loop = loop
        self._count = count

    def __call__(self, number, result):
        self.results[number] = result
        if len(self.results) == self._count:
            self._loop.stop()


@pytest.fixture
def loop():
    loop = ports.Loop()
    loop.call_after(10000, loop.stop)
    return loop


@pytest.fixture
def aio(loop):
    aio = ports.Aio(loop, 8)
    yield aio
    aio.close()


def view(data):
    return memoryview(bytearray(data))


def test_what_is_written_is_read(loop, aio, file):
    ends, there = Ends(loop, 1), view(bytes(5000))
    aio.write(file, view(b"x" * 5000), ends)
    aio.submit()
    loop.run()
    loop.call_after(10000, loop.stop)
    more = Ends(loop, 1)
    aio.read(file, there, more)
    aio.submit()
    loop.run()
    assert list(ends.results.values()) + list(more.results.values()) == [5000, 5000]
    assert there == b"x" * 5000


def test_nothing_starts_before_submit(loop, aio, file):
    ends = Ends(loop, 2)
    aio.write(file, view(b"abc"), ends)
    aio.write(file, view(b""), ends)
    assert os.fstat(file).st_size == 0
    aio.submit()
    loop.run()
    assert sorted(ends.results.values()) == [0, 3]


def test_those_behind_a_request_that_is_not_taken_do_not_start(loop, aio, file):
    ends = Ends(loop, 3)
    aio.write(file, view(b"abc"), ends)
    aio.write(1 << 20, view(b"def"), ends)
    aio.write(file, view(b"longer"), ends)
    aio.submit()
    loop.run()
    assert [ends.results[number] for number in sorted(ends.results, reverse=True)] == [
        3,
        -errno.EBADF,
        -errno.ECANCELED,
    ]
    assert os.fstat(file).st_size == 3


def test_one_that_was_not_started_can_be_cancelled(loop, aio, file):
    ends = Ends(loop, 1)
    aio.cancel(aio.write(file, view(b"abc"), ends))
    aio.submit()
    loop.run()
    assert list(ends.results.values()) == [-errno.ECANCELED]
    assert os.fstat(file).st_size == 0


def test_numbers_are_used_again(loop, aio, file):
    for _ in range(5):
        ends = Ends(loop, 8)
        for _ in range(8):
            aio.write(file, view(b"abc"), ends)
        aio.submit()
        loop.run()
        loop.call_after(10000, loop.stop)
        assert set(ends.results) == set(range(8))
