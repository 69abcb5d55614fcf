"""The link over TLS between real boards: killed, changed on its way, besieged, called with wrong certificates."""

import contextlib
import random
import socket
import ssl
import threading
import time

import pytest

from firmware.ports.cpython import keyfolder, keys
from tests.ports.keyring import identity, write
from tests.process.boards import wait_until
from tests.process.keyed import KeyedPair, client_hello, talk
from tests.process.oracle import History
from tests.process.relay import Relay
from tests.process.test_kill import SIZE, check_images_equal, continue_after_kill
from tests.process.writer import Writer


@pytest.fixture
def make_keyed_pair(tmp_path):
    made = []

    def make(**lines):
        made.append(KeyedPair(tmp_path, **lines).introduce())
        return made[-1]

    yield make
    for pair in made:
        pair.end()


@pytest.fixture
def pair(make_keyed_pair):
    pair = make_keyed_pair().start()
    pair.wait_up()
    return pair


def through(pair, relay) -> None:
    pair.left.write_conf(peer="127.0.0.1:%d" % relay.port)


def alarms(board) -> str:
    return " | ".join(board.status()["alarms"])


def test_killed_again_and_again_over_tls(make_keyed_pair):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    dice, history = random.Random(seed), History(SIZE)
    pair = make_keyed_pair().start()
    for round_ in range(6):
        writer = Writer(pair.left, history, dice).start()
        time.sleep(dice.uniform(0.05, 0.7))
        if round_ % 3:
            pair.right.kill()
        if round_ % 3 != 1:
            pair.left.kill()
            writer.join()
            pair.left.start()
        if round_ % 3:
            pair.right.start()
        if round_ % 3 == 1:
            writer.stop()
        continue_after_kill(history, pair.left, writer)
    pair.wait_drained()
    check_images_equal(pair, history)


class Wire(Relay):
    """A wire whose owner reads along, changes what he likes, and keeps what the left board said."""

    def __init__(self, target: int):
        self.said = bytearray()
        self.spoil_at = None
        super().__init__(target)

    def touch(self, data: bytes) -> bytes:
        begin = len(self.said)
        self.said += data
        if self.spoil_at is None or self.spoil_at >= len(self.said):
            return data
        place = max(0, self.spoil_at - begin)  # more was said while the place was chosen
        self.spoil_at = None
        return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.fixture
def wire(make_keyed_pair):
    """(pair, its wire), started."""
    pair = make_keyed_pair()
    wire = Wire(pair.port)
    through(pair, wire)
    pair.start()
    pair.wait_up()
    yield pair, wire
    wire.end()


def test_nothing_of_it_can_be_read_on_the_wire(wire):
    pair, wire = wire
    text = b"a word that nobody else should read"
    client = pair.left.patient_client()
    client.write(0, text.ljust(4096, b"."))
    client.flush()
    pair.wait_drained()
    assert text in pair.right.image.read_bytes()
    assert len(wire.said) > 4096 and text not in wire.said
    for secret in (b"SosieLnk", b"left", pair.left.certificate, pair.right.certificate):
        assert secret not in wire.said


def test_a_bit_that_changes_on_the_wire_costs_a_connection_and_nothing_else(wire):
    pair, wire = wire
    dice, history = random.Random(4), History(SIZE)
    for _ in range(3):
        writer = Writer(pair.left, history, dice).start()
        time.sleep(0.2)
        wire.spoil_at = len(wire.said) + dice.randrange(20000)
        wait_until("the bit is changed", lambda: wire.spoil_at is None)
        writer.stop()
    pair.wait_drained()
    check_images_equal(pair, history)


def test_a_connection_that_is_played_back_says_nothing_new(wire):
    pair, wire = wire
    client = pair.left.patient_client()
    client.write(0, b"old".ljust(4096))
    client.flush()
    pair.wait_drained()
    recorded = bytes(wire.said)
    client.write(0, b"new".ljust(4096))
    client.flush()
    pair.wait_drained()
    before = pair.right.status()["group"]
    assert talk(pair.port, recorded)[-24:-19] == b"\x17\x03\x03\x00\x13"  # the size of an alert, encrypted
    assert pair.right.status()["group"] == before
    assert pair.right.image.read_bytes()[:3] == b"new"
    assert pair.left.status()["link"]["state"] == "up"


def test_five_hundred_half_open_connections_do_not_keep_the_other_board_out(make_keyed_pair):
    pair = make_keyed_pair()
    pair.right.start()
    hello, before = client_hello(), resident_kib(pair.right)
    with contextlib.ExitStack() as stack:
        crowd = []
        for place in range(500):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", pair.port), timeout=30))
            sock.sendall((b"", hello[:1], hello[:100], hello)[place % 4])
            crowd.append(sock)
        pair.left.start()
        begin = time.monotonic()
        pair.wait_up()
        took_s = time.monotonic() - begin
        print("the link is up after %.2f s" % took_s)
        assert took_s < 5
        pair.left.patient_client().write(0, b"x" * 4096)
        pair.wait_drained()
        grown = resident_kib(pair.right) - before
        print("with %d KiB more memory" % grown)
        assert grown < 16 << 10
    assert pair.right.status()["link"]["state"] == "up"


def test_a_siege_does_not_keep_the_other_board_out_either(make_keyed_pair):
    """Callers who begin a handshake, drop it, and call again as often as they can."""
    pair, hello, over = make_keyed_pair(), client_hello(), threading.Event()
    pair.right.start()

    def call_again_and_again():
        with contextlib.ExitStack() as stack:
            while not over.is_set():
                with contextlib.suppress(OSError):
                    sock = stack.enter_context(socket.create_connection(("127.0.0.1", pair.port), timeout=2))
                    sock.sendall(hello)

    besiegers = [threading.Thread(target=call_again_and_again) for _ in range(2)]
    for each in besiegers:
        each.start()
    try:
        time.sleep(2)
        pair.left.start()
        pair.wait_up()
        pair.left.patient_client().write(0, b"x" * 4096)
        pair.wait_drained()
    finally:
        over.set()
        for each in besiegers:
            each.join()


def resident_kib(board) -> int:
    with open("/proc/%d/status" % board.process.pid) as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


STRANGERS = {
    "wrong": (lambda: identity("left"), {}, "is not the one that this board is paired with"),
    "expired": (lambda: identity("left", "expired"), {"pin": True}, "has expired: is the clock of this board right"),
    "early": (lambda: identity("left", "early"), {"pin": True}, "is not valid yet: is the clock of this board right"),
    "revoked": (lambda: identity("left"), {"pin": True, "revoke": True}, "is revoked"),
    "missing": (lambda: None, {}, "somebody without a certificate called"),
    "old": (lambda: identity("left"), {"most": ssl.TLSVersion.TLSv1_2}, "does not speak TLS 1.3"),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_caller_whose_certificate_is(make_keyed_pair, tmp_path, kind):
    own, options, says = STRANGERS[kind][0](), STRANGERS[kind][1], STRANGERS[kind][2]
    pair = make_keyed_pair()
    if options.get("pin"):
        write(tmp_path / "right.keys" / "peer.crt", keys.pem_of(pair.left.certificate) + own[1])
    if options.get("revoke"):
        keyfolder.revoke(pair.right.keys, keys.fingerprint(ssl.PEM_cert_to_DER_cert(own[1].decode())))
    pair.right.start()
    heard = call(pair.port, tmp_path, own, options.get("most", ssl.TLSVersion.TLSv1_3))
    assert heard == b""
    wait_until("it is said", lambda: says in alarms(pair.right))
    status = pair.right.status()
    assert status["link"]["state"] == "waiting"  # anybody may call; it says nothing of the other board
    assert [each["level"] for each in status["conditions"] if each["name"] == "no_link"] == ["warning"]
    for _ in range(5):
        call(pair.port, tmp_path, own, options.get("most", ssl.TLSVersion.TLSv1_3))
    pair.left.start()
    pair.wait_up()
    assert says not in alarms(pair.right)


def call(port, tmp_path, own, most) -> bytes:
    """What somebody with this certificate hears from the inside of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode, context.maximum_version = False, ssl.CERT_NONE, most
    if own is not None:
        (tmp_path / "both.pem").write_bytes(own[0] + own[1])
        context.load_cert_chain(tmp_path / "both.pem")
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as sock, context.wrap_socket(sock) as tls:
            tls.sendall(b"SosieLnk\1\0\0\0")
            return tls.recv(1000)
    except (ssl.SSLError, ConnectionError):
        return b""


def test_a_board_whose_twin_is_somebody_else_says_so_and_tells_nothing(make_keyed_pair, tmp_path):
    pair = make_keyed_pair()
    write(tmp_path / "left.keys" / "peer.crt", identity("another")[1])
    pair.start()
    wait_until("it is said", lambda: "is not the one that this board is paired with" in alarms(pair.left))
    wait_until("the other one says it, too", lambda: "refuses this board's certificate" in alarms(pair.right))
    write(tmp_path / "left.keys" / "peer.crt", keys.pem_of(pair.right.certificate))
    pair.wait_up()
    assert alarms(pair.left) == alarms(pair.right) == ""


def test_a_board_that_is_revoked_while_the_link_is_up(pair):
    keyfolder.revoke(pair.right.keys, keys.fingerprint(pair.left.certificate))
    wait_until("the link is cut", lambda: "is revoked" in alarms(pair.right), 8)
    assert pair.right.status()["link"]["state"] != "up"
    wait_until("the other board is told", lambda: "has it revoked this board" in alarms(pair.left), 20)
    client = pair.left.patient_client()
    client.write(0, b"x" * 4096)
    client.flush()
    time.sleep(1)
    assert pair.left.status()["backlog"]["groups"] >= 1 and pair.right.status()["group"]["durable"] == 1


def test_new_keys_while_the_link_is_up(pair):
    new = keyfolder.prepare_next(pair.left.keys, "left")
    keyfolder.pin_also(pair.right.keys, new)
    time.sleep(2.5)  # until the right board has looked
    keyfolder.use_next(pair.left.keys)
    wait_until("the new one was seen", lambda: pair.right.peers == [new])
    pair.wait_up()
    pair.left.patient_client().write(0, b"x" * 4096)
    pair.wait_drained()
    assert alarms(pair.left) == alarms(pair.right) == ""


def test_a_damaged_folder_is_said_and_what_runs_goes_on(pair, tmp_path):
    good = (tmp_path / "right.keys" / "peer.crt").read_bytes()
    write(tmp_path / "right.keys" / "peer.crt", b"damaged")
    wait_until("it is said", lambda: "peer.crt is damaged" in alarms(pair.right))
    pair.left.patient_client().write(0, b"x" * 4096)
    pair.wait_drained()
    pair.right.kill()
    pair.right.start()  # with nothing from before in force
    assert "the link is closed" in alarms(pair.right) and "peer.crt is damaged" in alarms(pair.right)
    assert pair.left.status()["link"]["state"] != "up"
    write(tmp_path / "right.keys" / "peer.crt", good)
    pair.wait_up()


def test_a_board_without_keys_is_no_twin_for_one_that_has_them(make_keyed_pair, make_board):
    pair = make_keyed_pair()
    plain = make_board("plain", role="twin", peer=None, listen="127.0.0.1:%d" % pair.port)
    plain.start()
    pair.left.start()
    wait_until("it is said", lambda: "is it a board with keys that listens there?" in alarms(pair.left))
    assert plain.status()["group"]["durable"] == 0
