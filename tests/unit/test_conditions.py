"""What is not as it should be: thresholds, levels, order, sentences, since when."""

import unittest

from firmware.status.conditions import CRITICAL, NAMES, WARNING, Since
from firmware.status.snapshot import snapshot
from tests.unit.fakes_status import FACTS, GIB, MIB, NOW_MS, FakeBoard, example, status


def found(**changes):
    """[(name, level)] of a board with these facts."""
    return [(each["name"], each["level"]) for each in status(**changes)["conditions"]]


def health(**changes):
    return {"health": dict(FACTS["health"], **changes)}


def sentence(name, **changes):
    for each in status(**changes)["conditions"]:
        if each["name"] == name:
            return each["sentence"]
    return None


class Each(unittest.TestCase):
    def test_a_healthy_board_has_none(self):
        self.assertEqual(found(), [])
        self.assertEqual(snapshot(example("healthy"))["conditions"], [])
        self.assertEqual(found(role="twin"), [])

    def test_storage(self):
        self.assertEqual(found(failure="the disk failed"), [("storage", CRITICAL)])
        self.assertEqual(found(troubles={"usb": "the port is gone"}), [("storage", CRITICAL)])

    def test_a_fenced_board_is_nothing_but_fenced(self):
        gone = {"link_state": "refused", "refusal": "no", "rpo_s": 1, "oldest_ms": 0, "whole": False}
        self.assertEqual(found(fenced=True, **gone), [("fenced", CRITICAL)])

    def test_damage(self):
        self.assertEqual(found(damage="the journal is damaged"), [("damage", CRITICAL)])

    def test_the_link(self):
        self.assertEqual(found(link_state="connecting"), [("no_link", WARNING)])
        self.assertEqual(found(link_state="refused", refusal="wrong pair"), [("no_link", CRITICAL)])
        self.assertEqual(sentence("no_link", link_state="refused", refusal="wrong pair"), "wrong pair")
        self.assertIn("is not here", sentence("no_link", link_state="waiting", role="twin"))
        self.assertIn("exists once", sentence("no_link", link_state="waiting", promoted=True))
        self.assertEqual(found(link_state="waiting", disk_size=0), [])  # a board that does not run looks for nobody

    def test_the_target(self):
        late = {"oldest_ms": NOW_MS - 900000, "rpo_s": 900}
        self.assertEqual(found(**late), [])
        late["oldest_ms"] -= 1000
        self.assertEqual(found(**late), [("behind", WARNING)])
        self.assertEqual(sentence("behind", **late), "the twin is 15 min behind, and at most 15 min are wanted")
        late["oldest_ms"] -= 900000
        self.assertEqual(found(**late), [("behind", CRITICAL)])
        self.assertEqual(found(**dict(late, rpo_s=None)), [])

    def test_nobody_is_behind_where_there_is_no_twin(self):
        late = {"oldest_ms": NOW_MS - 9000000, "rpo_s": 900, "link_state": "waiting", "whole": False}
        self.assertEqual(found(promoted=True, **late), [("no_link", WARNING)])

    def test_a_clock_that_nobody_set_tells_no_age(self):
        unknown = {"oldest_ms": None, "rpo_s": 900, "clock_set": False}
        self.assertEqual(found(**unknown), [("clock", WARNING)])
        self.assertEqual(found(lacked_s=901.0, **unknown), [("behind", WARNING), ("clock", WARNING)])
        self.assertIn("at least 15 min behind", sentence("behind", lacked_s=901.0, **unknown))
        self.assertEqual(found(now_ms=86400000, oldest_ms=None), [("clock", WARNING)])
        self.assertEqual(found(now_ms=86400000, oldest_ms=None, clock_set=False), [("clock", WARNING)])

    def test_the_first_copy(self):
        self.assertEqual(found(whole=False, copied=GIB // 4), [("copying", WARNING)])
        self.assertIn("at 25 %", sentence("copying", whole=False, copied=GIB // 4))
        self.assertEqual(found(role="twin", consistent=False), [("copying", WARNING)])

    def test_temperature(self):
        for degrees, expected in ((None, []), (74.9, []), (75, [("temperature", WARNING)]),
                                  (80.0, [("temperature", CRITICAL)])):  # fmt: skip
            self.assertEqual(found(**health(temperature_c=degrees)), expected)

    def test_voltage(self):
        for low, expected in ((None, []), (False, []), (True, [("voltage", CRITICAL)])):
            self.assertEqual(found(**health(under_voltage=low)), expected)

    def test_the_card(self):
        for used, expected in ((None, []), (79, []), (80, [("card", WARNING)]), (110, [("card", CRITICAL)])):
            card = {"used_percent": used, "written_bytes": None}
            self.assertEqual(found(**health(card=card)), expected)

    def test_the_disk(self):
        for ok, expected in ((None, []), (True, []), (False, [("disk", CRITICAL)])):
            disk = {"ok": ok, "sentence": "it has replaced 60 bad sectors"}
            self.assertEqual(found(**health(disk=disk)), expected)
        self.assertTrue(sentence("disk", **health(disk={"ok": False, "sentence": None})))

    def test_alarms_of_sources(self):
        for source, name in (("keys", "keys"), ("certificates", "keys"), ("settings", "settings"), ("rate", "clock"),
                             ("settings 2", "settings"),
                             ("console /dev/ttyS0", "surface"), ("chronicle", "surface")):  # fmt: skip
            self.assertEqual(found(troubles={source: "it burns"}), [(name, WARNING)])
            self.assertEqual(sentence(name, troubles={source: "it burns"}), "it burns")

    def test_a_name_stands_there_once(self):
        troubles = {"display": "b", "console": "a", "page": "a"}
        self.assertEqual(found(troubles=troubles), [("surface", WARNING)])
        self.assertEqual(sentence("surface", troubles=troubles), "a; b")

    def test_every_name_is_known_and_the_most_urgent_comes_first(self):
        everything = {
            "failure": "x", "damage": "y", "link_state": "waiting", "oldest_ms": 0, "rpo_s": 1, "whole": False,
            "now_ms": 0, "troubles": {"keys": "a", "settings": "b", "display": "c"}, "journal_full": True,
        }  # fmt: skip
        everything.update(health(temperature_c=99, under_voltage=True, disk={"ok": False, "sentence": "z"},
                                 card={"used_percent": 90, "written_bytes": 0}))  # fmt: skip
        everything.update(now_ms=1000, oldest_ms=-100000)
        names = [name for name, _ in found(**everything)]
        self.assertEqual(sorted(names), sorted(name for name in NAMES if name not in ("fenced", "journal_filling")))
        levels = [level for _, level in found(**everything)]
        self.assertEqual(levels, sorted(levels))  # "critical" before "warning"


class Unknown(unittest.TestCase):
    SENSORS = ["voltage", "temperature", "disk", "card"]

    def of_log(self, **changes):
        return [name for name in status(**changes)["unknown"] if name not in self.SENSORS]

    def test_what_a_healthy_board_knows(self):
        self.assertEqual(snapshot(example("healthy"))["unknown"], [])

    def test_sensors_that_do_not_tell(self):
        self.assertEqual(status()["unknown"], self.SENSORS)

    def test_a_lag_of_unknown_age(self):
        self.assertEqual(self.of_log(oldest_ms=None, rpo_s=900), ["behind"])
        self.assertEqual(self.of_log(oldest_ms=None), [])  # nobody has set a target
        self.assertEqual(self.of_log(oldest_ms=None, rpo_s=900, lacked_s=901.0), [])  # it is behind, and that is known

    def test_damage_of_an_earlier_life_until_the_twin_has_what_that_wrote(self):
        self.assertEqual(self.of_log(inherited=True), ["damage"])
        self.assertEqual(self.of_log(whole=False, activity="copying"), ["damage"])
        self.assertEqual(self.of_log(inherited=True, damage="it is damaged"), [])

    def test_a_journal_of_which_nobody_has_seen_how_it_fills(self):
        self.assertEqual(self.of_log(journal_used=100 * MIB), ["journal_filling"])
        self.assertEqual(self.of_log(journal_used=100 * MIB, journal_growth=0), [])

    def test_a_full_journal_that_no_host_has_looked_into(self):
        self.assertEqual(self.of_log(journal_may_be_full=True, journal_growth=0), ["journal_full"])
        self.assertEqual(self.of_log(journal_may_be_full=True, journal_growth=0, journal_full=True), [])

    def test_a_fenced_board_does_not_look_at_its_twin(self):
        names = ["damage", "journal_full", "journal_filling", "no_link", "behind", "copying"]
        self.assertEqual(self.of_log(fenced=True), names)


class Filling(unittest.TestCase):
    SIZE = 512 * MIB

    def level(self, percent, hours=None, **changes):
        used = (self.SIZE * percent + 99) // 100
        growth = None if hours is None else (self.SIZE - used) / (hours * 3600)
        levels = [level for name, level in found(journal_used=used, journal_growth=growth, **changes)
                  if name in ("journal_full", "journal_filling")]  # fmt: skip
        return levels[0] if levels else None

    def test_levels(self):
        for percent, hours, expected in ((0, None, None), (74, None, None), (75, None, WARNING), (90, None, CRITICAL),
                                         (9, 1, None), (10, 23, WARNING), (10, 25, None), (24, 1, WARNING),
                                         (25, 1.9, CRITICAL), (25, 2.1, WARNING), (95, 100, CRITICAL)):  # fmt: skip
            self.assertEqual(self.level(percent, hours), expected, (percent, hours))

    def test_a_forecast_that_knows_of_a_faster_night(self):
        self.assertEqual(self.level(25, 1.9, caught_up_s=3600), None)
        self.assertEqual(self.level(25, 1.9, caught_up_s=7200), CRITICAL)
        self.assertEqual(self.level(25, 1.9, caught_up_s=3600, link_state="connecting"), CRITICAL)
        self.assertEqual(self.level(95, 1.9, caught_up_s=3600), CRITICAL)

    def test_a_forecast_that_knows_of_a_slower_day(self):
        self.assertEqual(self.level(25, None, full_s=7000), CRITICAL)
        self.assertEqual(self.level(25, 20, full_s=7000), CRITICAL)
        self.assertEqual(self.level(25, 1.9, full_s=80000), CRITICAL)
        self.assertEqual(self.level(25, 1.9, caught_up_s=3600, full_s=80000), WARNING)
        self.assertEqual(self.level(25, None, full_s=7000, link_state="connecting"), None)

    def test_full(self):
        self.assertEqual(self.level(50, None, journal_full=True), CRITICAL)
        self.assertIn("the server waits", sentence("journal_full", journal_full=True))
        self.assertEqual(sentence("journal_filling", journal_full=True, journal_used=self.SIZE), None)

    def test_with_the_hours_left(self):
        text = sentence("journal_filling", journal_used=self.SIZE // 2, journal_growth=self.SIZE / 2 / 10800)
        self.assertEqual(text, "the journal is 50 % full, and at this pace full in 3 h")
        self.assertEqual(sentence("journal_filling", journal_used=self.SIZE * 7 // 8), "the journal is 87 % full")

    def test_a_twin_whose_disk_is_slow(self):
        self.assertEqual(self.level(93, None, role="twin"), None)
        self.assertEqual(self.level(93, None, role="twin", link_state="waiting"), None)
        self.assertNotIn("journal_filling", status(role="twin", journal_used=500 * MIB)["unknown"])

    def test_a_board_without_a_journal(self):
        self.assertEqual(found(journal_size=0, journal_used=0), [])


class When(unittest.TestCase):
    def seen(self, board):
        return {each["name"]: each["since_ms"] for each in snapshot(board)["conditions"]}

    def pass_time(self, board, ms, **changes):
        facts = board.facts()
        facts["now_ms"] += ms
        facts["uptime_s"] += ms / 1000
        facts.update(changes)

    def test_since_when(self):
        board = FakeBoard(link_state="connecting")
        self.assertEqual(self.seen(board), {"no_link": NOW_MS})
        self.pass_time(board, 5000, troubles={"keys": "a"})
        self.assertEqual(self.seen(board), {"no_link": NOW_MS, "keys": NOW_MS + 5000})
        self.pass_time(board, 5000, link_state="up")
        self.assertEqual(self.seen(board), {"keys": NOW_MS + 5000})
        self.pass_time(board, 5000, link_state="connecting")
        self.assertEqual(self.seen(board)["no_link"], NOW_MS + 15000)

    def test_a_journal_is_full_since_it_is_full(self):
        board = FakeBoard(journal_used=500 * MIB, acked=12)
        self.assertEqual(self.seen(board), {"journal_filling": NOW_MS})
        self.pass_time(board, 240000, journal_full=True)
        self.assertEqual(self.seen(board), {"journal_full": NOW_MS + 240000})

    def test_a_clock_that_is_set_later_moves_it_along(self):
        board = FakeBoard(link_state="connecting", now_ms=1000000)
        self.seen(board)
        self.pass_time(board, 5000)
        board.facts()["now_ms"] = NOW_MS
        self.assertEqual(self.seen(board)["no_link"], NOW_MS - 5000)

    def test_nothing_is_remembered_of_what_is_over(self):
        since = Since()
        for number in range(100):
            since.date([{"name": "surface"}] if number % 2 else [], number * 1000, number)
        self.assertTrue(len(since._began) <= 1)


if __name__ == "__main__":
    unittest.main()
