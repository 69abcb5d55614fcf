"""What a live pair says of itself: counters, language, and that nothing is called safe while it is held back."""

import json
import os
import time

import pytest

from tests.process.boards import MIB, Pair, wait_until


@pytest.fixture
def make_pair(tmp_path):
    made = []

    def make(**lines):
        made.append(Pair(tmp_path, **lines))
        return made[-1].start()

    yield make
    for pair in made:
        pair.end()


def is_mirroring(pair) -> bool:
    return pair.left.status()["state"] == "mirroring" == pair.right.status()["state"]


def ask(board, path: str) -> dict:
    code, body = board.request("GET", path)
    assert code == 200, body
    return json.loads(body)


def lost_link_ms(board) -> "int | None":
    """When it lost its link; None: it did not. Its events tell, which does not make it look at its conditions."""
    lost = [each["ms"] for each in ask(board, "/api/events?lang=en")["events"] if "is lost" in each["sentence"]]
    return lost[-1] if lost else None


def test_counters_language_and_an_outage(make_pair, tmp_path):
    pair = make_pair(rpo="15m", language="fr", settings=tmp_path / "settings.conf")
    wait_until("they mirror", lambda: is_mirroring(pair))
    before = pair.left.status()
    assert not any(before["host"].values())
    client = pair.left.client()
    for number in range(4):
        client.write(number * MIB, os.urandom(65536))
    client.flush()
    client.read(0, 4096)
    after = pair.left.status()
    assert after["host"] == {
        "attached": True, "writes": 4, "write_bytes": 4 * 65536, "reads": 1, "read_bytes": 4096, "flushes": 1,
    }  # fmt: skip
    written = after["journal"]["written_bytes"] - before["journal"]["written_bytes"]
    assert 4 * 65536 < written < 5 * 65536
    assert before["uptime_s"] < after["uptime_s"] < 60 and abs(after["time_ms"] / 1000 - time.time()) < 60
    pair.wait_drained()

    said = pair.left.status()
    assert said["words"]["verdict"] == "À L'ABRI" and said["conditions"] == [] and said["rpo_s"] == 900
    assert ask(pair.left, "/api/status?lang=en")["words"]["verdict"] == "SAFE"
    events = [each["sentence"] for each in ask(pair.left, "/api/events?lang=fr")["events"]]
    assert "left a démarré comme principal, génération 1" in events
    assert "un serveur a le disque (NBD)" in events

    code, body = pair.left.request("POST", "/api/settings", {"language": "en"})
    assert code == 200, body
    pair.right.kill()
    lost_ms = wait_until("it is noticed", lambda: lost_link_ms(pair.left))
    time.sleep(14)  # in which nobody looks
    gone = pair.left.status()
    assert [each["name"] for each in gone["conditions"]] == ["no_link"]
    assert gone["words"]["verdict"] == "NOT MIRRORED" and "journal has room for" in gone["words"]["advice"]
    assert 0 <= gone["conditions"][0]["since_ms"] - lost_ms < 12000 < gone["time_ms"] - lost_ms
    client.close()


def test_a_burst_of_many_seconds_is_held_back_until_the_twin_has_it(make_pair):
    pair = make_pair(rate="1M")
    wait_until("they mirror", lambda: is_mirroring(pair))
    client = pair.left.client()
    client.write(0, os.urandom(MIB // 2))
    client.write(MIB, os.urandom(MIB // 2))
    client.flush()
    seen = []
    while not seen or seen[-1]["backlog"]["groups"]:
        seen.append(pair.left.status())
        time.sleep(0.02)
    held = [status for status in seen if status["link"]["held_bytes"]]
    assert len(held) > 10
    for status in seen:
        safe = status["words"]["verdict"] == "SAFE" or "well" in status["words"]["sentence"]
        assert not (safe and status["link"]["held_bytes"]), status
    assert "1 Mbit/s" in held[0]["words"]["sentence"] and held[0]["words"]["mood"] == "warn"
    assert seen[-1]["words"]["verdict"] == "SAFE" and seen[-1]["words"]["loss"] == "nothing"
    client.close()
