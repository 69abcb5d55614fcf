"""What is wrong with a surface of a live pair is an alarm: its hosts are served, and its twin follows."""

import contextlib
import http.client
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.process.boards import MIB, ROOT, Pair, wait_until
from tests.process.keyed import KeyedPair
from tests.process.person import Line
from tests.process.test_besieged import Host

SABOTEUR = str(ROOT / "tests/process/saboteur.py")


@pytest.fixture
def sabotaged(tmp_path):
    """A pair whose primary has the bug."""
    made = []

    def make(bug: str, kind=Pair, **lines) -> Pair:
        pair = kind(tmp_path)
        made.append(pair)
        pair.left._interpreter = (sys.executable, SABOTEUR, bug)
        pair.left.write_conf(**lines)
        return pair

    yield make
    for pair in made:
        pair.end()


def mark(pair: Pair) -> Path:
    return Path(str(pair.left.conf) + ".bug")


def write_some(pair: Pair, number: int) -> None:
    client = pair.left.patient_client()
    client.write(number * MIB, os.urandom(MIB))
    client.flush()
    client.close()


def durable(pair: Pair) -> int:
    return pair.right.status()["group"]["durable"]


def is_alarmed(pair: Pair, part: str) -> bool:
    sentence = "the part %s of this board has a bug (ZeroDivisionError('planted'" % part
    return any(each.startswith(sentence) for each in pair.left.status()["alarms"])


def end_equal(pair: Pair) -> None:
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert pair.left.image.read_bytes() == pair.right.image.read_bytes()


PARTS = {"timer": "pulse", "done": "health", "listener": "chronicle", "ticked": "chronicle", "looked": "herald"}


@pytest.mark.parametrize("bug, part", PARTS.items())
def test_a_surface_that_raises_is_an_alarm(sabotaged, bug, part):
    pair = sabotaged(bug, alert_webhook="http://127.0.0.1:9/")
    mark(pair).touch()
    pair.start()
    wait_until("it is told", lambda: is_alarmed(pair, part))
    write_some(pair, 1)
    assert pair.left.request("POST", "/api/mark", {"name": "after the bug"})[0] == 200  # an event with who listens
    write_some(pair, 2)
    end_equal(pair)


def test_a_board_that_cannot_be_shown_at_all_mirrors(sabotaged):
    pair = sabotaged("shown").start()
    write_some(pair, 1)
    pair.wait_drained()
    before = durable(pair)
    mark(pair).touch()
    serving = Path(str(pair.left.conf) + ".serving")
    wait_until("the status line was tried", lambda: time.time() - serving.stat().st_mtime > 4)
    assert pair.left.request("GET", "/api/status")[0] == 500
    write_some(pair, 2)
    wait_until("the twin has it", lambda: durable(pair) > before)
    mark(pair).unlink()
    wait_until("it is told", lambda: is_alarmed(pair, "status"))
    end_equal(pair)


def test_a_page_that_raises_costs_its_visitor_the_connection(sabotaged):
    pair = sabotaged("admitted").start()
    mark(pair).touch()
    for _ in range(3):
        with pytest.raises((http.client.HTTPException, OSError)):
            pair.left.request("GET", "/api/status")
    write_some(pair, 1)
    mark(pair).unlink()
    assert is_alarmed(pair, "page")
    end_equal(pair)


def test_an_end_with_a_page_that_raises_because_it_is_lost(sabotaged):
    pair = sabotaged("lost").start()
    looker = http.client.HTTPConnection("127.0.0.1", pair.left.web, timeout=10)
    looker.request("GET", "/api/live")
    page = looker.getresponse()
    assert page.readline() == b"event: status\n"
    mark(pair).touch()
    write_some(pair, 1)
    end_equal(pair)
    page.close()


def test_a_page_that_cannot_be_left(sabotaged):
    pair = sabotaged("left").start()
    mark(pair).touch()
    write_some(pair, 1)
    end_equal(pair)


def test_a_board_whose_page_cannot_be_opened(sabotaged):
    """Its twin tells why."""
    pair = sabotaged("opened")
    mark(pair).touch()
    pair.right.start()
    pair.left.launch()
    write_some(pair, 1)

    def other() -> dict:
        return pair.right.status()["other"] or {"alarms": []}

    wait_until("it is told", lambda: "page does not work (planted)" in other()["alarms"])
    wait_until("the twin has it", lambda: other()["backlog"]["groups"] == 0)
    pair.left.stop()
    pair.right.stop()
    assert pair.left.image.read_bytes() == pair.right.image.read_bytes()


def test_alerts_go_on_when_what_was_told_cannot_be_recalled(sabotaged):
    pair = sabotaged("recalled", alert_webhook="http://127.0.0.1:9/")
    Path(str(pair.left.journal) + ".alerts").write_bytes(b"x")
    mark(pair).touch()
    pair.start()
    wait_until("it is told", lambda: is_alarmed(pair, "herald"))
    write_some(pair, 1)
    end_equal(pair)


def test_settings_that_cannot_be_kept_let_the_board_start(sabotaged, tmp_path):
    pair = sabotaged("settings", settings=tmp_path / "settings")
    mark(pair).touch()
    pair.start()
    assert "settings does not work (planted)" in pair.left.status()["alarms"]
    assert pair.left.request("POST", "/api/settings", {"rate": "1M"})[0] == 409
    write_some(pair, 1)
    end_equal(pair)


def ask(pair: Pair, *request) -> threading.Thread:
    """Somebody who waits for the answer, or gives up."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            pair.left.request(*request)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_keys_folder_that_hangs_holds_up_who_asks_for_it_alone(sabotaged, tmp_path):
    """Whoever asks, and while the page itself wants a password."""
    line = Line(tmp_path / "tty")
    pair = sabotaged("hang", KeyedPair, console=line.path)
    pair.introduce().start().wait_up()
    mark(pair).touch()
    with Host(pair.left) as host:
        line.type("password\ryes\r")
        line.sees("Changing the keys")
        waiting = [ask(pair, "POST", "/api/pair/renew", {}), ask(pair, "GET", "/api/pair")]
        time.sleep(4)
        assert pair.left.status()["link"]["state"] == "up"
        assert all(each.is_alive() for each in waiting)
        wait_until("the host has written much", lambda: host.count > 100 or host.trouble)
    assert host.trouble is None and host.slowest_s < 8, (host.trouble, host.slowest_s)
    end_equal(pair)
    line.close()


def test_keys_that_cannot_be_renewed_for_a_bug_are_an_answer_and_an_alarm(sabotaged):
    pair = sabotaged("renewed", KeyedPair)
    pair.introduce().start().wait_up()
    mark(pair).touch()
    assert pair.left.request("POST", "/api/pair/renew", {})[0] == 500
    wait_until("it is told", lambda: is_alarmed(pair, "pairing"))
    write_some(pair, 1)
    mark(pair).unlink()
    assert pair.left.request("POST", "/api/pair/renew", {})[0] == 200
    end_equal(pair)


def test_the_end_waits_for_a_card_that_hangs_once(sabotaged, tmp_path):
    """Three of its lanes hang, with 1, 2 and 5 s of patience."""
    pair = sabotaged("hang", quota="1G", quota_file=tmp_path / "quota", chronicle=tmp_path / "chronicle")
    mark(pair).touch()
    pair.right.start()
    took_s = [8]  # in turn
    while min(took_s) > 7 and len(took_s) <= 3:  # the quickest of three is judged: the machine may be busy elsewhere
        pair.left.start()
        write_some(pair, len(took_s))
        pair.wait_drained()
        began = time.monotonic()
        pair.left.stop()
        took_s.append(time.monotonic() - began)
    assert 4 < min(took_s) < 7, took_s
