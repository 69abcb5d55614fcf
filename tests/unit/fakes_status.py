"""A board that is nothing but its facts, and what boards in trouble say of themselves.

    snapshot(FakeBoard(link_state="connecting"))       a healthy primary, but for what is said
    snapshot(example("outage"))                        one of EXAMPLES

Everything that shows a status can be shown these.
"""

from firmware.status.conditions import Since
from firmware.status.facts import quiet
from firmware.status.snapshot import snapshot

MIB, GIB = 1 << 20, 1 << 30
NOW_MS = 1700000001500

FACTS = quiet()
FACTS.update({
    "name": "left",
    "version": "1.2.3",
    "role": "primary",
    "serving": True,
    "generation": 1,
    "disk_size": GIB,
    "fenced": False,
    "promoted": False,
    "failure": None,
    "consistent": True,
    "copied": GIB,
    "whole": True,
    "activity": None,
    "written": 12,
    "durable": 11,
    "sent": 10,
    "acked": 9,
    "played": 8,
    "backlog_bytes": 12288,
    "oldest_ms": 1700000000000,
    "now_ms": NOW_MS,
    "uptime_s": 86400.5,
    "clock_set": None,
    "host": {"attached": True, "writes": 120, "write_bytes": 5 * MIB, "reads": 7, "read_bytes": 28672, "flushes": 12},
    "journal_size": 512 * MIB,
    "journal_used": 40960,
    "journal_written": 6 * MIB,
    "link_state": "up",
    "link_peer": "right",
    "rtt_ms": 3,
    "sent_bytes": 5000,
    "raw_bytes": 9000,
    "alarms": [],
})  # fmt: skip


class FakeBoard:
    """A board that is nothing but its facts."""

    def __init__(self, **changes):
        self._facts = dict(FACTS)
        self._facts.update(changes)
        self.since = Since()

    def facts(self):
        return self._facts


def status(**changes):
    """The snapshot of such a board."""
    return snapshot(FakeBoard(**changes))


def _health(**changes):
    health = dict(FACTS["health"])
    health.update(changes)
    return health


_BROKEN = (
    "the journal /dev/mmcblk0p4 failed (Input/output error); this board takes no more writes: "
    "replace what failed and restart it"
)
_OTHER = {
    "name": "left", "version": "1.2.3", "role": "primary", "state": "behind", "serving": True, "consistent": True,
    "generation": 1, "backlog": {"bytes": 90 * MIB, "groups": 210, "seconds": 340},
    "journal": {"size": 512 * MIB, "used": 91 * MIB, "full_in_s": 5400},
    "link": {"cap": 2000000, "held_bytes": 88 * MIB, "quota": {"bytes": 0, "used": 0, "holds": False}},
    "forecast": {"lag_s": 3600, "caught_up_s": 7200}, "rpo_s": 900, "host": {"attached": True},
    "health": {"temperature_c": 51, "under_voltage": False, "card": {"used_percent": None},
               "disk": {"ok": True, "sentence": None}},
    "alarms": [], "age_s": 2, "fresh_s": 70, "heard_s": 1.5, "lacked_s": 0,
}  # fmt: skip

WELL = {
    "name": "left", "role": "primary", "state": "mirroring", "backlog": {"bytes": 0, "groups": 0, "seconds": 0},
    "link": {"held_bytes": 0}, "alarms": [], "age_s": 2, "fresh_s": 70, "heard_s": 1.5, "lacked_s": 0,
}  # fmt: skip

# What boards say in the situations that matter: {word: what differs from a healthy primary that has sent nearly all}.
EXAMPLES = {
    "healthy": {
        "acked": 12, "sent": 12, "played": 12, "durable": 12, "backlog_bytes": 0, "oldest_ms": None, "clock_set": True,
        "journal_growth": 0, "rpo_s": 900, "health": _health(
            temperature_c=48.3, under_voltage=False, disk={"ok": True, "sentence": None},
            card={"used_percent": 10, "written_bytes": 90 * GIB})},
    "twin": {"name": "right", "role": "twin", "link_peer": "left", "clock_set": True, "oldest_ms": None,
             "backlog_bytes": 0, "host": dict(FACTS["host"], attached=False), "other": WELL},
    "twin_behind": {"name": "right", "role": "twin", "link_peer": "left", "oldest_ms": None, "other": _OTHER},
    "outage": {"link_state": "connecting", "rtt_ms": None, "clock_set": True, "written": 5012, "acked": 9,
               "backlog_bytes": 180 * MIB, "oldest_ms": NOW_MS - 7200000, "journal_used": 181 * MIB,
               "journal_growth": 26000.0, "rpo_s": 900},
    "full": {"link_state": "connecting", "rtt_ms": None, "written": 90012, "backlog_bytes": 510 * MIB,
             "oldest_ms": NOW_MS - 172800000, "journal_used": 511 * MIB, "journal_full": True,
             "alarms": ["the journal is full and the server waits"]},
    "held": {"cap": 2000000, "held_bytes": 88 * MIB, "backlog_bytes": 90 * MIB, "written": 219, "clock_set": True,
             "oldest_ms": NOW_MS - 340000, "lag_s": 3600, "caught_up_s": 7200, "journal_used": 91 * MIB},
    "quota": {"held_bytes": 88 * MIB, "backlog_bytes": 90 * MIB, "written": 219, "oldest_ms": NOW_MS - 340000,
              "quota_bytes": GIB, "quota_used": GIB, "quota_holds": True, "clock_set": True},
    "copying": {"activity": "copying", "whole": False, "copied": GIB // 2},
    "no_clock": {"clock_set": False, "oldest_ms": None, "lacked_s": 340.0},
    "failed": {"failure": _BROKEN, "serving": False, "alarms": [_BROKEN]},
    "fenced": {"fenced": True, "link_state": "refused",
               "alarms": ["left is fenced: the other board was promoted; "
                          "the 2 groups that it never sent stay in its journal"]},
    "promoted": {"promoted": True, "generation": 2, "link_state": "waiting", "rtt_ms": None, "acked": 3},
    "damaged": {"damage": "the journal is damaged at byte 4096, group 10: the checksum of its content does not fit",
                "alarms": ["the journal is damaged at byte 4096, group 10: the checksum of its content does not fit"]},
    "sick": {"health": _health(
        temperature_c=82, under_voltage=True, card={"used_percent": 90, "written_bytes": 0},
        disk={"ok": False, "sentence": "its own test says that it is failing"})},
}  # fmt: skip


def example(word: str, **changes) -> FakeBoard:
    """The board of one of EXAMPLES."""
    facts = dict(EXAMPLES[word])
    facts.update(changes)
    return FakeBoard(**facts)
