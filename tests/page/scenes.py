"""What a board would answer in every situation that the page must tell: the snapshot, events, series.

The snapshots are made of facts by the firmware itself, so their words are those of a real board.
"""

import math
import time

from board.steward.silent import SilentBoard
from firmware.status.chronicle.layout import Event
from firmware.status.snapshot import snapshot as snapshot_of
from tests.unit.fakes_status import FakeBoard

MIB, GIB = 1 << 20, 1 << 30
STARTED_S = time.time() - 86400 * 12
DISK_FAILED = (
    "the disk /dev/sda failed (Input/output error); this board takes no more writes: replace what failed and restart it"
)
FENCED = "left is fenced: the other board was promoted; the 12 groups that it never sent stay in its journal"
DAMAGED = "the journal is damaged at byte 4096, group 10: the checksum of its content does not fit"


def now_ms() -> int:
    return int(time.time() * 1000)


def health(**changes) -> dict:
    return {
        "temperature_c": 47.2, "under_voltage": False, "card": {"used_percent": 11, "written_bytes": 3412 * GIB},
        "disk": {"ok": True, "sentence": None},
    } | changes  # fmt: skip


def other(name, role, state="mirroring", **more) -> dict:
    """The other board, as far as it tells over the link (firmware/status/neighbour.py)."""
    return {
        "name": name, "version": "0.2.0", "role": role, "state": state, "serving": True, "consistent": True,
        "mood": "good" if state == "mirroring" else "warn", "generation": 1,
        "backlog": {"bytes": 0, "groups": 0, "seconds": 0},
        "journal": {"size": 64 * GIB, "used": GIB // 7, "full_in_s": None},
        "link": {"cap": 0, "held_bytes": 0, "quota": {"bytes": 0, "used": 0, "holds": False}},
        "forecast": {"lag_s": 0, "caught_up_s": 0, "full_s": None}, "rpo_s": None,
        "host": {"attached": role == "primary"},
        "health": {"temperature_c": 44.8, "under_voltage": False, "card": {"used_percent": 7, "written_bytes": None},
                   "disk": {"ok": True, "sentence": None}},
        "alarms": [], "age_s": 1, "fresh_s": 70, "heard_s": 0.4, "lacked_s": 0,
    } | more  # fmt: skip


def base() -> dict:
    """The facts of a healthy primary that is written to."""
    seconds = time.time() - STARTED_S
    group = 90000 + int(seconds)
    return {
        "name": "left", "version": "0.2.0", "disk_size": 1000 * GIB, "copied": 1000 * GIB, "now_ms": now_ms(),
        "uptime_s": seconds, "clock_set": True, "written": group, "durable": group, "sent": group, "acked": group,
        "played": group, "backlog_bytes": 0, "oldest_ms": None, "journal_size": 64 * GIB, "journal_used": 410 * MIB,
        "journal_written": 812 * GIB, "journal_growth": 0, "link_peer": "right", "rtt_ms": 23, "cap": 20000000,
        "sent_bytes": int(seconds * 610000), "raw_bytes": int(seconds * 1400000), "lag_s": 0, "caught_up_s": 0,
        "rpo_s": 900, "health": health(), "other": other("right", "twin"),
        "host": {"attached": True, "writes": int(seconds * 31), "write_bytes": int(seconds * 1400000), "reads": 4,
                 "read_bytes": 9, "flushes": int(seconds)},
    }  # fmt: skip


def _lacking(size, groups, seconds, **more) -> dict:
    facts = base()
    return facts | {
        "backlog_bytes": size, "acked": facts["written"] - groups, "oldest_ms": facts["now_ms"] - seconds * 1000,
        "journal_used": size + 410 * MIB,
    } | more  # fmt: skip


def _alone(**more) -> dict:
    return {"link_state": "connecting", "rtt_ms": None, "other": None} | more


def healthy():
    return base()


def twin():
    idle = {"attached": False, "writes": 0, "write_bytes": 0, "reads": 0, "read_bytes": 0, "flushes": 0}
    return base() | {"name": "right", "role": "twin", "link_peer": "left", "other": other("left", "primary"),
                     "host": idle, "sent_bytes": 90000}  # fmt: skip


def twin_untold():
    """A twin that has heard nothing of its primary: an older one, or the first seconds of a link."""
    return twin() | {"other": None}


def behind():
    return _lacking(312 * MIB, 128, 94, lag_s=1260, caught_up_s=2400, other=other("right", "twin"))


def held():
    return _lacking(88 * MIB, 210, 340, cap=2000000, held_bytes=88 * MIB, lag_s=3600, caught_up_s=7200)


def quota():
    return _lacking(1700 * MIB, 900, 6100, held_bytes=1700 * MIB, quota_bytes=5 * GIB, quota_used=5 * GIB,
                    quota_holds=True, lag_s=30000, caught_up_s=31000, rpo_s=None)  # fmt: skip


def outage():
    return _lacking(3481 * MIB, 4312, 723, journal_used=23 * GIB, journal_growth=388000.0, rpo_s=None, **_alone())


def full():
    alarms = ["the journal is full and the server waits"]
    filled = {"journal_used": 64 * GIB, "journal_full": True, "journal_growth": 0, "alarms": alarms}
    return _lacking(63 * GIB, 812345, 173000, **filled, **_alone())


def lost_primary():
    """A twin whose other board is gone."""
    return twin() | _alone(link_state="waiting")


def copying():
    return base() | {"activity": "copying", "whole": False, "copied": 420 * GIB,
                     "other": other("right", "twin", "copying", consistent=False)}  # fmt: skip


def failed():
    bad = health(temperature_c=81.0, under_voltage=True, card={"used_percent": 91, "written_bytes": 9 << 40},
                 disk={"ok": False, "sentence": "its own test says that it is failing"})  # fmt: skip
    idle = {"attached": False, "writes": 9, "write_bytes": 9000, "reads": 0, "read_bytes": 0, "flushes": 1}
    return _lacking(1150000, 2, 4, failure=DISK_FAILED, alarms=[DISK_FAILED], serving=False, health=bad, host=idle)


def damaged():
    return _lacking(40 * MIB, 20, 310, damage=DAMAGED, alarms=[DAMAGED])


def fenced():
    return _lacking(9 * MIB, 12, 5400, fenced=True, alarms=[FENCED], **_alone(link_state="refused"))


def promoted():
    return base() | {"name": "right", "link_peer": "left", "promoted": True, "generation": 2} | _alone()


def nobody_attached():
    return base() | {"host": base()["host"] | {"attached": False}}


def silent():
    """A board that does not run: the steward serves the page in its place, and knows one sentence."""
    return SilentBoard("left", "primary", "the disk /dev/sda is missing: attach it", "0.2.0").facts()


SCENES = {each.__name__: each for each in (
    healthy, twin, twin_untold, behind, held, quota, outage, full, lost_primary, copying, failed, damaged, fenced,
    promoted, nobody_attached, silent,
)}  # fmt: skip


def snapshot(scene: str, language: str) -> dict:
    board = FakeBoard(**SCENES[scene]())
    began = {"outage": 12 * 60, "full": 2 * 86400, "lost_primary": 3 * 3600}.get(scene, 240)
    status = snapshot_of(board, language)
    for each in status["conditions"]:
        each["since_ms"] -= began * 1000
    return status


def receiver(kind, to, state="untried", sentence="", last_ms=None) -> dict:
    """Of alerts, as GET /api/alerts tells of it."""
    return {"id": kind + "-0", "kind": kind, "name": "alert_" + kind, "to": to, "state": state, "waiting": 0,
            "sentence": sentence, "last_ms": last_ms, "failed_ms": None, "next_s": None}  # fmt: skip


def tested() -> list:
    """What came of a test: one receiver took it, one did not."""
    webhook, mail = "http://127.0.0.1:9000/...", "me@example.org via mail.example.org:587"
    return [
        {"id": "webhook-0", "kind": "webhook", "name": "alert_webhook", "to": webhook, "taken": True,
         "sentence": webhook + ": it arrived"},
        {"id": "mail-1", "kind": "mail", "name": "alert_mail", "to": mail, "taken": False,
         "sentence": mail + ": mail.example.org:587 is not known"},
    ]  # fmt: skip


def events() -> list:
    """Some things that happened, today and the days before."""
    told = [
        (26 * 3600, "left started as primary, generation 1"), (26 * 3600 - 4, "a host has the disk (usb)"),
        (25 * 3600, "the first full copy is complete with group 412"),
        (9 * 3600, "the link to right was lost: no sign of life for 10 s"),
        (9 * 3600 - 700, "the link to right is up"), (5 * 3600, 'mark "before the upgrade" at group 88120'),
        (3700, "an update of 61.2M is coming in"), (3600, "update: version 0.2.0 is confirmed"),
        (640, "the rate is 2M from now on"),
    ]  # fmt: skip
    return [Event(now_ms() - age * 1000, words, id=100 + n) for n, (age, words) in enumerate(told)]


def series(span: str, points: int, scene: str = "healthy") -> dict:
    """A quiet time with one outage, and a gap (the board was off); at its end it goes over into the scene."""
    long_s = 3600 if span == "hour" else 7 * 86400
    step = max(1, long_s // points)
    count = long_s // step
    lag, backlog, written, sent = [], [], [], []
    facts = SCENES[scene]()
    late_s = 0 if facts["oldest_ms"] is None else (facts["now_ms"] - facts["oldest_ms"]) / 1000
    for n in range(count):
        share = n / count
        busy = 1 + math.sin(n / 17) * 0.5 + math.sin(n / 5.3) * 0.3
        outage_s = max(0.0, (share - 0.42) * long_s) if 0.42 < share < 0.55 else 0.0
        catching = max(0.0, 1 - (share - 0.55) / 0.06) if 0.55 <= share < 0.61 else 0.0
        lag.append(round(0.4 + 0.3 * busy + outage_s + catching * 0.13 * long_s, 2))
        written.append(int(1.4e6 * busy))
        sent.append(0 if outage_s else int(0.62e6 * busy + 3.2e6 * bool(catching)))
        backlog.append(int(lag[-1] * 0.7e6))
        left_s = (count - 1 - n) * step
        if left_s < late_s:
            lag[-1], sent[-1] = late_s - left_s, 0
            backlog[-1] = int(facts["backlog_bytes"] * (1 - left_s / late_s))
    for values in (lag, backlog, written, sent):
        values[int(count * 0.2) : int(count * 0.23)] = [None] * (int(count * 0.23) - int(count * 0.2))
    return {
        "step_s": step, "start_ms": now_ms() - count * step * 1000, "lag_s": lag, "backlog_bytes": backlog,
        "write_bytes_per_s": written, "sent_bytes_per_s": sent, "kept": True,
    }  # fmt: skip
