"""What the owner reads: never safer than it is, and the next thing to do."""

import unittest

from firmware.status import phrases
from firmware.status.neighbour import pack, unpack
from firmware.status.snapshot import snapshot
from firmware.status.texts import known
from firmware.status.texts.templates import Templates, matched, split
from firmware.status.translation import translate
from tests.unit.fakes_status import EXAMPLES, FACTS, GIB, MIB, NOW_MS, WELL, example, status


def words(**changes):
    return status(**changes)["words"]


def _told(facts):
    """What a primary with these facts tells its twin."""
    shown = status(**facts)
    return {word: shown[word] for word in ("state", "backlog", "link")}


def advice(**changes):
    return words(**changes)["advice"]


class Safe(unittest.TestCase):
    """Safe is what nothing speaks against."""

    def test_only_who_mirrors_is_safe(self):
        safe = [word for word in EXAMPLES if snapshot(example(word))["words"]["verdict"] == "SAFE"]
        self.assertEqual(sorted(safe), ["healthy", "sick", "twin"])
        well = [word for word in EXAMPLES if "well" in snapshot(example(word))["words"]["sentence"]]
        self.assertEqual(sorted(well), ["healthy", "twin"])

    def test_what_is_held_back_for_long_is_not_safe(self):
        much = 1000 * 5 // 8 + 1  # more than goes in five seconds
        for changes in ({"held_bytes": much, "cap": 1000}, {"held_bytes": 1, "cap": 1000, "lacked_s": 6.0},
                        {"held_bytes": 1, "quota_holds": True, "quota_bytes": 1}):  # fmt: skip
            for state in ({}, {"oldest_ms": NOW_MS}, {"acked": 12}, {"oldest_ms": 0}):
                if "lacked_s" in changes and "acked" in state:
                    continue
                said = words(**dict(changes, **state))
                self.assertEqual(said["verdict"], "HELD BACK")
                self.assertIn("Not all is sent", said["sentence"])
                self.assertEqual(said["mood"], "warn")
                twin = words(role="twin", other=dict(WELL, **_told(dict(changes, **state))))
                self.assertEqual((twin["verdict"], twin["mood"]), ("HELD BACK", "warn"))

    def test_a_burst_is_held_back_or_safe_from_its_first_moment_to_its_last(self):
        cap, size = 80000, 10000
        for seconds, verdict in ((4, "SAFE"), (5, "SAFE"), (6, "HELD BACK"), (60, "HELD BACK")):
            for ms in range(0, seconds * 1000, 250):
                held = size * seconds - ms * size // 1000
                said = words(oldest_ms=NOW_MS - ms, lacked_s=ms / 1000, held_bytes=held, backlog_bytes=held, cap=cap)
                self.assertEqual(said["verdict"], verdict, (seconds, ms))

    def test_what_a_rate_lets_go_within_seconds_is_on_its_way(self):
        young = {"held_bytes": 1000 * 5 // 8, "cap": 1000, "oldest_ms": NOW_MS}
        self.assertEqual(words(**young)["verdict"], "SAFE")
        self.assertEqual(words(role="twin", other=dict(WELL, **_told(young)))["verdict"], "SAFE")
        self.assertEqual(words(**dict(young, oldest_ms=None))["verdict"], "NOT KNOWN")

    def test_a_twin_is_not_safe_while_the_other_board_holds_back_or_is_behind(self):
        other = dict(EXAMPLES["twin_behind"]["other"])
        self.assertEqual(words(role="twin", other=other)["verdict"], "HELD BACK")
        other["link"] = {"held_bytes": 0}
        self.assertEqual(words(role="twin", other=other)["verdict"], "BEHIND")
        self.assertEqual(words(role="primary", other=other)["verdict"], "SAFE")  # what a twin says of itself

    def test_a_twin_is_safe_only_while_its_primary_says_so(self):
        self.assertEqual(words(role="twin", other=WELL)["verdict"], "SAFE")
        much = {"bytes": 5 * GIB, "groups": 8991, "seconds": 0}
        for changes in ({"age_s": 71}, {"age_s": None}, {"fresh_s": None}, {"heard_s": 5.1}, {"heard_s": None},
                        {"lacked_s": 5.1}, {"lacked_s": None},
                        {"role": "twin"}, {"state": "failed"}, {"state": "no link"}, {"state": "copying"},
                        {"state": "fenced"}, {"state": "from the future"}, {"backlog": None},
                        {"backlog": much}, {"backlog": dict(much, bytes=1, seconds=6)},
                        {"backlog": dict(much, bytes=1, seconds=None)}):  # fmt: skip
            said = words(role="twin", other=dict(WELL, **changes))
            self.assertEqual((said["verdict"], said["mood"]), ("NOT KNOWN", "warn"), changes)
            self.assertIn("what it lacks is not known", said["sentence"])
            self.assertIn("not known", said["loss"])
            self.assertIn("look at the other board", said["advice"])
        self.assertIn("says of itself: failed", words(role="twin", other=dict(WELL, state="failed"))["sentence"])
        self.assertEqual(words(role="twin", other=dict(WELL, state="catching up"))["verdict"], "BEHIND")

    def test_a_twin_that_has_just_met_its_primary_knows_nothing_and_raises_no_alarm(self):
        shown = status(role="twin", other=None)
        self.assertEqual((shown["words"]["verdict"], shown["words"]["mood"]), ("NOT KNOWN", "warn"))
        self.assertEqual(shown["conditions"], [])

    def test_what_is_missing_and_of_unknown_age_is_never_young(self):
        lost = {"written": 9000, "backlog_bytes": 5 * GIB}
        for oldest_ms in (None, NOW_MS + 3600000):
            said = words(oldest_ms=oldest_ms, lacked_s=60.0, **lost)
            self.assertEqual((said["verdict"], said["mood"]), ("BEHIND", "warn"))
            said = words(oldest_ms=oldest_ms, lacked_s=5.0, **lost)  # it has moved a moment ago
            self.assertEqual((said["verdict"], said["mood"]), ("NOT KNOWN", "warn"))
            self.assertIn("5 GiB", said["loss"])

    def test_on_a_thin_line_a_report_may_be_old(self):
        self.assertEqual(words(role="twin", other=dict(WELL, age_s=200, fresh_s=531))["verdict"], "SAFE")

    def test_much_is_never_on_its_way(self):
        for backlog_bytes, verdict in ((GIB, "SAFE"), (GIB + 1, "NOT KNOWN")):
            self.assertEqual(words(backlog_bytes=backlog_bytes, oldest_ms=NOW_MS)["verdict"], verdict)
            backlog = {"groups": 9, "bytes": backlog_bytes, "seconds": 0}
            self.assertEqual(words(role="twin", other=dict(WELL, backlog=backlog))["verdict"], verdict)

    def test_a_clock_that_lies_makes_nothing_younger(self):
        self.assertEqual(words(oldest_ms=NOW_MS, lacked_s=6.0)["verdict"], "BEHIND")

    def test_without_a_whole_copy_nothing_is_safe(self):
        for changes in ({"whole": False}, {"role": "twin", "consistent": False, "other": WELL}):
            self.assertEqual(words(**changes)["verdict"], "NOT SAFE YET")

    def test_a_board_that_tells_little_of_itself_breaks_nothing(self):
        for other in ({}, {"link": None, "state": None}, {"state": "behind", "backlog": {"groups": None, "bytes": None,
                      "seconds": None}}, {"state": "from the future", "name": None}):  # fmt: skip
            self.assertTrue(words(role="twin", other=other)["sentence"])

    def test_damage_is_not_safe(self):
        said = words(damage="the journal is damaged", alarms=["the journal is damaged"])
        self.assertEqual((said["verdict"], said["mood"]), ("DAMAGED", "bad"))
        self.assertEqual(said["advice"], "put right what is named as critical or as a warning")

    def test_a_good_copy_on_a_board_in_trouble(self):
        said = snapshot(example("sick"))["words"]
        self.assertEqual((said["verdict"], said["mood"]), ("SAFE", "bad"))
        self.assertTrue(said["sentence"].startswith("The copy is good, but: the power supply"))

    def test_all_is_well_only_where_it_is(self):
        """The first thing that is not is named, and what to do about it: of a warning, and of an alarm alone."""
        for changes in ({}, {"role": "twin", "other": WELL}):
            warned = words(troubles={"settings": "/s, line 4: no", "chronicle": "full"}, alarms=["full"], **changes)
            self.assertEqual((warned["verdict"], warned["mood"]), ("SAFE", "warn"))
            self.assertEqual(warned["sentence"], "The copy is good, but: /s, line 4: no.")
            self.assertIn("if it stays for a minute then, restart the board", warned["advice"])
            alone = words(alarms=["it burns"], **changes)
            self.assertEqual((alone["sentence"], alone["mood"]), ("The copy is good, but: it burns.", "warn"))
        for source, advice_of_it in (("keys", "renew"), ("display", "the mirror goes on"), ("usb", "has no disk here")):
            self.assertIn(advice_of_it, advice(troubles={source: "x"}, alarms=["x"]))

    def test_a_clock_that_nobody_set(self):
        said = words(clock_set=False, oldest_ms=None, lacked_s=9.0)
        for text in said.values():
            self.assertFalse("days" in text or " old" in text or "last" in text, text)
        self.assertIn("not known", said["loss"])
        self.assertIn("unknown age", said["distance"])

    def test_mood(self):
        for word, mood in (("healthy", "good"), ("twin", "good"), ("held", "warn"), ("copying", "warn"),
                           ("promoted", "warn"), ("no_clock", "warn"), ("full", "bad"), ("outage", "bad"),
                           ("failed", "bad"), ("fenced", "bad"), ("damaged", "bad")):  # fmt: skip
            self.assertEqual(snapshot(example(word))["words"]["mood"], mood, word)

    def test_case(self):
        for word, case in (("healthy", "mirroring"), ("held", "held"), ("damaged", "damaged"), ("outage", "no link")):
            self.assertEqual(snapshot(example(word))["words"]["case"], case)
        self.assertEqual(words(role="twin", other=None)["case"], "unknown")


class Advice(unittest.TestCase):
    DOWN = {"link_state": "connecting"}

    def test_in_an_outage(self):
        self.assertIn("the journal has room for 512 MiB more", advice(**self.DOWN))
        soon = dict(self.DOWN, journal_growth=512 * MIB / 7200)
        self.assertIn("within 119 min", advice(**soon))
        self.assertIn("the server waits", advice(journal_full=True, **self.DOWN))
        self.assertIn("promote", advice(role="twin", **self.DOWN))

    def test_when_it_fills_though_the_link_is_up(self):
        filling = {"journal_used": 400 * MIB, "journal_growth": 112 * MIB / 3600}
        self.assertEqual(advice(**filling), "use a faster line, or write less: the journal is full in 60 min")
        much = dict(filling, journal_used=500 * MIB, journal_growth=None)
        self.assertEqual(advice(**much), "use a faster line, or write less: the journal is 97 % full")

    def test_of_a_full_journal_only_the_advice_says_what_to_do(self):
        for changes, todo in ((self.DOWN, "bring the link or the twin back now"), ({"cap": 10**6, "held_bytes": GIB},
                              "raise the rate (1 Mbit/s)"), ({"quota_holds": True}, "raise the quota")):  # fmt: skip
            shown = status(journal_full=True, oldest_ms=NOW_MS - 60000, **changes)
            self.assertIn(todo, shown["words"]["advice"])
            self.assertEqual(shown["conditions"][0]["sentence"], "the journal is full and the server waits")

    def test_what_holds_it_up_is_what_is_to_be_raised(self):
        used_up = {"journal_used": 500 * MIB, "held_bytes": 400 * MIB, "oldest_ms": NOW_MS - 60000, "rpo_s": 10}
        quota = dict(used_up, quota_holds=True)
        self.assertEqual(advice(**quota), "raise the quota, or write less: the journal is 97 % full")
        self.assertIn("raise the quota, or write less for a while", advice(journal_full=True, **quota))
        quota["journal_growth"] = 2.0 * MIB
        self.assertEqual(advice(**quota), "raise the quota, or write less: the journal is full in 6 s")
        rate = dict(used_up, cap=2000000)
        self.assertEqual(advice(**rate), "raise the rate (2 Mbit/s), or write less: the journal is 97 % full")
        later = {"journal_used": 200 * MIB, "full_s": 7000, "full_cap": 2000000}
        self.assertEqual(advice(**later), "raise the rate (2 Mbit/s), or write less: the journal is full in 116 min")
        for cap in (0, 2000000):
            self.assertIn("raise the quota, or write less", advice(**dict(later, full_cap=cap, full_quota=True)))
        french = words(language="fr", **later)["advice"]
        self.assertEqual(french, "augmenter le débit (2 Mbit/s), ou écrire moins : le journal sera plein dans 116 min")

    def test_what_is_held_back_and_far_too_late_does_not_wait(self):
        late = {"held_bytes": MIB, "quota_holds": True, "oldest_ms": NOW_MS - 60000, "rpo_s": 10}
        self.assertEqual(advice(**late), "raise the rate or the quota: the twin is too far behind")

    def test_when_it_catches_up_by_itself(self):
        behind = {"oldest_ms": NOW_MS - 60000}
        self.assertIn("if it passes", advice(**behind))
        self.assertEqual(advice(caught_up_s=7800, **behind), "nothing: at today's pace it has caught up in 2 h 10 min")

    def test_what_is_held_back(self):
        held = {"held_bytes": MIB, "cap": 1000}
        self.assertIn("raise the rate", advice(**held))
        self.assertEqual(advice(caught_up_s=60, lag_s=90, **held), "nothing: at today's pace all is sent in 60 s")
        self.assertIn("not all is sent within a day", advice(lag_s=9e4, **held))

    def test_what_waits_while_the_journal_fills_is_not_left_alone(self):
        filling = {"journal_used": 256 * MIB, "journal_growth": 256 * MIB / 39601, "oldest_ms": NOW_MS - 60000}
        held = dict(filling, held_bytes=MIB, cap=1000, caught_up_s=80000, lag_s=90)
        self.assertEqual(advice(**held), "raise the rate (1 kbit/s), or write less: the journal is full in 11 h")
        self.assertEqual(advice(**filling), "use a faster line, or write less: the journal is full in 11 h")
        much = {"journal_used": 410 * MIB, "oldest_ms": NOW_MS - 60000}
        self.assertEqual(advice(**much), "use a faster line, or write less: the journal is 80 % full")
        night = dict(held, caught_up_s=7200, **much)
        self.assertEqual(advice(**night), "nothing: at today's pace all is sent in 2 h")

    def test_a_twin_says_what_its_primary_does(self):
        here = {"held_bytes": 80 * MIB, "quota_bytes": GIB, "quota_used": GIB, "quota_holds": True, "acked": 2,
                "oldest_ms": NOW_MS - 60000, "journal_used": 100 * MIB, "rpo_s": 20}  # fmt: skip
        for changes in ({"full_s": 600}, {"caught_up_s": 3600, "lag_s": 9000}, {"lag_s": 90000}, {"rpo_s": None}):
            primary = status(**dict(here, **changes))
            other = dict(unpack(pack(primary)), age_s=1, fresh_s=70, heard_s=1, lacked_s=1)
            self.assertEqual(advice(role="twin", other=other), primary["words"]["advice"])
        told = [status(role="twin", other=dict(other, age_s=age_s))["words"]["distance"] for age_s in (1, 50)]
        lacked = "10 groups of writes, 12 KiB, the oldest 60 s old"
        self.assertEqual(told[0], "this board lacks " + lacked)
        self.assertEqual(told[1], "this board lacked %s, as the other one told 50 s ago" % lacked)

    def test_a_burst_that_nobody_foresaw(self):
        """The forecast is of a moment at which nothing waited."""
        foreseen = {"lag_s": 0, "caught_up_s": 0}
        self.assertIn("nothing, if it passes", advice(oldest_ms=NOW_MS - 60000, **foreseen))
        self.assertIn("nothing, if it may wait", advice(held_bytes=MIB, cap=1000, **foreseen))
        filling = {"journal_used": 256 * MIB, "journal_growth": 2.0 * MIB, "oldest_ms": NOW_MS - 60000}
        self.assertIn("the journal is full in 2 min", advice(**dict(foreseen, **filling)))

    def test_a_critical_condition_comes_first(self):
        hot = dict(FACTS["health"], temperature_c=90)
        self.assertIn("cooler", advice(health=hot, oldest_ms=NOW_MS - 60000))
        warm = dict(FACTS["health"], temperature_c=76)
        self.assertIn("if it passes", advice(health=warm, oldest_ms=NOW_MS - 60000))
        self.assertIn("cooler", advice(health=warm))

    def test_what_a_board_that_refuses_says(self):
        told = advice(link_state="refused", refusal="x", alarms=["x"])
        self.assertEqual(told, "put right what is named as critical or as a warning")


class Phrases(unittest.TestCase):
    def test_sizes(self):
        for size, english, french in (
            (0, "0 bytes", "0 octets"), (1023, "1023 bytes", "1023 octets"), (1024, "1 KiB", "1 Kio"),
            (1536, "1.5 KiB", "1,5 Kio"), (10 * MIB, "10 MiB", "10 Mio"), (3 * GIB // 2, "1.5 GiB", "1,5 Gio"),
            (1 << 50, "1024 TiB", "1024 Tio"), (GIB - 1, "1024 MiB", "1024 Mio"),
        ):  # fmt: skip
            self.assertEqual((phrases.size("en", size), phrases.size("fr", size)), (english, french))

    def test_rates(self):
        shown = [phrases.rate("en", rate) for rate in (56000, 999999, 2000000, 1500000, 10**9)]
        self.assertEqual(shown, ["56 kbit/s", "1000 kbit/s", "2 Mbit/s", "1.5 Mbit/s", "1000 Mbit/s"])

    def test_durations(self):
        for seconds, text in ((0, "0.1 s"), (0.44, "0.4 s"), (12.3, "12 s"), (119.9, "120 s"), (120, "2 min"),
                              (7199, "119 min"), (7200, "2 h"), (7800, "2 h 10 min"), (172799, "47 h 59 min"),
                              (172800, "2 days"), (183600, "2 days 3 h"), (10**6, "11 days")):  # fmt: skip
            self.assertEqual(phrases.duration("en", seconds), text)
        self.assertEqual(phrases.duration("fr", 0.44), "0,4 s")

    def test_targets(self):
        self.assertEqual([phrases.span("en", s) for s in (30, 90, 900, 7200, 86400, 172800)],
                         ["30 s", "90 s", "15 min", "2 h", "1 day", "2 days"])  # fmt: skip

    def test_counts(self):
        self.assertEqual([phrases.groups("en", n)[:8] for n in (0, 1, 2)], ["0 groups", "1 group ", "2 groups"])
        self.assertEqual([phrases.groups("fr", n)[:9] for n in (0, 1, 2)], ["0 groupe ", "1 groupe ", "2 groupes"])

    def test_languages(self):
        self.assertEqual([known(word) for word in ("fr", "FR", "fr-CA", "fr_FR", "de", "", None, "../fr")],
                         ["fr", "fr", "fr", "fr", "en", "en", "en", "en"])  # fmt: skip


class Translation(unittest.TestCase):
    TABLE = Templates({
        "the %s failed (%s); look": "panne de %s (%s) ; regarder", "%s failed": "%s en panne",
        "it is %d %% full": "plein a %s %%",
        "no link: %s": "pas de liaison : %s", "full": "plein", "%s/%s": "%s//%s",
    })  # fmt: skip

    def test_pieces(self):
        self.assertEqual(split("a %s b %5.1f%% c"), ["a ", " b ", "% c"])
        self.assertEqual(split("plain"), ["plain"])
        self.assertEqual(matched(["a ", " b ", ""], "a 1 b 2"), ["1", "2"])
        self.assertEqual(matched(["ab", "ba"], "aba"), None)  # the pieces must not overlap

    def test_sentences(self):
        for english, french in (
            ("the disk failed (gone); look", "panne de disk (gone) ; regarder"), ("right failed", "right en panne"),
            ("it is 7 % full", "plein a 7 %"), ("full", "plein"), ("unheard of", "unheard of"), ("", ""),
            ("no link: left failed", "pas de liaison : left en panne"), ("100 %s", "100 %s"),
            ("no link: no link: no link: no link: x", "pas de liaison : " * 3 + "no link: x"),
        ):  # fmt: skip
            self.assertEqual(self.TABLE.turned(english), french)
            self.assertEqual(self.TABLE.turned(english), french)  # remembered now

    def test_what_is_remembered_is_bounded(self):
        for number in range(1000):
            self.TABLE.turned("%d failed" % number)
        self.assertTrue(len(self.TABLE._remembered) <= 128)

    def test_of_a_board(self):
        full = "the journal is full and the server waits"
        self.assertEqual(translate("en", full), full)
        self.assertEqual(translate("xx", full), full)
        self.assertTrue(translate("fr", full).startswith("le journal est plein"))
        shown = snapshot(example("failed"), "fr")
        self.assertTrue(shown["alarms"][0].startswith("panne : journal /dev/mmcblk0p4 (erreur d'entr"), shown["alarms"])
        self.assertEqual(shown["conditions"][0]["sentence"], shown["alarms"][0])

    def test_names_are_not_translated(self):
        self.assertIn("avec twin ", translate("fr", "the link to twin is up"))
        self.assertIn("comme jumeau", translate("fr", "primary started as twin, generation 1"))

    def test_what_the_other_board_says_comes_in_our_language(self):
        other = dict(EXAMPLES["twin_behind"]["other"], alarms=["the journal is full"])
        self.assertEqual(snapshot(example("twin", other=other), "fr")["other"]["alarms"], ["le journal est plein"])
        self.assertEqual(other["alarms"], ["the journal is full"])
        other["health"] = {"disk": {"ok": False, "sentence": "it is too hot"}}
        shown = snapshot(example("twin", other=other), "fr")["other"]
        self.assertEqual(shown["health"]["disk"], {"ok": False, "sentence": "il est trop chaud"})


if __name__ == "__main__":
    unittest.main()
