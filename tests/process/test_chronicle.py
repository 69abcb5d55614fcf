"""What a board remembers, when it is killed, and when its chronicle cannot be kept."""

import json
import time

from firmware.errors import Damaged
from firmware.status.chronicle.layout import EVENTS, FIRST_SLOT, PAGE, SLOTS, unpack_events, unpack_page
from tests.process.boards import wait_until


def ask(board, path):
    code, body = board.request("GET", path)
    assert code == 200, body
    return json.loads(body)


def events(board):
    return [(each["id"], each["sentence"]) for each in ask(board, "/api/events")["events"]]


def told(board, word):
    return [sentence for _, sentence in events(board) if word in sentence]


def on_card(path):
    """The events in the file of a chronicle, as in events(); one that is being written may lack some."""
    data, found = path.read_bytes(), set()
    for slot in range(FIRST_SLOT[EVENTS], FIRST_SLOT[EVENTS] + SLOTS[EVENTS]):
        try:
            found |= {(each.id, each.sentence) for each in unpack_events(unpack_page(data[slot * PAGE :][:PAGE]))}
        except Damaged:
            pass
    return found


def test_what_happened_survives_sigkill(make_board, tmp_path):
    path = tmp_path / "left.chronicle"
    board = make_board("left", chronicle=path).start()
    client = board.patient_client()
    for number in range(3):
        wait_until("the chronicle is read", lambda number=number: len(told(board, "started as")) == number + 1)
        client.write(number * 4096, bytes([number + 1]) * 4096)
        client.flush()
        assert board.request("POST", "/api/mark", {"name": "mark %d" % number})[0] == 200
        wait_until("it is told", lambda number=number: told(board, "mark %d" % number))
        seen = events(board)  # those behind the first one come to the card after some seconds
        wait_until("the card has them", lambda seen=seen: on_card(path).issuperset(seen))
        board.kill()
        board.start()
        client = board.patient_client()
        wait_until("it starts again", lambda seen=seen: len(events(board)) > len(seen))
        assert events(board)[: len(seen)] == seen
    assert [client.read(number * 4096, 512)[:1] for number in range(3)] == [b"\x01", b"\x02", b"\x03"]
    time.sleep(3)
    board.stop()
    board.start()
    wait_until("it starts again", lambda: len(told(board, "started as")) == 5)
    assert len(told(board, "is stopping")) == 1
    series = ask(board, "/api/series?span=hour&points=3600")
    assert series["kept"] and series["step_s"] == 1
    known = [each for each in series["backlog_bytes"] if each is not None]
    assert known and known[-1] >= 3 * 4096


def test_a_chronicle_that_is_none_is_an_alarm_and_no_more(make_board, tmp_path):
    path = tmp_path / "left.chronicle"
    path.write_bytes(b"an essay" + bytes(1 << 20))
    board = make_board("left", chronicle=path).start()
    client = board.patient_client()
    wait_until("it says so", lambda: any("not a chronicle" in each for each in board.status()["alarms"]))
    client.write(0, b"w" * 65536)
    client.flush()
    assert client.read(0, 512) == b"w" * 512
    assert told(board, "started as") and not ask(board, "/api/series?span=week")["kept"]
    board.stop()
    assert path.read_bytes() == b"an essay" + bytes(1 << 20)
