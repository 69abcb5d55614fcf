"""The pair of test_pair.py among strangers: at its open ports, and on the line between the boards.

Each is refused, the boards need no more memory for it, and the server's next write is on the twin as ever.
"""

import json
import ssl
import time

import pytest

from firmware.ports.cpython import keys
from tests.image.lib import inside, stranger
from tests.image.lib.host import disk_of
from tests.image.lib.mischief import Mischief
from tests.image.lib.pair import Pair
from tests.image.lib.wire import Wire
from tests.ports.keyring import der, identity
from tests.process.boards import wait_until

pytestmark = pytest.mark.timeout(1800)
# The ports that the README lists, and no others.
OPEN = {"left": {443}, "right": {443, 7411}}
BOARD_ADDRESS = "10.0.2.15"
HALF_OPEN = 500
MOST_GROWTH_MIB = 16
PEERS = "/state/keys/peer.crt"
# kind: (name and kind of its certificate, the newest TLS that it speaks, what the twin says)
STRANGERS = {
    "missing": (None, None, "somebody without a certificate called"),
    "old": (("wrong", "good"), ssl.TLSVersion.TLSv1_2, "does not speak TLS 1.3"),
    "wrong": (("left", "good"), None, "is not the one that this board is paired with"),
    "expired": (("left", "expired"), None, "has expired: is the clock of this board right"),
    "early": (("left", "early"), None, "is not valid yet: is the clock of this board right"),
    "revoked": (("lost", "good"), None, "is revoked"),
}
PINNED = ("expired", "early", "revoked")


@pytest.fixture(scope="module")
def running(running: Pair):
    yield running
    running.end()


@pytest.fixture(scope="module")
def device(running: Pair) -> str:
    return disk_of(running.left)


@pytest.fixture
def closed_line(running: Pair):
    """Nobody else calls the twin meanwhile."""
    running.line.open = False
    running.line.cut()
    yield
    running.line.open = True


@pytest.fixture
def pins(running: Pair):
    """The twin trusts some strangers as well, and its clock."""
    twin = running.right
    own = twin.shell.run("cat " + PEERS).encode()
    twin.shell.run("mkdir -p /run/systemd/timesync && touch /run/systemd/timesync/synchronized")
    inside.replace(twin, PEERS, own + b"".join(identity(*STRANGERS[kind][0])[1] for kind in PINNED))
    revoked = keys.fingerprint(der(identity(*STRANGERS["revoked"][0])[1]))
    twin.surface.ask("POST", "/api/pair/revoke", {"fingerprint": revoked})
    yield
    inside.replace(twin, PEERS, own)


def test_strangers_at_the_port_of_the_link(running, closed_line, pins, device, tmp_path):
    """None hears a byte from inside of TLS, and the twin says why; the other board does, when it calls again."""
    twin, before = running.right, running.right.status()["group"]
    for kind in STRANGERS:
        wait_until("the twin says why " + kind, lambda kind=kind: is_refused(twin, kind, tmp_path), 240, 0.5)
    assert twin.status()["group"] == before and twin.status()["link"]["state"] == "waiting"
    left = json.loads(running.file.read_text())["boards"]["left"]
    assert stranger.is_answered(twin.link, None, (left["key"].encode(), left["certificate"].encode()), tmp_path)
    running.line.open = True
    running.write_and_compare(device)
    running.wait_well()


def is_refused(twin, kind: str, folder) -> bool:
    """Whether the twin says so; it must not answer in any case."""
    who, version, words = STRANGERS[kind]
    assert not stranger.is_answered(twin.link, version, identity(*who) if who else None, folder), kind
    return words in " | ".join(twin.status()["alarms"])


def test_strangers_at_the_page(running):
    shut = (("GET", "/api/status"), ("GET", "/plain"), ("POST", "/api/promote"), ("GET", "/metrics"))
    for method, path in shut + (("GET", "/"),):  # the page itself is the same for everybody: it asks for the password
        code, body = running.left.stranger.request(method, path, {} if method == "POST" else None)
        assert code == (401 if (method, path) in shut else 200), (method, path, code)
        assert b"mirroring" not in body
    question = b"GET /api/status HTTP/1.1\r\nHost: board\r\n\r\n"
    assert stranger.is_answered(running.left.web, says=question)
    assert not stranger.is_answered(running.left.web, ssl.TLSVersion.TLSv1_2, says=question)
    assert b"mirroring" not in stranger.answer_to(running.left.web, question)


@pytest.mark.parametrize("deed", Mischief.DEEDS)
def test_records_on_the_line_are(running, device, deed):
    """It costs the connection, and nothing else."""
    before, running.line.deed = running.line.callers, deed
    running.write_and_compare(device)
    assert not running.line.deed and running.line.callers > before


def test_a_connection_that_is_played_back_says_nothing_new(running, device):
    running.line.cut()
    wait_until("one connection has said a write and more", lambda: says_enough(running, device), 600)
    recorded, before = bytes(running.line.said), running.right.status()["group"]
    assert len(recorded) > 1 << 20
    stranger.answer_to(running.right.link, recorded)
    assert running.right.status()["group"] == before
    running.write_and_compare(device)


def says_enough(running, device) -> bool:
    """Writes once more; a connection that stood still for a second is cut by the line, and the next begins anew."""
    running.write_and_compare(device)
    return len(running.line.said) > 1 << 20


@pytest.mark.parametrize("port", ["link", "web"])
def test_half_open_connections_keep_nobody_out(running, device, port):
    """Who goes no further than the first word keeps neither the other board out nor a person from the page."""
    twin = running.right
    before = inside.firmware_kib(twin), inside.memory_in_use_mib(twin)
    with stranger.crowd(getattr(twin, port), HALF_OPEN):
        running.line.cut()
        began = time.monotonic()
        twin.wait_for("the link is up again", lambda status: status["link"]["state"] == "up", 240)
        print("the link is up again after %.1f s" % (time.monotonic() - began))
        running.write_and_compare(device)
        grown = (inside.firmware_kib(twin) - before[0]) >> 10, inside.memory_in_use_mib(twin) - before[1]
    print("%d callers at the port %s: %d MiB more in the firmware, %d in the board" % (HALF_OPEN, port, *grown))
    assert max(grown) < MOST_GROWTH_MIB


def test_open_ports_from_outside(running):
    wire = Wire(running.folder / "ours", running.folder / "theirs")
    try:
        found = wire.scan(BOARD_ADDRESS)
    finally:
        wire.close()
    assert {port for port, what in found.items() if what == "open"} == OPEN["right"]
    assert set(found.values()) == {"open", "closed"}


@pytest.mark.parametrize("name", ["left", "right"])
def test_open_ports_from_inside(running, name):
    """For the addresses of the network: what the README lists, and the client of DHCP."""
    board = getattr(running, name)
    tcp, udp = inside.listening(board)
    assert tcp == OPEN[name]
    others, deadline = udp - {68, 546}, time.monotonic() + 60
    while others and time.monotonic() < deadline:
        time.sleep(1)  # a question of its own, for a name or the time, has a port for a moment
        others &= inside.listening(board)[1]
    assert not others


def test_an_orderly_end(running):
    """Power off by the system: quick, nothing lost, and the next start knows the pair."""
    running.right.shell.run("true")  # it may be this that starts the shell
    began = time.monotonic()
    running.right.shut_down()
    assert time.monotonic() - began < 120
