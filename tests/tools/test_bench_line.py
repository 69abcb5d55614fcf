"""The tools that the benchmark brings itself: the delayed line, the NBD client, the reader of profiles."""

import contextlib
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

from tests.process.boards import free_port
from tools.bench import delay, nbd_client, profile
from tools.bench.backlog import BLOCK, Writer
from tools.bench.nbd_client import NbdClient, NbdError
from tools.bench.peers import NbdkitFile, wait_for_socket
from tools.bench.workspace import Workspace

DELAY_S = 0.03


@pytest.fixture
def line():
    """Two ends of a delayed line, and the thread that carries between them."""
    near, near_inside = socket.socketpair()
    far_inside, far = socket.socketpair()
    for inside in (near_inside, far_inside):
        inside.setblocking(False)
    thread = threading.Thread(target=delay.relay, args=(near_inside, far_inside, DELAY_S))
    thread.start()
    near.settimeout(60)
    far.settimeout(60)
    yield near, far
    for end in (near, far):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_WR)
    thread.join(60)
    assert not thread.is_alive()
    for end in (near, far, near_inside, far_inside):
        end.close()


def test_each_way_takes_its_time(line):
    near, far = line
    took_s = []
    for _ in range(10):  # the quickest is judged: the machine may be busy elsewhere
        begin = time.monotonic()
        near.sendall(b"ping")
        assert far.recv(10) == b"ping"
        took_s.append(time.monotonic() - begin)
    assert DELAY_S <= min(took_s) < 10 * DELAY_S
    far.sendall(b"pong")
    assert near.recv(10) == b"pong"
    assert time.monotonic() - begin >= 2 * DELAY_S


def test_much_comes_out_whole_and_pipelined(line):
    near, far = line
    data = bytes(range(256)) * 16384  # 4 MiB: many pieces, all on the way at once
    took_s = []
    for _ in range(3):
        sender = threading.Thread(target=near.sendall, args=(data,))
        begin = time.monotonic()
        sender.start()
        received = bytearray()
        while len(received) < len(data) and (piece := far.recv(1 << 16)):
            received += piece
        took_s.append(time.monotonic() - begin)
        sender.join()
        assert received == data
    assert min(took_s) < 2
    near.shutdown(socket.SHUT_WR)
    assert far.recv(1) == b""




@pytest.mark.parametrize("reply", [
    b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", struct.pack(">QQH", nbd_client.NBDMAGIC, nbd_client.IHAVEOPT, 0),
    struct.pack(">QQH", nbd_client.NBDMAGIC, nbd_client.IHAVEOPT, 3) + bytes(20),
    struct.pack(">QQHQIII", nbd_client.NBDMAGIC, nbd_client.IHAVEOPT, 3, nbd_client.OPTION_REPLY, 7, 0x80000006, 5)
    + b"no, no",
])
def test_a_server_that_is_none(tmp_path, reply):
    path = str(tmp_path / "sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(reply)
                connection.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionResetError):
                    while connection.recv(100):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(NbdError):
            NbdClient(path, 5)
        thread.join(5)


@pytest.fixture
def nbdkit(tmp_path):
    if NbdkitFile.missing():
        pytest.skip(NbdkitFile.missing())
    with Workspace(str(tmp_path)) as place:
        image, path = place.image("disk", 8 << 20), place.path("sock")
        process = place.spawn("nbdkit", ["nbdkit", "-f", "-U", path, "file", image])
        wait_for_socket(path, process, lambda: place.last_words("nbdkit"))
        yield path, image


@pytest.mark.parametrize("depth", [1, 8])
def test_pairs_of_write_and_flush_against_a_foreign_server(nbdkit, depth):
    path, image = nbdkit
    writer = Writer((8 << 20) // BLOCK)
    with NbdClient(path) as client:
        assert client.size == 8 << 20
        assert client.write_and_flush(writer.writes(500), depth) == 500
        offset, number = next(iter(writer.written.items()))
        assert client.read(offset, BLOCK) == writer.content(number)
    assert writer.wrong(image, 500) == 0


def test_a_wrong_block_is_seen(nbdkit):
    path, image = nbdkit
    writer = Writer((8 << 20) // BLOCK)
    with NbdClient(path) as client:
        client.write_and_flush(writer.writes(20), 4)
        client.write(next(iter(writer.written)), bytes(BLOCK))
        client.flush()
    assert writer.wrong(image, 20) == 1


def test_a_failed_command_is_told(nbdkit):
    with NbdClient(nbdkit[0]) as client, pytest.raises(NbdError):
        client.write(8 << 20, bytes(512))


RAW = """process 7;main (loop.py:10);received (nbd.py:5);crc32 (checksum.py:3) 30
process 7;main (loop.py:10);received (nbd.py:5) 10
process 7;main (loop.py:10) 60
a line that is cut
"""


def test_samples_are_summed_by_function():
    own, _, whole = profile.summary(RAW).partition("with what it called")
    assert [line.split("%")[0].strip() for line in own.splitlines()[1:]] == ["60.0", "30.0", "10.0"]
    assert "100.0 %  main (loop.py:10)" in whole
    assert " 40.0 %  received (nbd.py:5)" in whole


def test_recursion_counts_once():
    assert "100.0 %  f (a.py:1)" in profile.summary("f (a.py:1);f (a.py:1) 5\n").partition("with what it called")[2]


def test_no_samples():
    assert profile.summary("") == "no samples"


def test_the_line_as_a_process(tmp_path):
    with Workspace(str(tmp_path)) as place, socket.create_server(("127.0.0.1", 0)) as target:
        target.settimeout(60)
        port = free_port()
        place.spawn("delay", [sys.executable, "-m", "tools.bench.delay", str(port),
                              str(target.getsockname()[1]), "20"], stdout=subprocess.DEVNULL)
        near = connect(port)
        far, _ = target.accept()
        with near, far:
            begin = time.monotonic()
            near.sendall(b"x")
            assert far.recv(1) == b"x"
            assert time.monotonic() - begin >= 0.02
            far.close()
            assert near.recv(1) == b""


def connect(port):
    end = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def test_py_spy_is_found_or_not(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(profile.sys, "executable", "/nonexistent/python3")
    assert profile.sampler() is None
    assert shutil.which("py-spy") is None
