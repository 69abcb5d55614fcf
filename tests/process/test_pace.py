"""Rate and quota of a live pair: changed while it runs, held back, remembered; what each board shows of the other."""

import os
import time

from tests.process.boards import MIB, wait_until

GROUP = 128 << 10


def made(make_pair, **lines):
    """A running pair whose first board has these lines."""
    pair = make_pair(journal_size="64M")
    pair.left.write_conf(**lines)
    return linked(pair.start())


def linked(pair):
    wait_until("they are connected", lambda: pair.left.status()["link"]["state"] == "up")
    return pair


def write(pair, pieces: int, place: int = 0) -> float:
    """Pieces of what cannot be packed, and a flush; the seconds that it took."""
    began = time.monotonic()
    client = pair.left.client()
    for at in range(place, place + pieces):
        client.write(at * GROUP, os.urandom(GROUP))
    client.flush()
    client.close()
    return time.monotonic() - began


def setting(board, **wanted) -> None:
    code, answer = board.request("POST", "/api/settings", wanted)
    assert code == 200, answer


def held_by_other(board):
    """The link of the other board, once this one shows that its quota holds groups back."""
    other = board.status()["other"]
    return other["link"] if other and other["link"]["quota"]["holds"] else None


def shown_lately(board):
    """What this board shows of the other, unless that is old."""
    other = board.status()["other"]
    return other if other and other["age_s"] <= 12 else None


def test_a_rate_that_is_changed_counts_within_a_second(make_pair, tmp_path):
    pair = made(make_pair, rate="400K", settings=tmp_path / "settings")
    write(pair, 40)  # 5 MiB, of which 50 kB go in a second
    time.sleep(1)
    before = pair.left.status()["link"]
    assert before["cap"] == 400000 and before["held_bytes"] > 4 * MIB
    setting(pair.left, rate="16M 00:00-24:00")
    began, sent = time.monotonic(), before["sent_bytes"]
    assert pair.left.status()["link"]["cap"] == 16_000_000
    # Either would take longer at the rate before: 20 s for a MiB, 100 for all of it.
    wait_until("more is sent", lambda: pair.left.status()["link"]["sent_bytes"] - sent > MIB, 15)
    setting(pair.left, rate="0")
    pair.wait_drained(30)
    assert time.monotonic() - began < 30
    link = pair.left.status()["link"]
    assert (link["cap"], link["held_bytes"]) == (0, 0)


def test_a_quota_holds_groups_back_and_not_the_link(make_pair, tmp_path):
    file = tmp_path / "quota"
    pair = made(make_pair, quota="16M", quota_file=file, settings=tmp_path / "settings")
    write(pair, 160)  # 20 MiB
    wait_until("the quota is used up", lambda: pair.left.status()["link"]["quota"]["holds"])
    time.sleep(0.5)
    link = pair.left.status()["link"]
    assert link["state"] == "up" and link["held_bytes"] > 3 * MIB
    assert 11 * MIB < link["quota"]["used"] <= 16 * MIB + 65536
    other = wait_until("the twin shows it", lambda: held_by_other(pair.right))
    assert other["held_bytes"] > 3 * MIB and other["quota"]["used"] > 11 * MIB
    assert int(file.read_text().split()[1]) >= link["quota"]["used"]
    pair.left.kill()
    pair.left.start()
    linked(pair)
    time.sleep(1)
    again = pair.left.status()["link"]
    assert again["quota"]["used"] >= link["quota"]["used"] and again["held_bytes"] > 3 * MIB
    setting(pair.left, quota="0")
    pair.wait_drained()


def test_a_host_that_waits_for_the_twin_is_not_held_back(make_pair):
    pair = made(make_pair, quota="16M", ack="durable")
    for turn in range(5):
        assert write(pair, 40, 40 * turn) < 15  # 25 MiB, with flushes
    link = pair.left.status()["link"]
    assert link["quota"]["used"] > 24 * MIB and pair.left.status()["backlog"]["bytes"] == 0


def test_a_host_does_not_wait_until_midnight_when_the_journal_is_full(make_pair, tmp_path):
    pair = make_pair(journal_size="8M")
    pair.left.write_conf(quota="16M", quota_file=tmp_path / "quota", settings=tmp_path / "settings")
    linked(pair.start())
    for _ in range(2):
        assert write(pair, 160) < 30  # 20 MiB
    status = pair.left.status()
    assert any("goes beyond the quota" in alarm for alarm in status["alarms"])
    used = status["link"]["quota"]["used"]
    assert 30 * MIB < used < 39 * MIB and status["link"]["held_bytes"] > 2 * MIB  # no more than the host needs
    setting(pair.left, quota="0")
    pair.wait_drained()
    wait_until("nobody waits any more", lambda: not pair.left.status()["alarms"])
    setting(pair.left, quota="1024T")
    setting(pair.left, quota="64M")
    assert pair.left.status()["link"]["quota"]["used"] < used + MIB


def test_both_boards_on_either_page(make_pair):
    pair = made(make_pair)
    for here, there in ((pair.left, pair.right), (pair.right, pair.left)):
        other = wait_until("they show each other", lambda board=here: shown_lately(board))
        assert (other["name"], other["role"]) == (there.name, there.status()["role"])
        assert other["journal"]["size"] == there.status()["journal"]["size"]
    pair.right.kill()
    wait_until("the link is gone", lambda: pair.left.status()["link"]["state"] != "up")
    assert pair.left.status()["other"] is None
