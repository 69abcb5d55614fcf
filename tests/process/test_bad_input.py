"""Bad input: one sentence, exit code 2 or a closed connection, nothing changed, nobody else disturbed."""

import hashlib
import os
import random
import socket
import struct
import subprocess
import time

import pytest

from tests.process.boards import free_port, wait_until
from tests.process.nbd_client import Client, Failed, Refused


def fingerprint(folder) -> dict:
    """Name, size and content of every file but logs and configurations."""
    return {
        path.name: (path.stat().st_size, hashlib.sha256(path.read_bytes()).digest())
        for path in folder.iterdir() if path.suffix in (".img", ".journal")
    }  # fmt: skip


CONFIGURATIONS = {
    "unknown key": ({"colour": "red"}, "colour"),
    "mistyped key": ({"jornal_size": "16M"}, "jornal_size"),
    "absurd size": ({"disk_size": "9999999999T"}, "disk_size"),
    "negative size": ({"journal_size": "-5M"}, "journal_size"),
    "size that is no number": ({"disk_size": "large"}, "disk_size"),
    "size of no whole sectors": ({"disk_size": "1000001"}, "disk_size"),
    "wrong role": ({"role": "master"}, "role"),
    "no role": ({"role": None}, "role"),
    "path in no folder": ({"disk": "/nonexistent/folder/x.img"}, "/nonexistent/folder/x.img"),
    "journal in no folder": ({"journal": "/nonexistent/x.journal"}, "/nonexistent/x.journal"),
    "disk is a folder": ({"disk": "/tmp"}, "/tmp"),
    "disk is a file without an end": ({"disk": "/proc/self/mem", "disk_size": None}, "/proc/self/mem"),
    "same file twice": ({"disk": "/tmp/sosie-same", "journal": "/tmp/sosie-same"}, "same"),
    "port that is none": ({"web": "127.0.0.1:99999"}, "web"),
    "open to the network": ({"listen": "0.0.0.0:7411"}, "listen"),
    "not built yet": ({"when_full": "catch_up"}, "catch_up"),
    "keys that are not there": ({"keys": "/srv/left.keys"}, "keys"),
    "history, not built yet": ({"history_size": "256M"}, "history"),
    "more than there is room for": ({"journal_size": "900T"}, "journal"),
}


@pytest.mark.parametrize("case", CONFIGURATIONS)
def test_bad_configuration(make_board, tmp_path, case):
    lines, named = CONFIGURATIONS[case]
    before = fingerprint(tmp_path)
    sentence = make_board(**lines).refuses()
    assert named in sentence
    assert fingerprint(tmp_path) == before, "something was made or changed"


def test_no_configuration_at_all(make_board):
    board = make_board()
    board.conf.unlink()
    assert board.conf.name in board.refuses()


def test_configuration_that_is_garbage(make_board):
    board = make_board()
    board.conf.write_bytes(os.urandom(4096))
    board.refuses()


def test_one_port_twice_in_one_configuration(make_board):
    port = free_port()
    board = make_board(attach="nbd:127.0.0.1:%d" % port, web="127.0.0.1:%d" % port)
    assert "web" in board.refuses()


def test_unreadable_disk(make_board, tmp_path):
    """A path through a file is unreadable even for root."""
    (tmp_path / "file").write_bytes(b"x")
    board = make_board(disk=str(tmp_path / "file" / "x.img"))
    assert "x.img" in board.refuses()


@pytest.mark.parametrize("size", [0, 100, 512, 65536, 8 * 1024 * 1024 - 512])
def test_a_journal_too_small_for_one(make_board, tmp_path, size):
    board = make_board(journal_size=None)
    board.journal.write_bytes(bytes(size))
    before = fingerprint(tmp_path)
    assert "smaller than 8 MiB" in board.refuses()
    assert fingerprint(tmp_path) == before


@pytest.mark.parametrize("line", ["attach", "web", "listen"])
def test_two_boards_that_share_a_port(make_pair, tmp_path, line):
    pair = make_pair()
    pair.left.start()
    pair.right.write_conf(**{line: pair.left.lines[line]})
    before = set(fingerprint(tmp_path))
    sentence = pair.right.refuses()
    assert pair.left.lines[line].rsplit(":", 1)[1] in sentence
    assert set(fingerprint(tmp_path)) == before, "the refused board made files"
    assert pair.left.status()["state"]


def test_two_boards_on_one_disk(make_board):
    first = make_board("first").start()
    second = make_board("second", disk=first.image)
    assert str(first.image) in second.refuses()
    third = make_board("third", journal=first.journal)
    assert str(first.journal) in third.refuses()
    assert first.running


@pytest.fixture
def used_board(make_board):
    """A board that has been at work and stopped cleanly."""
    board = make_board().start()
    client = board.client()
    client.write(0, b"x" * 4096)
    client.flush()
    client.close()
    board.stop()
    return board


@pytest.mark.parametrize("size", [16 << 20, 64 << 20])
def test_a_disk_that_changed_size(used_board, tmp_path, size):
    os.truncate(used_board.image, size)
    before = fingerprint(tmp_path)
    used_board.write_conf(disk_size=None)
    assert str(32 << 20) in used_board.refuses()
    assert fingerprint(tmp_path) == before


def test_a_disk_size_that_is_not_the_disks(used_board, tmp_path):
    before = fingerprint(tmp_path)
    used_board.write_conf(disk_size="48M")
    used_board.refuses()
    assert fingerprint(tmp_path) == before


def test_a_journal_that_is_none(used_board, tmp_path):
    used_board.journal.write_bytes(os.urandom(16 << 20))
    before = fingerprint(tmp_path)
    assert "journal" in used_board.refuses()
    assert fingerprint(tmp_path) == before


def test_a_journal_cut_short(used_board, tmp_path):
    os.truncate(used_board.journal, 8 << 20)
    before = fingerprint(tmp_path)
    used_board.refuses()
    assert fingerprint(tmp_path) == before


def test_an_empty_journal_that_is_too_small(make_board, tmp_path):
    board = make_board(journal_size=None)
    board.journal.write_bytes(bytes(1 << 20))
    before = fingerprint(tmp_path)
    assert "8 MiB" in board.refuses()
    assert fingerprint(tmp_path) == before, "a disk was made for it"


def test_a_journal_of_another_pair(make_pair, make_board, tmp_path):
    """A twin whose journal belongs to another pair is refused by the primary; both live on and say so."""
    pair = make_pair().start()
    wait_until("they are a pair", lambda: pair.right.status()["state"] == "mirroring")
    stranger = make_board("stranger", role="primary", peer=pair.right.lines["listen"])
    stranger.start()
    wait_until("the stranger is told", lambda: any("pair" in alarm for alarm in stranger.status()["alarms"]))
    client = pair.left.client()
    client.write(0, b"y" * 4096)
    client.flush()
    client.close()
    pair.wait_drained()
    assert stranger.running


def test_a_twin_with_a_disk_of_another_size(make_pair):
    pair = make_pair()
    pair.right.write_conf(disk_size="16M")
    pair.start()
    wait_until("the difference is told", lambda: any("size" in alarm or "bytes" in alarm
                                                     for alarm in pair.left.status()["alarms"]))  # fmt: skip
    assert pair.right.running
    assert pair.right.status()["group"]["durable"] == 0
    pair.right.stop()
    os.truncate(pair.right.image, 32 << 20)
    pair.right.write_conf(disk_size="32M")  # as the alarm says; its journal has met nobody yet
    pair.right.start()
    still_mirrors(pair)


def test_a_fresh_twin_that_was_refused_is_fresh_still(make_pair):
    pair = make_pair().start()
    still_mirrors(pair)
    pair.right.kill()
    for board in (pair.right, pair.left):  # the twin lost all; its primary cannot begin anew with an old journal
        board.journal.unlink()
        if board is pair.right:
            board.image.unlink()
            board.start()
            wait_until("the twin is refused", lambda: any("start the pair anew" in alarm
                                                          for alarm in pair.left.status()["alarms"]))  # fmt: skip
            pair.left.stop()
    pair.left.start()
    still_mirrors(pair)


def test_what_the_set_up_found_is_an_alarm_of_a_board_that_serves(make_board, monkeypatch):
    monkeypatch.setenv("SOSIE_ALARMS", "the card brings keys\nand more")
    board = make_board().start()
    board.patient_client().write(0, bytes(4096))
    status = board.status()
    assert status["serving"] and {"the card brings keys", "and more"} <= set(status["alarms"])


@pytest.mark.skipif(os.path.isdir("/sys/class/udc") and os.listdir("/sys/class/udc"), reason="there is a controller")
def test_without_a_usb_device_controller_all_but_the_disk_on_usb_goes_on(make_pair):
    pair = make_pair()
    pair.left.write_conf(attach="usb")
    pair.right.write_conf(attach="usb")
    pair.start()
    wait_until("the first copy is through", lambda: pair.left.status()["state"] == "mirroring")
    for board, serves in ((pair.left, False), (pair.right, True)):
        status = board.status()
        assert ["attach = none" in each for each in status["alarms"]] == [True] and status["serving"] is serves
        assert "attach = none" in board.said()
    pair.left.kill()
    pair.right.promote()
    assert not pair.right.status()["serving"]
    pair.left.start()  # its keeper is there yet
    pair.left.stop()
    pair.right.stop()


@pytest.fixture
def device(tmp_path):
    """A block device of 48 MiB."""
    image = tmp_path / "device.img"
    with image.open("wb") as file:
        file.truncate(48 << 20)
    path = subprocess.check_output(["losetup", "--find", "--show", image], text=True).strip()
    yield image, path
    subprocess.run(["losetup", "--detach", path], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="loop devices are root's")
def test_a_twin_that_uses_a_part_of_a_larger_disk(make_pair, device):
    image, path = device
    with image.open("r+b") as file:
        file.seek(32 << 20)
        file.write(b"not ours" * 512)
    pair = make_pair()
    pair.right.write_conf(disk=path)
    pair.start()
    still_mirrors(pair)
    pair.right.stop()
    content = image.read_bytes()
    assert content[: 32 << 20] == pair.left.image.read_bytes()
    assert content[32 << 20 :] == b"not ours" * 512 + bytes((16 << 20) - 4096)


def still_mirrors(pair) -> None:
    client = pair.left.client()
    client.write(8192, os.urandom(4096))
    client.flush()
    client.close()
    pair.wait_drained()


GARBAGE = [
    b"GET / HTTP/1.1\r\n\r\n",
    b"POST /api/promote HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    b"\0" * 1000,
    b"NBDMAGIC" * 100,
    b"IHAVEOPT" + b"\xff" * 64,
    b"\r\n" * 500,
    b"\x16\x03\x01\x02\x00" * 50,  # the beginning of a TLS greeting
]


def test_a_client_that_goes_on_is_not_disturbed_by_garbage(make_pair):
    """Garbage on every port of both boards, of many kinds; a host's connection and the link live on."""
    pair = make_pair().start()
    host = pair.left.client()
    dice = random.Random(1)
    texts = GARBAGE + [dice.randbytes(dice.randint(1, 20000)) for _ in range(20)]
    ports = [board.nbd for board in (pair.left, pair.right)] + [board.web for board in (pair.left, pair.right)]
    ports += [int(board.lines["listen"].split(":")[1]) for board in (pair.left, pair.right)]
    for port in ports:
        for text in texts:
            pour(port, text)
        host.write(0, b"z" * 4096)
    host.flush()
    assert host.read(0, 4096) == b"z" * 4096
    host.close()
    assert pair.left.running and pair.right.running
    assert pair.right.status()["role"] == "twin"
    still_mirrors(pair)


def pour(port: int, text: bytes) -> None:
    """Sends it and reads whatever comes for a moment."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.settimeout(0.02)
            connection.sendall(text)
            while connection.recv(65536):
                pass
    except OSError:
        pass  # refused, reset, nothing to read: all of it is fine


def test_garbage_behind_an_nbd_handshake(make_board):
    board = make_board().start()
    other = board.client()
    for garbage in (b"\xff" * 28, struct.pack(">IHHQQI", 0x25609513, 0, 77, 1, 0, 0), b"\0" * 4096):
        client = board.client()
        client.socket.sendall(garbage)
        client.socket.settimeout(2)
        with pytest.raises((OSError, AssertionError)):
            while True:
                handle, error = client.take_reply()
                assert error == 0, "answered with an error, and that is fine"
        client.drop()
    other.write(0, b"o" * 512)
    other.close()


def test_a_peer_of_another_version(make_pair):
    """Whatever greets the twin with bytes that are no greeting of this version is closed; the pair lives on."""
    pair = make_pair()
    pair.right.start()
    port = int(pair.right.lines["listen"].split(":")[1])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.settimeout(30)
        try:
            first = connection.recv(4096)
        except OSError:
            first = b""
        replayed = bytearray(first or b"SOSIE-LINK-99" * 8)
        replayed[4:8] = b"\xff\xff\xff\x7f"
        connection.sendall(bytes(replayed))
        deadline = time.monotonic() + 15
        try:
            while connection.recv(4096):
                assert time.monotonic() < deadline, "the connection stays open"
        except ConnectionError:
            pass
    pair.left.start()
    still_mirrors(pair)


def test_beyond_the_end_and_unaligned(make_board):
    board = make_board().start()
    client = board.client()
    for offset, length in ((client.size, 512), (client.size - 512, 1024), (1 << 62, 512), (client.size - 4096, 65536)):
        with pytest.raises(Failed):
            client.write(offset, b"b" * length)
        with pytest.raises(Failed):
            client.zero(offset, length)
        with pytest.raises(Failed):
            client.read(offset, length)
    client.write(0, b"g" * 512)
    assert client.read(0, 512) == b"g" * 512
    assert client.read_all()[512:] == bytes(client.size - 512)
    client.close()


def test_an_export_that_is_none(make_board):
    board = make_board().start()
    with pytest.raises(Refused):
        Client(("127.0.0.1", board.nbd), name=b"nosuch")
    Client(("127.0.0.1", board.nbd), name=b"disk").close()


def test_clients_that_vanish_leave_room_for_others(make_board):
    board = make_board().start()
    for _ in range(100):
        client = board.client()
        client.send_write(0, b"v" * 4096)
        client.drop()
    half_open = [socket.create_connection(("127.0.0.1", port), timeout=5) for port in (board.nbd, board.web) * 10]
    client = board.client()
    client.write(0, b"w" * 512)
    assert client.read(0, 512) == b"w" * 512
    for connection in half_open:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/nosuch", None, 404),
        ("POST", "/api/status", {}, 405),
        ("GET", "/api/promote", None, 405),
        ("POST", "/api/promote", {"force": "yes"}, 400),
        ("POST", "/api/promote", {"fors": True}, 400),
    ],
)
def test_bad_requests_change_nothing(make_board, method, path, body, code):
    board = make_board("twin", role="twin", listen="127.0.0.1:%d" % free_port(), peer=None).start()
    answered, said = board.request(method, path, body)
    assert answered == code and b"error" in said
    assert board.status()["role"] == "twin"


def test_status_has_what_is_fixed(make_pair):
    pair = make_pair().start()
    still_mirrors(pair)
    for board in (pair.left, pair.right):
        status = board.status()
        assert set(status) >= set("name role state generation consistent disk_size group backlog journal history link "
                                  "alarms".split())  # fmt: skip
        assert set(status["group"]) >= set("written durable sent acked played".split())
        assert set(status["backlog"]) >= {"bytes", "groups", "seconds"}
        assert set(status["journal"]) >= {"size", "used"} and set(status["history"]) >= {"size", "used", "oldest"}
        assert set(status["link"]) >= set("state peer rtt_ms sent_bytes raw_bytes".split())
        assert status["disk_size"] == 32 << 20 and status["consistent"] is True and status["alarms"] == []
