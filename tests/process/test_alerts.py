"""Alerts of real boards to real receivers: a link that is cut and comes back, a restart in between, receivers that are
not there, wrong passwords; and the mirror, which notices none of it."""

import http.client
import json
import threading
import time

import pytest

from tests.ports import receivers
from tests.ports.receivers import PASSWORD, USER, Log, Mail, Web
from tests.process.boards import free_port, wait_until
from tests.process.relay import Relay

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # on this machine there is no need for TLS


def alerts(board) -> dict:
    code, body = board.request("GET", "/api/alerts")
    assert code == 200, body
    return json.loads(body)


def remembered(board) -> int:
    """How many receivers were told of the link, as far as that outlives the board."""
    file = board.journal.with_name(board.journal.name + ".alerts")
    channels = json.loads(file.read_bytes())["channels"] if file.exists() else {}
    return sum(any(told["name"] == "no_link" for told in each["told"]) for each in channels.values())


def try_all(board) -> dict:
    """POST /api/alerts/test."""
    code, body = board.request("POST", "/api/alerts/test", {})
    assert code == 200, body
    return json.loads(body)


def test_a_cut_and_its_end_on_every_channel_with_a_restart_between(make_pair, make):
    pair = make_pair()
    wire = make(Relay, int(pair.right.lines["listen"].split(":")[1]))
    web, push, mail = make(Web), make(Web), make(Mail, login=True)
    udp, tcp, ping = make(Log), make(Log, True), make(Web)
    pair.left.write_conf(
        peer="127.0.0.1:%d" % wire.port,
        alert_webhook="http://127.0.0.1:%d/hook" % web.port,
        alert_push="http://127.0.0.1:%d/boards" % push.port,
        alert_mail="me@x.example via 127.0.0.1:%d user %s password %s" % (mail.port, USER, PASSWORD),
        alert_syslog="127.0.0.1:%d, tcp:127.0.0.1:%d" % (udp.port, tcp.port),
        alert_ping="http://127.0.0.1:%d/alive every 30s" % ping.port,
    )
    pair.start()
    wait_until("the twin has a whole copy", lambda: pair.left.status()["copy"]["whole"])
    wait_until("the board pings", lambda: ping.requests)
    wire.open = False
    wire.cut()
    wait_until("all are told", lambda: all((web.requests, push.requests, mail.mails, udp.records, tcp.records)), 60)
    (notice,) = web.notices()
    assert (notice["event"], notice["condition"], notice["board"]) == ("fired", "no_link", "left")
    assert notice["sentence"] in mail.mails[0][2].decode() and notice["sentence"].encode() in udp.records[0]
    wait_until("all took it", lambda: [each["state"] for each in alerts(pair.left)["channels"]] == ["ok"] * 6)
    wait_until("it is written down what five were told", lambda: remembered(pair.left) == 5)
    pair.left.kill()
    pair.left.start()
    time.sleep(35)
    assert len(web.requests) == len(push.requests) == len(mail.mails) == 1
    wire.open = True
    wait_until("the link is up", lambda: pair.left.status()["link"]["state"] == "up")
    several = web.requests, push.requests, mail.mails
    wait_until("all are told that", lambda: all(len(each) == 2 for each in several), 60)
    wait_until("syslog is told that", lambda: len(udp.records) == len(tcp.records) == 2)
    assert web.events() == ["fired", "resolved"]
    assert web.notices()[1]["thread"] == notice["thread"] and web.notices()[1]["since_ms"] == notice["since_ms"]
    assert 30 < web.notices()[1]["duration_s"] < 120
    assert not alerts(pair.left)["standing"]


def test_a_test_says_who_took_it(make_board, make, tmp_path):
    web, mail = make(Web), make(Mail, login=True)
    board = make_board(
        alert_webhook="http://127.0.0.1:%d/SECRET, http://127.0.0.1:%d/SECRET" % (web.port, free_port()),
        alert_mail="me@x.example via 127.0.0.1:%d user %s password wrong SECRET" % (mail.port, USER),
        alert_syslog="tcp:127.0.0.1:%d" % free_port(), language="fr", settings=tmp_path / "changed",
    ).start()  # fmt: skip
    outcome = try_all(board)
    assert [each["taken"] for each in outcome["channels"]] == [True, False, False, False]
    assert "535" in outcome["channels"][2]["sentence"]
    assert outcome["sentence"] == "L'essai n'est pas arriv\u00e9 partout."
    assert web.notices()[0]["event"] == "test" and "essai" in web.notices()[0]["title"]
    states = alerts(board)
    assert [each["state"] for each in states["channels"]] == ["ok", "failing", "failing", "failing"]
    paths = "/api/alerts", "/api/settings", "/api/status", "/plain"
    said = [board.request("GET", path)[1].decode() for path in paths]
    said += [json.dumps(outcome), board.said()]
    assert not any("SECRET" in each for each in said)
    assert json.loads(said[1])["settings"]["alert_webhook"].startswith("http://127.0.0.1:%d/..., " % web.port)


def test_without_receivers_nothing_can_be_tested(make_board):
    board = make_board().start()
    code, body = board.request("POST", "/api/alerts/test", {})
    assert code == 409 and b"alert_mail" in body
    assert alerts(board)["channels"] == []


def test_a_receiver_by_the_page(make_board, make, tmp_path):
    web = make(Web)
    board = make_board(settings=tmp_path / "changed").start()
    url = "http://127.0.0.1:%d/SECRET" % web.port
    code, body = board.request("POST", "/api/settings", {"alert_webhook": url})
    assert code == 200 and b"SECRET" not in body, body
    shown = json.loads(body)["settings"]["alert_webhook"]
    assert try_all(board)["channels"][0]["taken"]
    code, body = board.request("POST", "/api/settings", {"alert_webhook": shown})
    assert code == 200, body
    assert try_all(board)["channels"][0]["taken"] and web.requests[-1][1] == "/SECRET"
    code, body = board.request("POST", "/api/settings", {"alert_webhook": shown + ", https://b.example/"})
    assert code == 400 and b"anew" in body  # else the receiver would be lost without a word
    code, body = board.request("POST", "/api/settings", {"alert_mail": "me via SECRET"})
    assert code == 400 and b"SECRET" not in body
    board.stop()
    board.start()
    assert try_all(board)["channels"][0]["taken"]
    code, body = board.request("POST", "/api/settings", {"alert_webhook": ""})
    assert code == 200 and not alerts(board)["channels"]


def test_the_mirror_does_not_notice(make_pair, make):
    """Every receiver hangs, and the file of what was told is a folder."""
    pair, web = make_pair(), make(Web)
    web.answers = [receivers.hang] * 100
    blocked = pair.left.journal.with_name("left.journal.alerts")
    blocked.mkdir()
    hooks = ", ".join("http://127.0.0.1:%d/%d" % (web.port, number) for number in range(8))
    pair.left.write_conf(alert_webhook=hooks, alert_syslog="tcp:127.0.0.1:%d" % free_port())
    pair.start()
    client = pair.left.client()
    threading.Thread(target=_ask, args=(pair.left,), daemon=True).start()
    wait_until("all hang", lambda: len(web.requests) == 8)
    slowest = 0
    for number in range(200):
        began = time.monotonic()
        client.write(number * 4096, b"x" * 4096)
        client.flush()
        slowest = max(slowest, time.monotonic() - began)
    pair.wait_drained()
    assert slowest < 8, slowest
    told = "alerts = %s: it is no file; delete what is there, or name another place" % blocked
    assert alerts(pair.left)["sentence"] == told
    assert told + "; after a restart alerts may come once more" in pair.left.status()["alarms"]
    began = time.monotonic()
    pair.left.stop()
    assert time.monotonic() - began < 8


def _ask(board) -> None:
    """A test whose answer nobody waits for."""
    try:
        board.request("POST", "/api/alerts/test", {})
    except (OSError, http.client.HTTPException):
        pass


def test_what_is_not_right_is_refused(make_board):
    board = make_board(alert_mail="me@x.example via mail.example.org user me password SECRET")
    sentence = board.refuses()
    assert "alert_mail" in sentence and "from" in sentence and "SECRET" not in sentence
