"""What a board remembers, when it is killed, and when its chronicle cannot be kept."""

import json
import time

from tests.process.boards import wait_until


def ask(board, path):
    code, body = board.request("GET", path)
    assert code == 200, body
    return json.loads(body)


def events(board):
    return [(each["id"], each["sentence"]) for each in ask(board, "/api/events")["events"]]


def told(board, word):
    return [sentence for _, sentence in events(board) if word in sentence]


def test_what_happened_survives_sigkill(make_board, tmp_path):
    board = make_board("left", chronicle=tmp_path / "left.chronicle").start()
    client = board.patient_client()
    for number in range(3):
        wait_until("the chronicle is read", lambda number=number: len(told(board, "started as")) == number + 1)
        client.write(number * 4096, bytes([number + 1]) * 4096)
        client.flush()
        time.sleep(7.5)  # an event comes to the card after some seconds
        seen = events(board)
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
