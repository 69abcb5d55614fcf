"""The first alert of a board: no loop waits until what sends it is loaded, and it is not lost when that cannot be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ports.receivers import PASSWORD, USER, Log, Mail, Web, certificate

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")  # on this machine there is no need for TLS

# A process of its own, for this one has loaded everything. What it is told to do stands in its first argument.
BOARD = '''
import json, sys, threading, time

wish = json.loads(sys.argv[1])

from firmware import ports
from firmware.alerts import places
from firmware.bulkhead import Bulkhead
from firmware.herald import KEYS, Herald
from firmware.wishes import Wishes
from tests.unit.fakes_status import status

loop, alarms, loads, broken = ports.Loop(), {}, [], []


class Finder:
    """Sees all that is loaded; while `broken`, nothing of it can be read."""

    def find_spec(self, name, path=None, target=None):
        loads.append((threading.current_thread() is threading.main_thread(), name))
        if broken:
            raise OSError(5, "Input/output error")


class Board:
    clock = ports
    events = type("Events", (), {"note": print})

    def alarm(self, source, sentence):
        if sentence:
            alarms[source] = sentence


def run(done, seconds=50):
    """The loop, until done()."""
    until = time.monotonic() + seconds

    def look():
        if done() or time.monotonic() > until:
            loop.stop()
        else:
            loop.call_after(20, look)

    loop.call_after(0, look)
    loop.run()
    return done()


def loaded():
    return not [each for each in threading.enumerate() if each.name == "post"]


class Settings:
    alerts, journal, language, texts = wish["file"], "journal", wish["language"], {}


settings, kept = Settings(), {}
for key in KEYS:
    kept[key] = places.PARSERS[key][0](wish["lines"][key]) if key in wish["lines"] else []
    setattr(settings, key, [] if wish["late"] else kept[key])
now = [status(language=wish["language"])]
sys.meta_path.insert(0, Finder())
if wish["broken"]:
    broken.append(True)
board, wishes = Board(), Wishes(settings, None, None, None)
herald = Herald(board, Bulkhead("herald", loop, board.alarm), settings, wishes, lambda: now[0])
herald.start()
if wish["late"]:
    run(lambda: False, 0.2)
    del loads[:]
    for key in KEYS:
        setattr(settings, key, kept[key])
    herald._receive()
run(loaded)
beforehand = list(loads)
del loads[:]
if "alert_ping" not in wish["lines"]:  # which is silent then
    now[0] = status(language=wish["language"], failure="the disk failed")
channels = herald.alerts.channels
outcome = {}
if wish["broken"]:
    run(lambda: all(each.failed_ms for each in channels))
    outcome["troubles"] = [each.trouble for each in channels]
    del broken[:]
run(lambda: all(each.last_ms and (each.told or each.place.kind == "ping") for each in channels))
outcome.update(beforehand=beforehand, loads=loads, alarms=alarms, reached=[bool(each.last_ms) for each in channels])
print("\\n" + json.dumps(outcome))
'''


@pytest.fixture
def receivers(make, tmp_path):
    """{key of board.conf: value}, every way of sending."""
    mail, secure = make(Mail, login=True), make(Mail, certificate(tmp_path), login=True)
    web, udp, tcp = make(Web), make(Log), make(Log, True)
    user = "user %s password %s" % (USER, PASSWORD)
    return [
        {"alert_mail": "me@x.example via localhost:%d %s" % (mail.port, user)},
        {"alert_mail": "me@x.example via 127.0.0.1:%d %s" % (secure.port, user)},
        {"alert_push": "http://127.0.0.1:%d/boards" % web.port},
        {"alert_webhook": "http://127.0.0.1:%d/hook" % web.port},
        {"alert_syslog": "127.0.0.1:%d, tcp:127.0.0.1:%d" % (udp.port, tcp.port)},
        {"alert_ping": "http://127.0.0.1:%d/alive" % web.port},
    ]


def tell(tmp_path, lines, late=False, broken=False, language="en") -> dict:
    wish = {"lines": lines, "late": late, "broken": broken, "language": language, "file": str(tmp_path / "told")}
    command = [sys.executable, "-c", BOARD, json.dumps(wish)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.parametrize("number", range(6))
def test_nothing_is_loaded_when_there_is_something_to_tell(receivers, tmp_path, number):
    """Neither in the loop, where hosts would wait for it, nor elsewhere: the card may be gone by then."""
    outcome = tell(tmp_path, receivers[number])
    assert all(outcome["reached"]) and not outcome["alarms"], outcome
    assert outcome["loads"] == []


def all_of(receivers) -> dict:
    """But for the ping."""
    return {key: value for lines in receivers[:5] for key, value in lines.items()}


def test_a_receiver_that_is_named_while_the_board_runs_keeps_nobody_waiting(receivers, tmp_path):
    outcome = tell(tmp_path, all_of(receivers), late=True, language="fr")
    assert outcome["reached"] == [True] * 5 and not outcome["alarms"], outcome
    assert [name for in_loop, name in outcome["beforehand"] if in_loop] == [] == outcome["loads"]


def test_what_cannot_be_loaded_is_a_delivery_that_failed_and_is_tried_again(receivers, tmp_path):
    outcome = tell(tmp_path, all_of(receivers), broken=True)
    words = "what this board sends it with cannot be read (Input/output error); look at the card with its system"
    assert outcome["troubles"] == [words] * 5 and outcome["reached"] == [True] * 5, outcome
    assert not outcome["alarms"]
