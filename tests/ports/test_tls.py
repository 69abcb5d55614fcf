"""TLS with OpenSSL: who is let in, who is not and what is said then, and what happens to records on their way."""

import os
import random
import ssl
import subprocess
import sys

import pytest

from firmware.ports.cpython import tls
from firmware.ports.cpython.tls import Credentials
from tests.ports.keyring import End, Raw, converse, folder, identity, pair

PAYLOAD = bytes(range(256)) * 300


def client_context(own=None, most=ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """Somebody with any certificate, or none, who takes the board for whoever it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode, context.maximum_version = False, ssl.CERT_NONE, most
    if own is not None:
        context.load_cert_chain(own / "own.crt", own / "own.key")
    return context


@pytest.mark.parametrize("step", [1, 17, 1 << 20])
def test_two_boards_that_pin_each_other_talk(tmp_path, step):
    left, right = pair(tmp_path)
    one, two = End(left.link_session(False), PAYLOAD[:3000]), End(right.link_session(True), b"answer")
    converse(one, two, step)
    assert (one.heard, two.heard) == (b"answer", PAYLOAD[:3000])
    assert one.told.calls == two.told.calls == []
    assert one.session.cipher.startswith("TLS_")


def test_much_goes_through(tmp_path):
    left, right = pair(tmp_path)
    data = random.Random(1).randbytes(3 << 20)
    one, two = End(left.link_session(False), data), End(right.link_session(True), data)
    converse(one, two, 50001)
    assert one.heard == two.heard == data


STRANGE = [  # (who calls, who waits, what the one who judges says, what the other one says)
    ("stranger", "right", "right: not the one that this board is paired with", "left: as unknown"),
    ("left", "stranger", "left: not the one that this board is paired with", ""),
    ("expired left", "right", "right: has expired: is the clock of this board right", "left: as expired"),
    ("left", "expired right", "left: has expired: is the clock of this board right", ""),
    ("early left", "right", "right: is not valid yet: is the clock of this board right", "left: not valid yet"),
    ("left", "early right", "left: is not valid yet: is the clock of this board right", ""),
    ("revoked left", "right", "right: is revoked", "left: has it revoked this board"),
    ("left", "revoked right", "left: is revoked", ""),
]


@pytest.mark.parametrize(("caller", "waiter", "judges", "learns"), STRANGE)
def test_who_is_not_the_other_board_is_refused_with_a_sentence(tmp_path, caller, waiter, judges, learns):
    one, two = made(tmp_path, caller, waiter)
    converse(one, two)
    assert one.heard == two.heard == b"" or judges.startswith("left")
    ends = {"left": one, "right": two}
    for expected in filter(None, (judges, learns)):
        end, words = ends[expected.partition(": ")[0]], expected.partition(": ")[2]
        assert words in end.sentences and end.refused, end.told.calls
        assert len(end.told.calls) == 1
    judge = ends[judges.partition(": ")[0]]
    assert judge.secure.finished
    assert judge.heard == b"" and len(judge.inner.says) == 1  # nothing passed in either direction


@pytest.mark.parametrize("caller", ["early left", "expired left"])
def test_a_board_without_a_clock_looks_at_no_time_but_at_all_else(tmp_path, monkeypatch, caller):
    one, two = made(tmp_path, caller, "right")
    waiter = two.session._credentials
    for is_set, heard in ((False, b"secret"), (True, b""), (False, b"secret")):
        monkeypatch.setattr(tls, "clock_is_set", lambda is_set=is_set: is_set)
        one = End(one.session._credentials.link_session(False), b"secret")
        two = End(waiter.link_session(True), b"secret")
        converse(one, two)
        assert two.heard == heard
    stranger, two = made(tmp_path / "strange", "stranger", "right")
    converse(stranger, two)
    assert "is not the one" in two.sentences and two.heard == b""


def made(tmp_path, caller, waiter):
    """Ends of two boards where one is not what the other one pinned."""
    def who(text):
        kind, _, name = text.rpartition(" ")
        return name, kind if kind in ("expired", "early") else "good"

    mine, its = identity(*who(caller)), identity(*who(waiter))
    known_left = mine if caller != "stranger" else identity("left")
    known_right = its if waiter != "stranger" else identity("right")
    left = folder(tmp_path / "left", mine, known_right, revoked=[its] if "revoked" in waiter else [])
    right = folder(tmp_path / "right", its, known_left, revoked=[mine] if "revoked" in caller else [])
    one, two = Credentials(str(left)), Credentials(str(right))
    return End(one.link_session(False), b"secret"), End(two.link_session(True), b"secret")


def test_a_certificate_that_a_pinned_one_has_issued_is_unknown(tmp_path):
    """OpenSSL alone would take it when the pinned one is one of an authority."""
    authority, issued = (signed(identity("left")[0], subject, serial) for subject, serial in (("left", 1), ("x", 2)))
    (tmp_path / "own.key").write_bytes(identity("left")[0])
    (tmp_path / "own.crt").write_bytes(issued)
    right = folder(tmp_path / "right", identity("right"), (None, authority))
    one, two = Raw(client_context(tmp_path)), End(Credentials(str(right)).link_session(True), b"secret")
    converse(one, two)
    assert "is not one that this board is paired with" in two.sentences and two.refused
    assert one.heard == two.heard == b""


def signed(key_pem, subject, serial) -> bytes:
    """A certificate, in PEM, of `subject`, issued by the authority left; both with the same key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    def name(text):
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    key, good = serialization.load_pem_private_key(key_pem, None), x509.load_pem_x509_certificate(identity("left")[1])
    made = x509.CertificateBuilder(name("left"), name(subject), key.public_key(), serial,
                                   good.not_valid_before_utc, good.not_valid_after_utc)
    made = made.add_extension(x509.BasicConstraints(subject == "left", None), True)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(("context", "says", "complaint"), [
    (lambda own: client_context(), "somebody without a certificate", "CERTIFICATE_REQUIRED"),
    (lambda own: client_context(own, ssl.TLSVersion.TLSv1_2), "does not speak TLS 1.3", "PROTOCOL_VERSION"),
])  # fmt: skip
def test_callers_without_certificate_or_with_an_old_tls(tmp_path, context, says, complaint):
    _, right = pair(tmp_path)
    one, two = Raw(context(tmp_path / "left")), End(right.link_session(True), b"secret")
    converse(one, two)
    assert says in two.sentences and two.refused
    assert complaint in one.complaint and one.heard == b""


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"SosieLnk\1\0\0\0", bytes(500), b"\x16\3\1\xff\xff" * 9])
def test_what_is_not_tls_is_no_news(tmp_path, data):
    _, right = pair(tmp_path)
    two = End(right.link_session(True))
    two.put(data)
    two.take(1000)
    assert not two.refused and two.heard == b""


def test_a_board_that_dials_says_when_there_is_no_tls(tmp_path):
    left, _ = pair(tmp_path)
    one = End(left.link_session(False))
    one.take(1 << 20)
    one.put(b"SosieLnk\1\0\0\0")
    assert "is it a board with keys that listens there?" in one.sentences and one.refused


def test_the_page_wants_no_certificate_and_no_old_tls(tmp_path):
    _, right = pair(tmp_path)
    one, two = Raw(client_context()), End(right.page_session(), b"page")
    converse(one, two)
    assert (one.heard, one.tls.version()) == (b"page", "TLSv1.3")
    one, two = Raw(client_context(None, ssl.TLSVersion.TLSv1_2)), End(right.page_session(), b"page")
    converse(one, two)
    assert "PROTOCOL_VERSION" in one.complaint


def test_nothing_is_resumed(tmp_path):
    """A resumed session would not be asked for its certificate again."""
    _, right = pair(tmp_path)
    context = client_context(tmp_path / "left")
    one, two = Raw(context), End(right.link_session(True), b"x")
    converse(one, two)
    assert one.heard == b"x" and not (one.tls.session and one.tls.session.has_ticket)


# Records on their way

def opened(tmp_path, *says):
    left, right = pair(tmp_path)
    one, two = End(left.link_session(False)), End(right.link_session(True))
    converse(one, two)
    one.inner.says = [memoryview(each) for each in says]
    return one, two


def records(one) -> list:
    """What one end sends, record by record."""
    data, found = b"".join(iter(lambda: one.take(1 << 20), b"")), []
    while data:
        length = 5 + int.from_bytes(data[3:5], "big")
        found.append(data[:length])
        data = data[length:]
    return found


SPOILED = {
    "changed": lambda found, dice: found[:2] + [flip(found[2], dice)] + found[3:],
    "repeated": lambda found, dice: found[:2] + found[1:],
    "in another order": lambda found, dice: found[:2] + [found[3], found[2]] + found[4:],
    "left out": lambda found, dice: found[:2] + found[3:],
    "put in": lambda found, dice: found[:2] + [b"\x17\x03\x03\x00\x20" + dice.randbytes(32)] + found[2:],
    "from the beginning": lambda found, dice: found[:2] + found[:1] + found[2:],
}


def flip(record, dice) -> bytes:
    place = dice.randrange(5, len(record))
    return record[:place] + bytes([record[place] ^ 1 << dice.randrange(8)]) + record[place + 1 :]


@pytest.mark.parametrize("how", SPOILED)
@pytest.mark.parametrize("whole", [True, False])
def test_a_record_that_is(tmp_path, how, whole):
    one, two = opened(tmp_path, b"a" * 500, b"b" * 500, b"c" * 500, b"d" * 500, b"e" * 500)
    spoiled = SPOILED[how](records(one), random.Random(5))
    if whole:
        two.put(b"".join(spoiled))
    else:
        for record in spoiled:
            for place in range(len(record)):
                two.put(record[place : place + 1])
    assert two.heard == b"a" * 500 + b"b" * 500
    assert two.sentences.startswith("TLS failed") and not two.refused
    assert two.take(1000)  # an alert
    assert two.take(1000) == b"" and two.secure.finished


def test_a_stream_that_is_cut_is_no_end(tmp_path):
    one, two = opened(tmp_path, b"a" * 500)
    one.inner.finished = True
    found = records(one)
    assert len(found) == 2  # the data, close_notify
    two.put(found[0])
    two.secure.received(0)
    two.secure.lost()
    assert (two.heard, two.inner.ends, two.inner.losses) == (b"a" * 500, 0, 1)


def test_a_stream_that_ends_says_so(tmp_path):
    one, two = opened(tmp_path, b"a" * 500)
    one.inner.finished = True
    two.put(b"".join(records(one)))
    assert (two.heard, two.inner.ends, one.secure.finished) == (b"a" * 500, 1, True)


# Ciphers

@pytest.mark.parametrize(("client", "server", "expected"), [
    ("aes", "aes", "AES_128_GCM"), ("aes", "chacha", "CHACHA20"), ("chacha", "aes", "CHACHA20"),
    ("chacha", "chacha", "CHACHA20"),
])  # fmt: skip
def test_chacha20_where_either_side_has_no_aes(tmp_path, client, server, expected):
    pair(tmp_path)
    order = {"aes": b"\x13\x01\x13\x03\x13\x02", "chacha": b"\x13\x03\x13\x01\x13\x02"}
    script = (
        "import sys\n"
        "from firmware.ports.cpython.tls import Credentials\n"
        "from tests.ports.keyring import End\n"
        "end = End(Credentials(sys.argv[1]).link_session(sys.argv[2] == 'server'))\n"
        "if sys.argv[2] == 'server':\n"
        "    end.put(bytes.fromhex(sys.argv[3]))\n"
        "print(end.take(100000).hex())\n"
    )

    def run(name, way, *more):
        config = os.path.join("firmware", "ports", "cpython", "openssl-%s.cnf" % way)
        return subprocess.run([sys.executable, "-c", script, str(tmp_path / name), *more], check=True, text=True,
                              capture_output=True, env=os.environ | {"OPENSSL_CONF": config}).stdout  # fmt: skip

    hello = run("left", client, "client")
    assert order[client].hex() in hello
    answer = bytes.fromhex(run("right", server, "server", hello.strip()))
    suite = answer[5 + 4 + 2 + 32 + 1 + 32 :][:2]  # behind record, message, version, random, session id
    assert {b"\x13\x01": "AES_128_GCM", b"\x13\x03": "CHACHA20"}[suite] == expected


@pytest.mark.parametrize("victim", ["server", "client"])
def test_a_handshake_that_is_spoiled_opens_nothing_and_raises_nothing(tmp_path, victim):
    left, right = pair(tmp_path)
    dice = random.Random(11)
    for _ in range(150):
        one, two = End(left.link_session(False), b"secret"), End(right.link_session(True), b"secret")
        flight = one.take(1 << 20)
        if victim == "client":
            two.put(flight)
            flight = two.take(1 << 20)
        sufferer = two if victim == "server" else one
        sufferer.put(spoiled(flight, dice))
        sufferer.secure.poll(1)
        sufferer.take(1 << 20)
        sufferer.secure.received(0)
        sufferer.secure.lost()
        assert sufferer.heard == b"" and sufferer.secure.finished
        assert len(sufferer.inner.says) == 1


def spoiled(flight: bytes, dice) -> bytes:
    place = dice.randrange(len(flight))
    how = dice.randrange(4)
    if how == 0:
        return flip(b"\0" * 5 + flight, dice)[5:]
    if how == 1:
        return flight[:place]
    if how == 2:
        return flight[:place] + dice.randbytes(dice.randrange(1, 40)) + flight[place:]
    return flight[:place] + flight[place + dice.randrange(1, 40) :]
