"""Whatever a board says of itself, in any mixture: it is shown, in every language, and never safer than it is."""

import json
import unittest

from firmware.status.conditions import CRITICAL, NAMES, WARNING
from firmware.status.snapshot import snapshot
from firmware.status.table import board, rows
from tests.unit.dice import Dice
from tests.unit.fakes_status import EXAMPLES, FACTS, GIB, MIB, NOW_MS, WELL, FakeBoard

ROUNDS = 400
FAILURE = (
    "the disk /dev/sda failed (Input/output error); this board takes no more writes: replace what failed and restart it"
)
MOST_ON_ITS_WAY = GIB  # of what is young


def lacks(size, seconds):
    return {"bytes": size, "groups": 9, "seconds": seconds}


CHOICES = {
    "name": ("left", "n" * 63, "50 % \u65e5\u672c %s", "twin"),
    "role": ("primary", "twin"),
    "disk_size": (0, 512, GIB, 1 << 50),
    "fenced": (False, False, False, True),
    "promoted": (False, False, True),
    "failure": (None, None, None, FAILURE, "100 % gone"),
    "consistent": (True, True, False),
    "copied": (0, GIB, 1 << 50),
    "whole": (True, True, False),
    "activity": (None, None, "copying", "catching up"),
    "written": (0, 12, 1 << 40),
    "acked": (0, 12, 1 << 40),
    "backlog_bytes": (0, 1, 12288, 1 << 50),
    "oldest_ms": (None, 0, NOW_MS, NOW_MS - 4000, NOW_MS - 3600000, NOW_MS + 100000),
    "lacked_s": (0, 0, 0, 4.5, 60, 1e9),
    "inherited": (False, True),
    "clock_set": (None, True, False),
    "now_ms": (NOW_MS, NOW_MS, 0),
    "uptime_s": (0, 0.5, 1e9),
    "journal_size": (0, 8 * MIB, 1 << 40),
    "journal_used": (0, 7 * MIB, 8 * MIB, 1 << 40),
    "journal_full": (False, False, True),
    "journal_may_be_full": (False, True),
    "journal_growth": (None, 0, 0.001, 1e9),
    "link_state": ("up", "up", "connecting", "waiting", "refused", "from the future"),
    "link_peer": ("", "right", "\u65e5" * 21),
    "rtt_ms": (None, 0, 100000),
    "cap": (0, 1000, 10**12),
    "held_bytes": (0, 0, 1, 1 << 50),
    "quota_bytes": (0, MIB, 1 << 50),
    "quota_used": (0, 1 << 50),
    "quota_holds": (False, True),
    "lag_s": (None, 0, 90000.5),
    "caught_up_s": (None, 0, 86399.9),
    "full_s": (None, None, 0, 86399.9),
    "full_cap": (None, 0, 2000000),
    "full_quota": (None, False, True),
    "rpo_s": (None, 1, 900, 30 * 86400),
    "damage": ("", "", "", "the journal is damaged at byte 1, group 2: no superblock"),
    "refusal": ("", "%", "left and right are both twin; one must be the other's twin"),
    "copy_trouble": ("", "", "", "the disk of left cannot be read"),
    "troubles": ({}, {}, {"keys": "x"}, {"usb": "y", "console /dev/tty": "the console %s; plug it in"}),
    "alarms": ([], [], ["the journal is full"], ["%d", "x" * 240]),
    "other": (None, None, {}, EXAMPLES["twin_behind"]["other"], {"state": "behind", "backlog": {
        "bytes": None, "groups": None, "seconds": None}, "link": None, "name": None, "alarms": ["%s"]}) + (WELL,) * 5
    + tuple([dict(WELL, **changes) for changes in (
        {"age_s": 9999}, {"age_s": 71}, {"age_s": None}, {"state": "failed"}, {"state": "fenced"},
        {"state": "copying"},
        {"state": "catching up"}, {"state": "no link"}, {"state": "from the future"}, {"state": None},
        {"role": "twin"}, {"role": None}, {"backlog": None}, {"backlog": lacks(5 * GIB, None)},
        {"backlog": lacks(5 * GIB, 0)}, {"backlog": lacks(9, 6)}, {"backlog": lacks(9, 4)},
        {"link": {"held_bytes": 1}}, {"link": {"held_bytes": 9, "cap": 10**6}},
        {"link": {"held_bytes": 1 << 40, "cap": 9}}, {"fresh_s": None}, {"age_s": 90, "fresh_s": 99},
        {"link": {"held_bytes": 1, "cap": 10**6, "quota": {"holds": True}}},
        {"heard_s": None}, {"heard_s": 9.5}, {"lacked_s": 9.5}, {"lacked_s": 4}, {"heard_s": 3})]),
    "health": tuple({
        "temperature_c": degrees, "under_voltage": low, "card": {"used_percent": used, "written_bytes": used},
        "disk": {"ok": ok, "sentence": said}} for degrees, low, used, ok, said in (
        (None, None, None, None, None), (48.5, False, 10, True, None), (99, True, 110, False, "it is too hot"),
        (76, False, 80, True, "it has replaced 3 bad sectors"), (-5.0, None, None, False, None))),
    "language": ("en", "fr", "xx"),
}  # fmt: skip


def is_safe(facts):
    """Whether the twin has everything, or all that it lacks is known to be young."""
    if facts["failure"] or facts["fenced"] or facts["damage"] or facts["activity"] or facts["link_state"] != "up":
        return False
    if facts["role"] != "primary":
        return is_lossless(facts)
    age_s = 0 if is_lossless(facts) or facts["oldest_ms"] is None else (facts["now_ms"] - facts["oldest_ms"]) / 1000
    held = is_held(facts["held_bytes"], facts["cap"], facts["quota_holds"], max(age_s, 0))
    return facts["whole"] and not held and (is_lossless(facts) or is_young(facts))


def is_held(size, cap, quota_holds, age_s):
    """Whether that, of which the oldest is of this age, cannot go before it is five seconds old."""
    return size > 0 and (quota_holds or size > cap * (5 - age_s) / 8)


def is_young(facts):
    """Of a primary whose twin lacks groups."""
    if facts["oldest_ms"] is None or facts["lacked_s"] > 5 or facts["backlog_bytes"] > MOST_ON_ITS_WAY:
        return False
    return -2000 <= facts["now_ms"] - facts["oldest_ms"] <= 5000


def is_lossless(facts):
    """Whether nothing would be lost now but what is on its way."""
    if facts["role"] == "primary":
        return facts["whole"] and facts["written"] <= facts["acked"]
    other = facts["other"]
    if not facts["consistent"] or facts["link_state"] != "up" or not other:
        return False
    backlog, age_s = other.get("backlog"), other.get("age_s")
    if other.get("role") != "primary" or other.get("state") != "mirroring" or not backlog:
        return False
    if age_s is None or age_s > (other["fresh_s"] or 0) or None in (other["heard_s"], other["lacked_s"]):
        return False
    if other["heard_s"] > 5 or other["lacked_s"] > 5:
        return False
    young = backlog["seconds"] is not None and backlog["seconds"] <= 5 and backlog["bytes"] <= MOST_ON_ITS_WAY
    link = other["link"]
    held = is_held(link["held_bytes"], link.get("cap", 0), link.get("quota", {}).get("holds"), backlog["seconds"] or 0)
    return (backlog["groups"] == 0 or young) and not held


class Any(unittest.TestCase):
    def test_any_mixture(self):
        dice = Dice(20)
        keys = sorted(CHOICES)
        safe = 0
        for number in range(ROUNDS):
            # Few things at a time as well, for where all is mixed something is always wrong.
            few = number % 20
            facts = {key: dice.choice(CHOICES[key]) for key in keys if dice.below(20) < few}
            self.assertEqual(set(facts) - set(FACTS), set())
            fake = FakeBoard(**facts)
            shown = [snapshot(fake, language) for language in ("en", "fr")]
            for each in shown:
                self.check(each, facts)
            self.same(shown[0], shown[1])
            safe += shown[0]["words"]["verdict"] == "SAFE"
        self.assertTrue(ROUNDS // 50 < safe < ROUNDS, safe)

    def check(self, shown, facts):
        self.assertEqual(json.loads(json.dumps(shown))["words"], shown["words"])
        words, names = shown["words"], [each["name"] for each in shown["conditions"]]
        for word in ("verdict", "distance", "sentence", "loss", "advice"):
            self.assertTrue(words[word] and "None" not in words[word], (words[word], facts))
        self.assertEqual(len(set(names)), len(names))
        self.assertTrue(set(names) <= set(NAMES), names)
        levels = [each["level"] for each in shown["conditions"]]
        self.assertTrue(set(levels) <= {CRITICAL, WARNING} and levels == sorted(levels), levels)
        for word, value in [board(shown)] + rows(shown):
            self.assertTrue(word and value is not None and "None" not in value, (word, value, facts))
        self.unsafe(shown, names, facts)

    def unsafe(self, shown, names, facts):
        """No word of safety without the facts for it; what the code under test makes of them counts for nothing."""
        words, facts = shown["words"], dict(FACTS, **facts)
        safe = words["verdict"] in ("SAFE", "\u00c0 L'ABRI")
        well = "bien :" in words["sentence"] or "well:" in words["sentence"]
        self.assertFalse((safe or well or words["mood"] == "good") and not is_safe(facts), (words, facts))
        nothing = words["loss"].startswith(("nothing", "rien")) and not facts["fenced"]
        self.assertFalse(nothing and not is_lossless(facts), (words, facts))
        critical = any(each["level"] == CRITICAL for each in shown["conditions"])
        self.assertFalse(critical and words["mood"] != "bad", (words, facts))
        self.assertFalse(words["mood"] == "good" and names, (words, facts))

    def same(self, english, french):
        """Two languages, one meaning."""
        for word in english:
            if word not in ("words", "conditions", "alarms", "health", "other", "language"):
                self.assertEqual(english[word], french[word])
        self.assertEqual(english["words"]["mood"], french["words"]["mood"])
        names = [[each["name"] for each in status["conditions"]] for status in (english, french)]
        self.assertEqual(names[0], names[1])
        self.assertNotEqual(english["words"]["verdict"], french["words"]["verdict"])


if __name__ == "__main__":
    unittest.main()
