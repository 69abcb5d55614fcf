"""Alerts on their way: real receivers on this machine, as they should be and as they should not."""

import email
import email.header
import email.policy
import re
import socket
import threading
import time

import pytest

from firmware.alerts import places
from firmware.alerts.letter import Writer
from firmware.alerts.notice import FIRED, RESOLVED, TEST, Notice
from firmware.alerts.place import STARTTLS
from firmware.errors import Undelivered
from firmware.ports import Loop
from firmware.ports.cpython import postsyslog
from firmware.ports.cpython.mailbox import Mailbox
from firmware.ports.cpython.post import PostOffice
from tests.ports import receivers
from tests.ports.conversations import spin
from tests.ports.receivers import PASSWORD, USER, Log, Mail, Web
from tests.process.boards import wait_until

WALL_MS = 1763856056123  # 2025-11-23T00:00:56.123Z
STATUS = {"name": "left", "role": "primary", "version": "1.2", "clock": {"set": True}, "words": {"sentence": "Well."}}
SENTENCE = "the other board is not reached"
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # on this machine there is no need for TLS


def letter(event=FIRED, name="no_link", level="critical", sentence=SENTENCE, board="left"):
    notice = Notice(event, name, level, sentence, WALL_MS - 120000, WALL_MS if event == RESOLVED else None)
    notice.id, notice.thread = "no_link-1-" + event, "no_link-1"
    return Writer(lambda: "en").write(notice, dict(STATUS, name=board), WALL_MS)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return receivers.certificate(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def office(paths):
    """send(place, letter) -> (error, remark), and how often the loop went round meanwhile."""

    class Office:
        def __init__(self):
            self.loop = Loop()
            self.trust, self.limit_ms, self.step_s = paths[0], 20000, 5

        def send(self, place, what=None):
            post, outcome = PostOffice(self.loop, Mailbox(self.loop), self.trust, self.limit_ms, self.step_s), []
            post.send(place, what or letter(), lambda *result: outcome.append(result))
            spin(self.loop, lambda: outcome, 30)
            post.close()
            return outcome[0]

        def delivers(self, place, what=None):
            assert self.send(place, what) == (None, "")

        def fails(self, place, words, refused=False):
            error, _ = self.send(place)
            assert isinstance(error, Undelivered) and re.search(words, str(error)), error
            assert error.refused == refused
            assert "\n" not in str(error) and PASSWORD not in str(error)

    return Office()


# Webhooks, pushes, pings


def test_a_webhook_gets_what_is_documented(office, make):
    web = make(Web)
    office.delivers(places.webhooks("http://127.0.0.1:%d/hook?k=v token tok" % web.port)[0])
    ((method, path, headers, _),) = web.requests
    assert (method, path) == ("POST", "/hook?k=v")
    assert headers["Authorization"] == "Bearer tok" and headers["Content-Type"] == "application/json"
    assert headers["Host"] == "127.0.0.1:%d" % web.port and headers["User-Agent"] == "sosie/1.2"
    (notice,) = web.notices()
    text = notice.pop("text")
    assert notice == {
        "id": "left-no_link-1-fired", "thread": "left-no_link-1", "board": "left", "role": "primary", "version": "1.2",
        "event": "fired", "condition": "no_link", "level": "critical", "title": "left: " + SENTENCE,
        "sentence": SENTENCE, "advice": notice["advice"], "since_ms": WALL_MS - 120000, "until_ms": None,
        "duration_s": None, "times": 1, "time_ms": WALL_MS,
    }  # fmt: skip
    assert text.startswith("The other board is not reached.\nSince 2025-11-22 23:58 UTC (2 min).\nTo do: ")


def test_a_title_that_looks_encoded_is_a_title(office, make):
    web, board = make(Web), "=?utf-8?q?=0D=0APriority:_1?="
    place = places.pushes("http://127.0.0.1:%d/boards" % web.port)[0]
    office.delivers(place, letter(board=board))
    ((title, _),) = email.header.decode_header(web.requests[0][2]["Title"])
    assert title.decode() == "%s: %s" % (board, SENTENCE) and web.requests[0][2]["Priority"] == "5"


def test_over_tls_with_a_login(office, make, paths):
    web = make(Web, paths)
    office.delivers(places.webhooks("https://127.0.0.1:%d/ user me password a:b c" % web.port)[0])
    assert web.requests[0][2]["Authorization"] == "Basic bWU6YTpiIGM="


def test_a_push(office, make):
    web = make(Web)
    place = places.pushes("http://127.0.0.1:%d/boards" % web.port)[0]
    office.delivers(place)
    office.delivers(place, letter(RESOLVED, board="H\u00f4tel"))
    office.delivers(place, letter(TEST))
    office.delivers(place, letter(level="warning"))
    heads = [headers for _, _, headers, _ in web.requests]
    assert [each["Priority"] for each in heads] == ["5", "3", "3", "4"]
    assert [each["Tags"] for each in heads] == ["rotating_light", "white_check_mark", "test_tube", "warning"]
    assert heads[0]["Title"] == "left: " + SENTENCE
    decoded = email.header.make_header(email.header.decode_header(heads[1]["Title"]))
    assert str(decoded) == "H\u00f4tel, over: there was no link to the other board"
    assert web.requests[0][3].decode().startswith("The other board is not reached.\n")


def test_a_ping(office, make):
    web = make(Web)
    office.delivers(places.pings("http://127.0.0.1:%d/4c1b every 5m" % web.port)[0], letter(TEST))
    assert web.requests[0][:2] == ("GET", "/4c1b")


@pytest.mark.parametrize(
    ("answer", "words", "refused"),
    [
        (500, "it answers 500", False),
        (503, "it answers 503", False),
        (429, "it answers 429", False),
        (404, "it answers 404", True),
        (401, "it answers 401", True),
        (receivers.redirect("http://127.0.0.1:1/secret"), "it answers 307 .*points elsewhere", True),
        (receivers.redirect("ftp://127.0.0.1/", 301), "it answers 301 .*points elsewhere", True),
        (receivers.nonsense, "something else", False),
        (lambda handler: None, "hung up", False),
    ],
)
def test_a_webhook_that_does_not_take_it(office, make, answer, words, refused):
    web = make(Web)
    web.answers = [answer]
    office.fails(places.webhooks("http://127.0.0.1:%d/hook" % web.port)[0], words, refused)
    assert len(web.requests) == 1


def test_one_that_hangs(office, make):
    web = make(Web)
    web.answers = [receivers.hang]
    office.step_s = 0.5
    office.fails(places.webhooks("http://127.0.0.1:%d/hook" % web.port)[0], "in time")


def test_one_that_drips(office, make):
    web = make(Web)
    web.answers = [receivers.drip]
    office.limit_ms = 700
    began = time.monotonic()
    office.fails(places.webhooks("http://127.0.0.1:%d/hook" % web.port)[0], "in time")
    assert time.monotonic() - began < 15


ENDLESS = {
    "never begins": (b"HTTP/1.1 100 Continue\r\n\r\n", b""),
    "no end of the head": (b"X-Y: " + b"x" * 6000 + b"\r\n", b"HTTP/1.1 200 OK\r\n"),
    "no end of the line": (b"x" * 600, b""),
    "no end of what follows": (b"X: y\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
}


@pytest.mark.parametrize("how", ENDLESS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_one_that_talks_without_end(office, make, paths, how, scheme):
    web = make(Web, paths if scheme == "https" else None)
    web.answers = [receivers.endless(*ENDLESS[how])]
    began = time.process_time()
    office.fails(places.webhooks("%s://127.0.0.1:%d/hook" % (scheme, web.port))[0], "on and on")
    assert time.process_time() - began < 10  # the server's share is in it


def test_a_page_for_an_answer(office, make):
    """It is not read to its end."""
    web = make(Web)
    web.answers = [receivers.endless(b"a page ", b"HTTP/1.1 200 OK\r\n\r\n")]
    office.delivers(places.webhooks("http://127.0.0.1:%d/hook" % web.port)[0])


def test_one_that_hangs_in_the_handshake(office):
    with socket.create_server(("127.0.0.1", 0)) as server:
        office.limit_ms = 700
        office.fails(places.webhooks("https://127.0.0.1:%d/hook" % server.getsockname()[1])[0], "in time")


def test_nobody_there(office):
    office.fails(places.webhooks("http://127.0.0.1:%d/" % receivers.free_port())[0], "nobody listens at 127.0.0.1:")
    office.fails(places.webhooks("http://no-such-host.invalid/")[0], "no-such-host.invalid")


def test_certificates(office, make, paths, tmp_path):
    web = make(Web, paths)
    hook = places.webhooks("https://127.0.0.1:%d/" % web.port)[0]
    office.trust = receivers.certificate(tmp_path)[0]
    office.fails(hook, "certificate cannot be trusted: self.signed")
    other = receivers.certificate(tmp_path, host="127.0.0.9")
    office.trust = other[0]
    web = make(Web, other)
    office.fails(places.webhooks("https://127.0.0.1:%d/" % web.port)[0], "certificate cannot be trusted: .*mismatch")
    old = receivers.certificate(tmp_path, days=-1, began_days=9)
    office.trust = old[0]
    web = make(Web, old)
    office.fails(places.webhooks("https://127.0.0.1:%d/" % web.port)[0], "certificate cannot be trusted: .*expired")
    office.fails(places.webhooks("https://127.0.0.1:%d/" % make(Web).port)[0], "TLS")


def test_the_loop_goes_on_and_close_waits_for_nobody(office, make):
    web = make(Web)
    web.answers = [receivers.hang] * 3
    loop, called = Loop(), []
    post = PostOffice(loop, Mailbox(loop))
    for number in range(3):
        post.send(places.webhooks("http://127.0.0.1:%d/%d" % (web.port, number))[0], letter(), called.append)
    rounds = []
    loop.call_after(300, lambda: rounds.append(1))
    spin(loop, lambda: rounds and len(web.requests) == 3)
    began = time.monotonic()
    post.close()
    assert time.monotonic() - began < 5 and not called


# Mail


def mail_place(mail, host="127.0.0.1", rest="user %s password %s" % (USER, PASSWORD), way=""):
    (place,) = places.mail("me@x.example, you@x.example via %s%s:%d %s" % (way, host, mail.port, rest))
    return place


def remote(place, way=STARTTLS):
    """As if the server were on another machine."""
    place.way = way
    return place


def test_mail_with_starttls(office, make, paths):
    mail = make(Mail, paths, login=True)
    office.delivers(remote(mail_place(mail)))
    ((sender, to, content, over_tls, who),) = mail.mails
    assert (sender, to, over_tls, who) == (USER, ["me@x.example", "you@x.example"], True, USER)
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message["Subject"] == "left: " + SENTENCE and message["To"] == "me@x.example, you@x.example"
    assert message["Auto-Submitted"] == "auto-generated" and message["Importance"] == "high"
    assert message["Message-ID"] == "<left-no-link-1-fired@x.example>"
    assert message["References"] == "<left-no-link-1@x.example>"
    assert message["Date"] == "Sun, 23 Nov 2025 00:00:56 -0000"
    lines = message.get_content().splitlines()
    assert lines[:2] == ["The other board is not reached.", "Since 2025-11-22 23:58 UTC (2 min)."]


def test_mail_beyond_ascii_and_a_name_that_is_an_attack(office, make):
    mail = make(Mail)
    place = mail_place(mail, rest="from b@x.example")
    office.delivers(place, letter(board="H\u00f4tel\r\nBcc: all@x.example", sentence="tout va mal\r\n.\r\nQUIT"))
    ((_, to, content, _, _),) = mail.mails
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message["Subject"] == "H\u00f4tel  Bcc: all@x.example: tout va mal  .  QUIT"
    assert message["Bcc"] is None and to == ["me@x.example", "you@x.example"]
    assert message.get_content().splitlines()[:3] == ["Tout va mal", ".", "QUIT."]


@pytest.mark.parametrize(
    "encoded", ["=?utf-8?q?=0A?=", "=?utf-8?q?=0D=0ABcc:_v@e.org=0D=0A=0D=0Abody?=", "==?utf-8?b?Cg==?="]
)
def test_an_encoded_word_in_a_name_is_no_header_and_no_body(office, make, encoded):
    mail = make(Mail)
    office.delivers(
        mail_place(mail, rest="from b@x.example"), letter(board="left " + encoded, sentence="all " + encoded)
    )
    ((_, to, content, _, _),) = mail.mails
    message = email.message_from_bytes(content, policy=email.policy.default)
    harmless = encoded.replace("=?", "= ?")
    assert message["Subject"] == "left %s: all %s" % (harmless, harmless)
    assert message["Bcc"] is None and to == ["me@x.example", "you@x.example"]
    assert message.get_content().startswith("All " + encoded)


def test_a_sentence_that_is_no_text(office, make):
    """Half a character of a file name, and what moves a terminal's cursor."""
    mail, web, sentence = make(Mail), make(Web), "\udcff of a file\x1b[2J"
    office.delivers(mail_place(mail, rest="from b@x.example"), letter(sentence=sentence))
    url = "http://127.0.0.1:%d/a" % web.port
    for place in (places.webhooks(url), places.pushes(url)):
        office.delivers(place[0], letter(sentence=sentence))
    assert b" of a file [2J" in postsyslog.message(letter(sentence=sentence))
    assert b"of a file [2J" in mail.mails[0][2]


def test_mail_inside_tls(office, make, paths):
    mail = make(Mail, paths, inside_tls=True, login=True)
    office.delivers(mail_place(mail, way="smtps://"))
    assert mail.mails[0][4] == USER


def test_mail_in_the_clear_on_this_machine_only(office, make):
    mail = make(Mail, login=True)
    office.delivers(mail_place(mail))
    office.fails(remote(mail_place(mail)), "no STARTTLS", True)
    assert len(mail.mails) == 1 and mail.logins == 1


def test_starttls_with_a_certificate_that_is_not_trusted(office, make, paths, tmp_path):
    mail = make(Mail, paths, login=True)
    office.trust = receivers.certificate(tmp_path)[0]
    office.fails(remote(mail_place(mail)), "certificate cannot be trusted")
    assert not mail.mails and not mail.logins
    office.delivers(mail_place(mail))  # on this machine nobody is in between


def test_a_wrong_password(office, make, paths):
    mail = make(Mail, paths, login=True)
    place = remote(mail_place(mail, rest="user %s password wrong" % USER))
    office.fails(place, "does not take the user name with this password: 535", True)
    assert not mail.mails and mail.logins


def test_receivers_that_are_refused(office, make):
    mail = make(Mail)
    place = mail_place(mail, rest="from b@x.example")
    mail.refuses = ["you@x.example"]
    error, remark = office.send(place)
    assert error is None and remark == "you@x.example is refused: 550 5.1.1 no such user here"
    assert mail.mails[0][1] == ["me@x.example"]
    mail.refuses.append("me@x.example")
    office.fails(place, "it refuses all receivers: 550", True)


def test_a_server_that_is_busy(office, make):
    mail = make(Mail)
    mail.busy = True
    office.fails(mail_place(mail, rest="from b@x.example"), "451 4.3.0 later")


@pytest.mark.parametrize(
    ("says", "words"),
    [
        (b"", "in time"),
        (b"554 go away\r\n", "does not take the mail: 554 go away"),
        (b"220-" + b"x" * 70 + b"\r\n", "in time|hung up"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "hung up|does not take the mail"),
        (b"\x00\xff\x15 what\r\n" * 9, "hung up|does not take the mail"),
        (b"220-no end\r\n" * 20000, "on and on"),
    ],
)
def test_what_is_no_mail_server(office, says, words):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            caller = server.accept()[0]
            with caller:
                try:
                    caller.sendall(says)
                    caller.settimeout(3)
                    caller.recv(4096)
                    if says:
                        caller.recv(4096)
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        office.limit_ms = 1000 if "in time" in words else 20000
        mail = type("Port", (), {"port": server.getsockname()[1]})
        error, _ = office.send(mail_place(mail, rest="from b@x.example"))
        assert re.search(words, str(error)), error


@pytest.mark.parametrize("over_tls", [False, True])
@pytest.mark.parametrize(("pause_s", "words"), [(0, "on and on"), (0.05, "in time")])
def test_a_mail_server_that_talks_without_end(office, paths, over_tls, pause_s, words):
    """On this machine, where STARTTLS asks for no certificate."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            caller = server.accept()[0]
            try:
                caller.sendall(b"220 hello\r\n")
                caller.recv(4096)
                if over_tls:
                    caller.sendall(b"250-hello\r\n250 STARTTLS\r\n")
                    caller.recv(4096)
                    caller.sendall(b"220 go on\r\n")
                    caller = receivers.server_context(paths).wrap_socket(caller, server_side=True)
                    caller.recv(4096)
                while True:
                    caller.sendall(b"250-no end\r\n")
                    time.sleep(pause_s)
            except OSError:
                caller.close()

        threading.Thread(target=serve, daemon=True).start()
        office.limit_ms = 1500 if pause_s else 20000
        mail = type("Port", (), {"port": server.getsockname()[1]})
        office.fails(mail_place(mail, rest="from b@x.example"), words)


# Syslog


def taken(log, count):
    """Its records, once there are so many: it takes them in a thread of its own."""
    wait_until("%d letters are taken" % count, lambda: len(log.records) >= count)
    return log.records


@pytest.mark.parametrize("way", ["udp", "tcp", "tls"])
def test_syslog(office, make, paths, way):
    log = make(Log, way != "udp", paths if way == "tls" else None)
    (place,) = places.syslogs("%s:127.0.0.1:%d" % (way, log.port))
    office.delivers(place)
    office.delivers(place, letter(RESOLVED, board="H\u00f4tel 5"))
    office.delivers(place, letter(level="warning"))
    first, second, third = taken(log, 3)
    assert not log.stray
    head = b"<%d>1 2025-11-23T00:00:56.123Z %s sosie - no_link - \xef\xbb\xbf"
    assert first.startswith(head % (26, b"left") + b"left: the other board is not reached. The ") and b"\n" not in first
    assert second.startswith(head % (29, b"H_tel_5") + b"H\xc3\xb4tel 5, over: ")
    assert third.startswith(b"<28>1 ")


def test_syslog_that_nobody_takes(office, make, paths, tmp_path):
    for way in ("udp", "tcp"):
        office.fails(places.syslogs("%s:127.0.0.1:%d" % (way, receivers.free_port()))[0], "nobody listens")
    office.trust = receivers.certificate(tmp_path)[0]
    office.fails(places.syslogs("tls:127.0.0.1:%d" % make(Log, True, paths).port)[0], "certificate")


def test_a_record_is_no_longer_than_a_datagram(office, make):
    log = make(Log)
    office.delivers(places.syslogs("127.0.0.1:%d" % log.port)[0], letter(sentence="\u00e9" * 5000))
    assert len(taken(log, 1)[0]) < 1400
    log.records[0].decode()
