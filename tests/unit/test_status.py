"""The snapshot, its state word, and the page that shows it."""

import json
import unittest

from firmware.api.plain import escaped, page
from firmware.status.snapshot import snapshot
from firmware.status.table import rows, wrong
from tests.unit.fakes_status import EXAMPLES, FACTS, WELL, FakeBoard, example, status


def state(**changes):
    return status(**changes)["state"]


class Snapshot(unittest.TestCase):
    def test_the_whole(self):
        expected = {
            "name": "left",
            "version": "1.2.3",
            "role": "primary",
            "serving": True,
            "state": "mirroring",
            "generation": 1,
            "consistent": True,
            "disk_size": 1 << 30,
            "copy": {"whole": True, "bytes": 1 << 30},
            "group": {"written": 12, "durable": 11, "sent": 10, "acked": 9, "played": 8},
            "backlog": {"bytes": 12288, "groups": 3, "seconds": 1.5},
            "missing_groups": 0,
            "journal": {
                "size": 512 << 20, "used": 40960, "written_bytes": 6 << 20, "growth_bytes_per_s": None,
                "full_in_s": None,
            },
            "history": {"size": 0, "used": 0, "oldest": None},
            "link": {
                "state": "up", "peer": "right", "rtt_ms": 3, "sent_bytes": 5000, "raw_bytes": 9000, "cap": 0,
                "held_bytes": 0, "quota": {"bytes": 0, "used": 0, "holds": False},
            },
            "clock": {"set": None},
            "time_ms": 1700000001500,
            "uptime_s": 86400.5,
            "host": FACTS["host"],
            "forecast": {"lag_s": None, "caught_up_s": None, "full_s": None, "full_cap": None, "full_quota": None},
            "rpo_s": None,
            "health": {
                "temperature_c": None, "under_voltage": None, "card": {"used_percent": None, "written_bytes": None},
                "disk": {"ok": None, "sentence": None},
            },
            "other": None,
            "language": "en",
            "alarms": [],
            "conditions": [],
            "unknown": ["voltage", "temperature", "disk", "card"],
            "words": {
                "case": "mirroring",
                "verdict": "SAFE",
                "distance": "the twin lacks 3 groups of writes, 12 KiB, the oldest 1.5 s old",
                "sentence": "All is well: the twin follows within seconds.",
                "loss": "the writes of the last 1.5 s: 3 groups of writes, 12 KiB",
                "advice": "nothing",
                "mood": "good",
            },
        }  # fmt: skip
        self.assertEqual(status(), expected)
        self.assertEqual(json.loads(json.dumps(status())), expected)

    def test_every_example_can_be_shown_in_every_language(self):
        for word in EXAMPLES:
            for language in ("en", "fr", "xx"):
                shown = snapshot(example(word), language)
                json.dumps(shown)
                for text in shown["words"].values():
                    self.assertTrue(text and "%" not in text.replace(" %", ""), text)
                self.assertTrue(len(rows(shown)) >= 8)

    def test_no_backlog(self):
        self.assertEqual(
            status(acked=12, backlog_bytes=0, oldest_ms=None)["backlog"], {"bytes": 0, "groups": 0, "seconds": 0}
        )

    def test_a_clock_that_nobody_set(self):
        self.assertEqual(status(clock_set=False)["clock"], {"set": False})

    def test_a_clock_that_was_set_back(self):
        self.assertEqual(status(now_ms=0)["backlog"]["seconds"], None)
        self.assertEqual(status(now_ms=FACTS["oldest_ms"] - 1000)["backlog"]["seconds"], 0)  # it runs a little slow
        self.assertEqual(status(oldest_ms=None)["backlog"]["seconds"], None)
        self.assertEqual(status(oldest_ms=None, role="twin")["backlog"]["seconds"], 0)

    def test_the_one_figure_of_when_the_journal_is_full(self):
        filling = {"journal_growth": 1000.0, "oldest_ms": FACTS["now_ms"] - 60000}
        by_growth_s = ((512 << 20) - 40960) // 1000
        for changes, seconds in (
            ({}, by_growth_s), ({"caught_up_s": 3600}, None), ({"full_s": 7000}, 7000), ({"full_s": 0}, 1),
            ({"caught_up_s": 0}, by_growth_s),  # foreseen before this came
            ({"caught_up_s": 3600, "full_s": 80000}, 80000), ({"journal_full": True, "full_s": 7000}, 0),
            ({"link_state": "waiting", "caught_up_s": 3600, "full_s": 7000}, by_growth_s),
            ({"fenced": True}, None), ({"failure": "x", "full_s": 7000}, None),
            ({"role": "twin"}, None), ({"role": "twin", "link_state": "waiting"}, None),
            ({"oldest_ms": FACTS["now_ms"] - 1000}, None), ({"acked": 12}, None),  # it is on its way, or there
            ({"acked": 12, "full_s": 700}, None), ({"oldest_ms": FACTS["now_ms"] - 1000, "full_s": 700}, None),
            ({"oldest_ms": FACTS["now_ms"] - 1000, "held_bytes": 9, "quota_holds": True, "full_s": 700}, 700),
            ({"acked": 12, "journal_used": 256 << 20}, (256 << 20) // 1000),  # the disk does not take what is written
        ):  # fmt: skip
            self.assertEqual(status(**dict(filling, **changes))["journal"]["full_in_s"], seconds, changes)

    def test_a_forecast_that_did_not_come_true_tells_nothing(self):
        foreseen = {"lag_s": 0, "caught_up_s": 0}
        for changes, holds in (({}, True), ({"held_bytes": 1, "cap": 10**6}, True),
                               ({"oldest_ms": FACTS["now_ms"] - 6000}, False),
                               ({"held_bytes": 9, "quota_holds": True}, False)):  # fmt: skip
            said = status(**dict(foreseen, **changes))["forecast"]
            self.assertEqual((said["lag_s"], said["caught_up_s"]), (0, 0) if holds else (None, None), changes)

    def test_a_journal_that_fills_until_the_night_is_not_called_steady(self):
        for growth, steady in ((None, False), (0, True), (1000.0, False)):
            text = str(rows(status(journal_growth=growth, caught_up_s=3600)))
            self.assertEqual("not filling" in text, steady, growth)

    def test_how_it_fills_is_not_known_at_first(self):
        for changes, known in (({"link_state": "waiting"}, False), ({}, True),
                               ({"link_state": "waiting", "journal_growth": 0}, True),
                               ({"link_state": "waiting", "role": "twin"}, True),  # no host fills it
                               ({"oldest_ms": FACTS["now_ms"] - 60000}, False)):  # fmt: skip
            self.assertEqual("not known yet" not in str(rows(status(**changes))), known, changes)

    def test_a_twin_that_acknowledged_more_than_this_board_recalls(self):
        self.assertEqual(status(acked=13)["backlog"]["groups"], 0)

    def test_alarms(self):
        self.assertEqual(status(alarms=["a", "b"], failure="c")["alarms"], ["c", "a", "b"])
        self.assertEqual(status(alarms=["a", "c"], failure="c")["alarms"], ["a", "c"])

    def test_the_facts_stay_as_they_were(self):
        board = FakeBoard(alarms=["a"], failure="c")
        snapshot(board)
        self.assertEqual(board.facts()["alarms"], ["a"])


class State(unittest.TestCase):
    LATE = {"now_ms": FACTS["oldest_ms"] + 5001}

    def test_each_word(self):
        self.assertEqual(state(), "mirroring")
        self.assertEqual(state(**self.LATE), "behind")
        self.assertEqual(state(now_ms=FACTS["oldest_ms"] + 5000), "mirroring")
        self.assertEqual(state(activity="copying"), "copying")
        self.assertEqual(state(activity="catching up"), "catching up")
        for word in ("connecting", "waiting", "refused", "greeting"):
            self.assertEqual(state(link_state=word), "no link")
        self.assertEqual(state(promoted=True, link_state="waiting"), "promoted")
        self.assertEqual(state(fenced=True), "fenced")
        self.assertEqual(state(failure="the disk failed"), "failed")

    def test_a_twin(self):
        self.assertEqual(state(role="twin", **self.LATE), "mirroring")
        self.assertEqual(state(role="twin", link_state="waiting"), "no link")

    def test_the_more_urgent_word_wins(self):
        down = {"link_state": "connecting"}
        self.assertEqual(state(promoted=True), "mirroring")
        self.assertEqual(state(activity="copying", **down), "no link")
        self.assertEqual(state(fenced=True, promoted=True, **down), "fenced")
        self.assertEqual(state(fenced=True, failure="x", **down), "failed")
        self.assertEqual(state(activity="catching up", **self.LATE), "catching up")

    def test_no_words_but_those_of_the_design(self):
        seen = set()
        for failure in (None, "x"):
            for fenced in (False, True):
                for promoted in (False, True):
                    for link in ("up", "connecting"):
                        for activity in (None, "copying", "catching up"):
                            for now_ms in (0, self.LATE["now_ms"]):
                                seen.add(
                                    state(
                                        failure=failure,
                                        fenced=fenced,
                                        promoted=promoted,
                                        link_state=link,
                                        activity=activity,
                                        now_ms=now_ms,
                                    )
                                )
        words = ["behind", "catching up", "copying", "failed", "fenced", "mirroring", "no link", "promoted"]
        self.assertEqual(sorted(seen), words)


class Page(unittest.TestCase):
    def test_every_state_has_its_sentence(self):
        for changes in (
            {},
            {"oldest_ms": 0},
            {"activity": "copying"},
            {"activity": "catching up"},
            {"link_state": "waiting"},
            {"link_state": "waiting", "promoted": True},
            {"fenced": True},
            {"failure": "the card failed"},
            {"role": "twin"},
            {"role": "twin", "link_state": "waiting", "link_peer": "", "rtt_ms": None, "oldest_ms": None},
        ):
            shown = status(**changes)
            text = page(shown)
            words = shown["words"]
            self.assertIn("<h1>left: %s, %s</h1>" % (words["verdict"], words["distance"]), text)
            for condition in shown["conditions"]:
                self.assertIn(condition["sentence"], text)
            self.assertIn('http-equiv="refresh"', text)
            self.assertEqual("the card failed" in text, "failure" in changes)

    def test_figures(self):
        text = page(status())
        self.assertIn("3 groups of writes, 12 KiB", text)
        self.assertIn("40 KiB of 512 MiB in use", text)
        self.assertIn("up to right (3 ms)", text)
        for state, told in (("connecting", "connecting to"), ("waiting", "waiting for"), ("refused", "refused")):
            self.assertIn(">%s right<" % told, page(status(link_state=state, rtt_ms=None)).replace("(right)", "right"))
        self.assertIn(">nothing<", page(status(acked=12, oldest_ms=None)))
        self.assertIn("not consistent yet", page(status(consistent=False)))

    def test_what_others_named_is_shown_and_not_obeyed(self):
        text = page(status(name='<b>&"', alarms=["<script>"], link_peer="<i>"))
        self.assertIn("&lt;b&gt;&amp;&quot;: SAFE", text)
        self.assertIn("<li>Warning: &lt;script&gt;</li>", text)
        self.assertFalse("<script>" in text or "<b>" in text or "<i>" in text)
        self.assertEqual(escaped("&lt;"), "&amp;lt;")


def _shown(**changes):
    words = status(**changes)["words"]
    return words["verdict"], words["distance"], words["loss"], words["advice"]


class Words(unittest.TestCase):
    DOWN = {"link_state": "connecting"}

    def test_a_primary(self):
        missing = "3 groups of writes, 12 KiB, the oldest 1.5 s old"
        lost = "the writes of the last 1.5 s: 3 groups of writes, 12 KiB"
        self.assertEqual(_shown(), ("SAFE", "the twin lacks " + missing, lost, "nothing"))
        self.assertEqual(_shown(acked=12), ("SAFE", "the twin has everything", "nothing", "nothing"))
        self.assertEqual(_shown(acked=11)[2], "the writes of the last 1.5 s: 1 group of writes, 12 KiB")
        self.assertEqual(_shown(oldest_ms=0)[0], "BEHIND")
        word, distance, lost_now, todo = _shown(**self.DOWN)
        self.assertEqual((word, distance, lost_now), ("NOT MIRRORED", "the twin lacks " + missing, lost))
        self.assertIn("the journal has room for 512 MiB more", todo)

    def test_the_first_copy(self):
        copying = {"activity": "copying", "whole": False, "copied": 1 << 29}
        word, distance, lost, todo = _shown(**copying)
        self.assertEqual((word, distance), ("NOT SAFE YET", "the first copy is at 50 %"))
        self.assertIn("everything", lost)
        self.assertEqual(_shown(activity="copying", whole=False)[1], "the first copy is at 99 %")
        copying.update(self.DOWN)
        word, distance, lost, todo = _shown(**copying)
        self.assertEqual((word, distance), ("NOT MIRRORED", "the twin has no whole copy"))
        self.assertIn("everything", lost)

    def test_a_twin(self):
        twin = {"role": "twin", "other": WELL}
        self.assertEqual(_shown(**twin)[:2], ("SAFE", "this board has everything up to group 11"))
        twin.update(self.DOWN)
        word, distance, lost, todo = _shown(**twin)
        self.assertEqual(word, "NOT MIRRORED")
        self.assertIn("what the other board had not sent when the link was lost, and what it has", lost)
        lost = _shown(told=23, **twin)[2]  # of which it has 11
        self.assertIn("at least 12 groups of writes that the other board had told of, and", lost)
        self.assertEqual(status(told=11, **twin)["missing_groups"], 0)
        self.assertIn("promote", todo)
        twin.update(consistent=False, whole=False)
        self.assertIn("everything", _shown(**twin)[2])

    def test_who_is_alone(self):
        self.assertEqual(_shown(promoted=True, **self.DOWN)[0], "NO TWIN")
        self.assertIn("everything", _shown(promoted=True, **self.DOWN)[2])
        self.assertEqual(_shown(fenced=True, alarms=["a"])[0], "FENCED")
        self.assertIn("the other board's disk", _shown(fenced=True, alarms=["a"])[3])
        self.assertEqual(_shown(failure="x")[0], "FAILED")
        self.assertEqual(_shown(failure="x")[3], "put right what is named as critical")

    def test_what_is_wrong_has_one_of_two_levels(self):
        """Each once, whether an alarm says it or not; alarms of one condition apart; on the console too."""
        troubles = {"keys": "k", "settings": "s1", "settings 2": "s2"}
        board = status(troubles=troubles, alarms=["k", "s1", "s2", "alone"], clock_set=False, **self.DOWN)
        shown = [(level, sentence[:23]) for level, sentence in wrong(board)]
        self.assertEqual(shown, [
            ("Warning", "the other board is not "), ("Warning", "the clock is not set: t"), ("Warning", "k"),
            ("Warning", "s1"), ("Warning", "s2"), ("Warning", "alone"),
        ])  # fmt: skip
        self.assertEqual(wrong(status(troubles={"usb": "u"}, alarms=["u"])), [("Critical", "u")])

    def test_what_the_other_board_told_has_its_age_when_it_is_old(self):
        example = EXAMPLES["twin_behind"]
        self.assertTrue(("Other board", "left: behind") in rows(status(**example)))
        old = dict(example["other"], age_s=300)
        told = ("Other board", "left: behind, as it told 5 min ago")
        self.assertTrue(told in rows(status(**dict(example, other=old))))

    def test_nothing_of_what_is_wrong_is_lost_or_said_twice(self):
        strictest = "the clock is not set, so the strictest rate counts"
        clock = [sentence for _, sentence in wrong(status(clock_set=False, troubles={"rate": strictest},
                                                          alarms=[strictest]))]  # fmt: skip
        self.assertEqual(clock, ["the clock is not set: times and ages may be wrong", strictest])
        fenced = snapshot(example("fenced"))
        self.assertEqual(wrong(fenced), [("Critical", fenced["alarms"][0])])
        both = status(damage="the journal", copy_trouble="the disk", alarms=["the journal", "the disk"])
        self.assertEqual(wrong(both), [("Critical", "the journal"), ("Critical", "the disk")])
        part = status(troubles={"keys": "a; b"}, alarms=["b", "a; b"])
        self.assertEqual(wrong(part), [("Warning", "a; b"), ("Warning", "b")])

    def test_an_alarm_is_what_to_do(self):
        self.assertEqual(_shown(alarms=["a"])[3], "put right what is named as critical or as a warning")
        self.assertEqual(_shown(alarms=["a", "b"])[3], "put right all that is named as critical or as a warning")

    def test_every_value_fits_a_narrow_screen(self):
        for word, value in rows(status(oldest_ms=0, written=1 << 30, backlog_bytes=1 << 40, **self.DOWN)):
            self.assertTrue(len(word) <= 17 and len(value) <= 76, value)
