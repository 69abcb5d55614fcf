"""Alerts as their receivers see them: once, in time, over when it is over, and nothing lost by outages and restarts."""

import json
import unittest

from firmware.alerts.channel import LONGEST_PAUSE_MS, LONGEST_REFUSED_MS
from firmware.alerts.trial import TRIAL_MS
from firmware.errors import Refused, Unkept
from firmware.status.translation import translate
from tests.unit.fakes_alerts import DAY, HOUR, MINUTE, START_MS, Rig, unreachable, unwanted
from tests.unit.fakes_status import FACTS, status

HOOK = {"alert_webhook": "http://127.0.0.1:9/hook"}
BOTH = {"alert_webhook": "http://127.0.0.1:9/hook", "alert_syslog": "127.0.0.1:514"}


class Telling(unittest.TestCase):
    def test_fired_and_resolved_once_each_on_every_channel(self):
        rig = Rig(BOTH)
        rig.put("no_link")
        rig.wait(10 * MINUTE)
        self.assertEqual(sorted(rig.post.taken), [("syslog", "fired", "no_link"), ("webhook", "fired", "no_link")])
        rig.clear("no_link")
        rig.wait(10 * MINUTE)
        self.assertEqual(sorted(rig.post.taken[2:]), [(each, "resolved", "no_link") for each in ("syslog", "webhook")])
        self.assertEqual(rig.events, [])

    def test_a_letter_that_cannot_be_handed_over_is_handed_over_later(self):
        rig = Rig(HOOK)
        rig.put("no_link")
        rig.post.shut = True
        for _ in range(300):
            try:
                rig.wait(1000)
            except OSError:
                continue
        rig.post.shut = False
        rig.wait(MINUTE)
        self.assertEqual(rig.post.taken, [("webhook", "fired", "no_link")])

    def test_a_journal_that_is_full_in_minutes_is_told_at_once(self):
        rig = Rig(HOOK)
        rig.status["journal"]["full_in_s"] = 240
        rig.put("journal_filling")
        rig.wait(2000)
        self.assertEqual(rig.post.taken, [("webhook", "fired", "journal_filling")])

    def test_a_receiver_is_told_on_whoever_hears_of_it_and_raises(self):
        rig = Rig(HOOK)
        rig.post.away["all"] = unreachable()
        rig.put("no_link")
        rig.deaf = True
        for _ in range(60):
            try:
                rig.wait(1000)
            except ValueError:
                rig.post.away.clear()
        rig.clear("no_link")
        rig.deaf = False
        rig.wait(10 * MINUTE)
        self.assertEqual([event for _, event, _ in rig.post.taken], ["fired", "resolved"])

    def test_a_receiver_that_is_not_reached_for_minutes_is_a_sentence(self):
        """The one that a person would look for: of two of a kind, which; not while it may be a blip."""
        rig = Rig({"alert_webhook": "http://127.0.0.1:9/a, http://127.0.0.1:9/b", "alert_syslog": "127.0.0.1:514"})
        rig.put("storage")
        rig.wait(MINUTE)
        rig.put("keys")
        second = [channel.place.key for channel in rig.alerts.channels if channel.place.name == "alert_webhook"][1]
        rig.post.away[second] = unreachable()
        rig.wait(4 * MINUTE)
        self.assertEqual(rig.alerts.unreached(), "")
        rig.wait(6 * MINUTE)
        words = "alerts have not reached receiver 2 of alert_webhook for minutes; `sosie alert status` says why"
        self.assertEqual(rig.alerts.unreached(), words)
        rig.post.away.clear()
        rig.wait(6 * MINUTE)
        self.assertEqual(rig.alerts.unreached(), "")

    def test_several_at_once(self):
        rig = Rig(HOOK)
        for name in ("no_link", "temperature", "card"):
            rig.put(name)
        rig.wait(2 * MINUTE)
        self.assertEqual(sorted(name for _, _, name in rig.post.taken), ["card", "no_link", "temperature"])

    def test_worse(self):
        rig = Rig(HOOK)
        rig.put("behind", "warning")
        rig.wait(3 * MINUTE)
        rig.put("behind", "critical")
        rig.wait(30 * MINUTE)
        self.assertEqual([event for _, event, _ in rig.post.taken], ["fired", "worse"])
        rig.put("behind", "warning")
        rig.wait(2 * DAY, 5000)
        rig.put("behind", "critical")
        rig.wait(30 * MINUTE)
        self.assertEqual([event for _, event, _ in rig.post.taken], ["fired", "worse", "worse"])

    def test_a_reminder_once_a_day_while_critical(self):
        rig = Rig(HOOK)
        rig.put("storage")
        rig.put("keys", "warning")
        rig.wait(3 * DAY + HOUR, 60000)
        reminders = [each for each in rig.post.taken if each[1] == "reminder"]
        self.assertEqual(reminders, [("webhook", "reminder", "storage")] * 3)

    def test_each_reminder_is_a_thing_of_its_own_however_often_it_is_sent(self):
        """Who keeps one of each id, as a store of mails does, keeps them all, also over a restart between two tries."""
        rig, ids = Rig(HOOK), []
        rig.post.by_hand = True

        def sent(after_ms, fails=False):
            rig.wait(after_ms)
            (job,) = rig.post.jobs
            rig.post.away = {"all": unreachable()} if fails else {}
            rig.post.run()
            ids.append((job[1].notice.event, job[1].notice.id))

        rig.put("storage", "warning")
        sent(MINUTE)
        for _ in range(2):
            rig.put("storage")
            sent(30 * MINUTE)
            rig.put("storage", "warning")
            rig.wait(DAY)
        rig.put("storage")
        sent(30 * MINUTE)
        sent(DAY)
        sent(DAY, True)
        sent(HOUR, True)
        rig = rig.restarted(HOOK)
        rig.post.by_hand = True
        sent(HOUR)
        self.assertEqual([event for event, _ in ids], ["fired"] + ["worse"] * 3 + ["reminder"] * 4)
        self.assertEqual(len(set(ids[:-2])), 6)
        self.assertEqual(ids[-3:], [ids[-1]] * 3)

    def test_the_clock_is_set_in_between(self):
        rig = Rig(BOTH)
        rig.wall = 0
        rig.post.away["syslog"] = unreachable()
        rig.put("storage")
        rig.wait(MINUTE)
        rig.wall = START_MS
        rig.wait(HOUR)
        self.assertEqual([event for _, event, _ in rig.post.taken], ["fired"])
        rig.post.by_hand = True
        rig.clear("storage")
        rig.wait(10 * MINUTE)
        notices = [letter.notice for _, letter, _ in rig.post.jobs]
        self.assertEqual(sorted([each.event for each in notices]), ["passed", "resolved"])
        for each in notices:
            self.assertEqual(each.since_ms, START_MS + 2000)
            self.assertEqual(each.lasted_ms // MINUTE, 61 - 1)

    def test_the_clock_is_set_while_several_do_not_know_that_it_is_over(self):
        rig = Rig(BOTH)
        rig.wall = 0
        rig.put("storage")
        rig.wait(MINUTE)
        rig.post.away["all"] = unreachable()
        rig.clear("storage")
        rig.wait(10 * MINUTE)
        rig.wall = START_MS
        rig.wait(MINUTE)
        rig.post.away, rig.post.by_hand = {}, True
        rig.wait(10 * MINUTE)
        notices = [letter.notice for _, letter, _ in rig.post.jobs]
        self.assertEqual([each.event for each in notices], ["resolved"] * 2)
        for each in notices:
            self.assertEqual((each.since_ms, each.lasted_ms // MINUTE), (START_MS + 2000, 0))

    def test_not_resolved_while_rate_holds_something_back(self):
        rig = Rig(HOOK)
        rig.come_and_go("behind", 2 * MINUTE)
        rig.status["link"]["held_bytes"] = 4096
        rig.wait(HOUR)
        self.assertEqual(len(rig.post.taken), 1)
        rig.status["link"]["held_bytes"] = 0
        rig.wait(MINUTE)
        self.assertEqual(rig.post.taken[1], ("webhook", "resolved", "behind"))

    def test_not_resolved_when_the_link_drops_while_rate_holds_something_back(self):
        """Without a link nothing could go, with or without a rate; what was held back has not arrived because of it."""
        rig = Rig(HOOK)
        rig.come_and_go("behind", 2 * MINUTE)
        rig.status["group"].update(durable=8, written=9)
        rig.status["link"].update(held_bytes=1600000, cap=1000000)
        rig.status["state"] = "behind"
        rig.wait(5 * MINUTE)
        rig.status["link"].update(held_bytes=0, state="connecting")
        rig.status["state"] = "no link"
        rig.wait(HOUR)
        rig.status["link"]["state"] = "up"
        rig.status["group"]["acked"] = 7
        rig.wait(HOUR)
        self.assertEqual(len(rig.post.taken), 1)
        rig.status["group"].update(acked=8, durable=20, written=20)
        rig.wait(MINUTE)
        self.assertEqual(rig.post.taken[1:], [("webhook", "resolved", "behind")])

    def test_what_an_earlier_life_may_have_held_back_is_waited_for(self):
        for bound, events in (({"cap": 1000000}, ["fired"]), ({"quota": {"bytes": 9, "holds": False}}, ["fired"]),
                              ({}, ["fired", "resolved"])):  # fmt: skip
            rig = Rig(HOOK)
            rig.come_and_go("behind", 2 * MINUTE)
            rig.status["link"].update(bound, state="connecting")
            rig.status["group"]["acked"] = 4
            again = rig.restarted(HOOK).wait(HOUR)
            self.assertEqual([event for _, event, _ in rig.post.taken + again.post.taken], events)
            again.status["group"]["acked"] = 5
            again.wait(MINUTE)
            self.assertEqual(again.post.taken, [("webhook", "resolved", "behind")])

    def test_a_twin_does_not_call_it_over_while_its_primary_holds_something_back(self):
        rig = Rig(HOOK)
        rig.status["role"] = "twin"
        told = {"role": "primary", "state": "behind", "age_s": 2, "fresh_s": 70,
                "link": {"held_bytes": 1600000, "cap": 1000000}}  # fmt: skip
        rig.status["other"] = told
        rig.wait(MINUTE)
        rig.status["other"] = None
        rig.come_and_go("no_link", MINUTE)
        for other in (None, told, dict(told, link={}, age_s=71)):
            rig.status["other"] = other
            rig.wait(HOUR)
            self.assertEqual(len(rig.post.taken), 1)
        rig.status["other"] = dict(told, link={"held_bytes": 0, "cap": 1000000})
        rig.wait(MINUTE)
        self.assertEqual(rig.post.taken[1:], [("webhook", "resolved", "no_link")])

    def test_a_twin_whose_primary_never_tells_anything_waits_for_nothing(self):
        rig = Rig(HOOK)
        rig.status.update(role="twin", other=None)
        rig.come_and_go("no_link", MINUTE)
        rig.wait(MINUTE)
        self.assertEqual(rig.post.taken[1:], [("webhook", "resolved", "no_link")])

    def test_what_a_rate_lets_go_within_seconds_keeps_nothing(self):
        rig = Rig(HOOK)
        rig.come_and_go("behind", 2 * MINUTE)
        rig.status["link"].update(held_bytes=4096, cap=2000000)
        rig.wait(HOUR)
        self.assertEqual(rig.post.taken[1:], [("webhook", "resolved", "behind")])

    def test_what_cannot_be_told_any_more_is_said_once_and_kept_over_a_restart(self):
        rig = Rig(HOOK)
        rig.come_and_go("disk", 2 * MINUTE)
        rig.status["unknown"] = ["disk"]
        rig.wait(DAY - MINUTE)
        rig.post.away["all"] = unreachable()
        rig.wait(HOUR)
        self.assertEqual([event for _, event, _ in rig.post.taken], ["fired"])
        again = rig.restarted(HOOK).wait(2 * DAY)
        self.assertEqual(again.post.taken, [("webhook", "lost", "disk")])

    def test_nothing_without_receivers(self):
        rig = Rig({})
        rig.put("storage")
        rig.wait(MINUTE)
        self.assertEqual(rig.post.tried, 0)
        with self.assertRaises(Refused):
            rig.alerts.test(None)

    def test_a_receiver_that_is_new_hears_what_stands(self):
        rig = Rig(HOOK)
        rig.put("storage")
        rig.wait(MINUTE)
        both = Rig(BOTH)
        rig.alerts.receive([each.place for each in both.alerts.channels])
        rig.wait(MINUTE)
        self.assertEqual([kind for kind, _, _ in rig.post.taken], ["webhook", "syslog"])
        rig.alerts.receive([])
        rig.clear("storage")
        rig.wait(10 * MINUTE)
        self.assertEqual(len(rig.post.taken), 2)


class Outages(unittest.TestCase):
    def setUp(self):
        self.rig = Rig(BOTH)
        self.rig.post.away["webhook"] = unreachable()

    def hook(self):
        return [(event, name) for kind, event, name in self.rig.post.taken if kind == "webhook"]

    def test_the_others_do_not_wait(self):
        self.rig.put("storage")
        self.rig.wait(MINUTE)
        self.assertEqual(self.rig.post.taken, [("syslog", "fired", "storage")])

    def test_it_is_told_when_the_network_is_back(self):
        self.rig.put("storage")
        self.rig.wait(6 * HOUR, 10000)
        self.assertTrue(20 < self.rig.post.tried < 90, self.rig.post.tried)
        self.rig.post.away = {}
        self.rig.wait(LONGEST_PAUSE_MS + 2000)
        self.assertEqual(self.hook(), [("fired", "storage")])
        self.assertEqual(
            self.rig.events,
            [
                "alerts do not reach receiver 1 of alert_webhook; `sosie alert status` says why",
                "alerts reach receiver 1 of alert_webhook again",
            ],
        )

    def test_at_once_when_the_other_board_is_back(self):
        self.rig.put("no_link")
        self.rig.status["link"]["state"] = "connecting"
        self.rig.wait(2 * HOUR, 10000)
        self.rig.post.away = {}
        self.rig.status["link"]["state"] = "up"
        self.rig.wait(2000)
        self.assertEqual(self.hook(), [("fired", "no_link")])

    def test_when_one_is_back_the_others_are_tried(self):
        self.rig.post.away["syslog"] = unreachable()
        self.rig.put("storage")
        self.rig.wait(DAY + 2 * MINUTE)
        hook, syslog = self.rig.alerts.channels[1], self.rig.alerts.channels[0]
        hook.again_ms, syslog.again_ms = self.rig.now + 2000, self.rig.now + 200000
        self.rig.post.away = {}
        self.rig.wait(5000, 1000)
        self.assertEqual([kind for kind, _, _ in self.rig.post.taken], ["webhook", "syslog"])

    def test_what_is_moot_is_one_sentence(self):
        self.rig.put("no_link")
        self.rig.wait(30 * MINUTE)
        self.rig.clear("no_link")
        self.rig.wait(30 * MINUTE)
        self.rig.post.away = {}
        self.rig.wait(10 * MINUTE)
        self.assertEqual(self.hook(), [("passed", "no_link")])

    def test_however_often_it_came(self):
        for _ in range(5):
            self.rig.put("no_link")
            self.rig.wait(10 * MINUTE, 5000)
            self.rig.clear("no_link")
            self.rig.wait(3 * HOUR, 5000)
        channel = self.rig.alerts.channels[1]
        self.assertEqual(channel.place.kind, "webhook")
        (notice,) = channel.due(self.rig.alerts.standing, self.rig.wall + self.rig.now)
        self.assertEqual((notice.event, notice.times), ("passed", 5))
        self.assertTrue(40 * MINUTE < notice.lasted_ms < 60 * MINUTE, notice.lasted_ms)
        self.rig.post.away = {}
        self.rig.wait(10 * MINUTE)
        self.assertEqual(self.hook(), [("passed", "no_link")])
        self.assertEqual(len(self.rig.post.taken), 1 + 2 * 5)

    def test_over_when_only_that_could_not_be_told(self):
        self.rig.post.away = {}
        self.rig.put("storage")
        self.rig.wait(MINUTE)
        self.rig.post.away["webhook"] = unreachable()
        self.rig.clear("storage")
        self.rig.wait(HOUR)
        self.rig.put("storage")
        self.rig.wait(HOUR)
        self.rig.clear("storage")
        self.rig.wait(HOUR)
        self.rig.post.away = {}
        self.rig.wait(10 * MINUTE)
        self.assertEqual(self.hook(), [("fired", "storage"), ("resolved", "storage")])

    def test_what_waits_is_bounded(self):
        names = ["c%d" % each for each in range(15)]
        for turn in range(60):
            for name in names[turn % 2 :: 2]:
                self.rig.put(name)
            self.rig.wait(5 * MINUTE, 5000)
            for name in names:
                self.rig.clear(name)
            self.rig.wait(5 * MINUTE, 5000)
        channel = self.rig.alerts.channels[1]
        self.assertTrue(len(channel.due(self.rig.alerts.standing, 0)) <= 15)
        self.assertTrue(len(self.rig.kept) < 16 << 10, len(self.rig.kept))

    def test_a_server_that_refuses_is_asked_less_and_less(self):
        self.rig.post.away["webhook"] = unwanted()
        self.rig.put("storage")
        self.rig.wait(DAY, 10000)
        self.assertTrue(20 < self.rig.post.tried < 50, self.rig.post.tried)
        self.assertEqual(len(self.rig.events), 1)
        self.assertTrue(self.rig.alerts.channels[1].again_ms - self.rig.now <= LONGEST_REFUSED_MS)

    def test_a_notice_that_is_never_taken_does_not_block_the_others(self):
        self.rig.post.away = {}
        settle = self.rig.post.settle

        def picky(job):
            if (job[0].kind, job[1].facts["condition"]) == ("webhook", "storage"):
                self.rig.post.away["all"] = unwanted()
            settle(job)
            self.rig.post.away = {}

        self.rig.post.settle = picky
        self.rig.put("storage")
        self.rig.wait(MINUTE)
        self.rig.put("fenced")
        self.rig.wait(10 * MINUTE)
        self.assertEqual(self.hook(), [("fired", "fenced")])


class OnItsWay(unittest.TestCase):
    """Things change while a notice is being delivered."""

    def setUp(self):
        self.rig = Rig(HOOK)
        self.rig.post.by_hand = True
        self.rig.put("storage")
        self.rig.wait(2000)
        self.assertEqual(len(self.rig.post.jobs), 1)

    def test_one_at_a_time(self):
        self.rig.put("fenced")
        self.rig.wait(HOUR)
        self.assertEqual(len(self.rig.post.jobs), 1)

    def test_over_before_it_was_taken(self):
        self.rig.clear("storage")
        self.rig.wait(10 * MINUTE)
        self.rig.post.run()
        self.rig.wait(2000)
        self.rig.post.run()
        self.assertEqual([event for _, event, _ in self.rig.post.taken], ["fired", "resolved"])

    def test_over_before_it_failed(self):
        self.rig.clear("storage")
        self.rig.wait(10 * MINUTE)
        self.rig.post.away["all"] = unreachable()
        self.rig.post.run()
        self.rig.post.away = {}
        self.rig.post.by_hand = False
        self.rig.wait(10 * MINUTE)
        self.assertEqual([event for _, event, _ in self.rig.post.taken], ["passed"])

    def test_more_came_while_it_was_on_its_way(self):
        self.rig.post.away["all"] = unreachable()
        self.rig.clear("storage")
        self.rig.wait(2 * MINUTE)
        self.rig.post.run()
        self.rig.wait(MINUTE)
        for _ in range(2):
            self.rig.put("storage")
            self.rig.wait(HOUR)
            self.rig.clear("storage")
            self.rig.wait(HOUR)
        ((_, letter, _),) = self.rig.post.jobs
        self.assertEqual((letter.notice.event, letter.notice.times), ("passed", 1))
        self.rig.post.away = {}
        self.rig.post.run()
        self.rig.wait(3 * HOUR)
        ((_, letter, _),) = self.rig.post.jobs
        self.assertEqual((letter.notice.event, letter.notice.times), ("passed", 2))
        self.rig.post.run()
        self.rig.wait(3 * HOUR)
        self.assertEqual(self.rig.post.jobs, [])

    def test_over_while_a_reminder_is_on_its_way(self):
        self.rig.post.run()
        self.rig.wait(DAY + MINUTE, 60000)
        self.rig.clear("storage")
        self.rig.wait(HOUR)
        self.rig.post.run()
        self.rig.wait(2000)
        self.rig.post.run()
        self.assertEqual([event for _, event, _ in self.rig.post.taken], ["fired", "reminder", "resolved"])

    def test_back_while_its_end_is_told(self):
        self.rig.post.run()
        self.rig.clear("storage")
        self.rig.wait(2 * MINUTE)
        self.rig.put("storage")
        self.rig.wait(2000)
        self.rig.post.run()
        self.rig.wait(2000)
        self.rig.post.run()
        self.assertEqual([event for _, event, _ in self.rig.post.taken], ["fired", "resolved", "fired"])


class Restarts(unittest.TestCase):
    def test_nothing_twice_and_nothing_left_open(self):
        rig = Rig(BOTH)
        rig.post.away["syslog"] = unreachable()
        rig.put("no_link")
        rig.wait(10 * MINUTE)
        rig = rig.restarted(BOTH)
        rig.wait(10 * MINUTE)
        self.assertEqual(rig.post.taken, [("syslog", "fired", "no_link")])
        rig = rig.restarted(BOTH)
        rig.clear("no_link")
        rig.wait(10 * MINUTE)
        self.assertEqual(sorted(rig.post.taken), [(each, "resolved", "no_link") for each in ("syslog", "webhook")])

    def test_what_cannot_be_known_after_a_power_cut_is_not_over(self):
        """No battery, no link, and the disk has not been asked yet: of all that was told, nobody knows anything."""
        disk = dict(FACTS["health"], disk={"ok": False, "sentence": "it is failing"})
        rig = Rig(HOOK)
        rig.status = status(rpo_s=900, oldest_ms=0, damage="the journal is damaged", health=disk)
        rig.wait(HOUR)
        told = sorted(rig.post.taken)
        self.assertEqual(told, [("webhook", "fired", name) for name in ("behind", "damage", "disk")])
        rig = rig.restarted(HOOK)
        rig.status = status(rpo_s=900, oldest_ms=None, lacked_s=60.0, inherited=True, clock_set=False)
        rig.wait(HOUR)
        self.assertEqual([each for each in rig.post.taken if each[2] != "clock"], [])
        rig.status = status(acked=12, rpo_s=900, health=dict(disk, disk={"ok": True, "sentence": None}))
        rig.wait(HOUR)
        over = [each[2] for each in rig.post.taken if each[1] == "resolved"]
        self.assertEqual(sorted(over), ["behind", "clock", "damage", "disk"])

    def test_an_old_certificate_is_told_once_however_often_a_board_begins_without_a_clock(self):
        old = {"certificates": "the certificate of this board is good until 2026-01-02 only"}
        rig = Rig(HOOK)
        rig.status = status(troubles=old)
        rig.wait(10 * MINUTE)
        self.assertEqual(rig.post.taken, [("webhook", "fired", "keys")])
        for _ in range(2):
            rig = rig.restarted(HOOK)
            rig.status = status(doubted=["keys"])
            rig.wait(10 * MINUTE)
            rig.status = status(troubles=old)
            rig.wait(10 * MINUTE)
            self.assertEqual(rig.post.taken, [])
        rig.status = status(doubted=[])
        rig.wait(10 * MINUTE)
        self.assertEqual(rig.post.taken, [("webhook", "resolved", "keys")])

    def test_a_board_that_is_fenced_does_not_call_its_lag_over(self):
        rig = Rig(HOOK)
        rig.status = status(rpo_s=900, oldest_ms=0)
        rig.wait(HOUR)
        rig.status = status(rpo_s=900, oldest_ms=0, fenced=True)
        rig.wait(HOUR)
        self.assertEqual([each[1:] for each in rig.post.taken], [("fired", "behind"), ("fired", "fenced")])

    def test_what_is_over_and_not_told(self):
        rig = Rig(BOTH)
        rig.post.away["syslog"] = unreachable()
        rig.put("no_link")
        rig.wait(10 * MINUTE)
        rig.post.away["webhook"] = unreachable()
        rig.clear("no_link")
        rig.wait(10 * MINUTE)
        rig = rig.restarted(BOTH)
        rig.wait(MINUTE)
        self.assertEqual(sorted(rig.post.taken), [("syslog", "passed", "no_link"), ("webhook", "resolved", "no_link")])

    def test_who_was_reached_before_a_restart_was_reached(self):
        """By the clock of then; not who failed since; a file of an earlier version does not say."""
        rig = Rig(BOTH)
        rig.put("storage")
        rig.wait(MINUTE)
        reached = [channel.last_ms for channel in rig.alerts.channels]
        rig.post.away["syslog"] = unreachable()
        rig.alerts.test(lambda outcome, error: None)
        rig.wait(MINUTE)
        again = rig.restarted(BOTH)
        again.wait(2000)
        again.wall += HOUR
        again.wait(2000)
        syslog, hook = again.alerts.channels
        self.assertEqual((syslog.last_ms, hook.last_ms), (None, rig.alerts.channels[1].last_ms))
        self.assertTrue(reached[1] < hook.last_ms < again.wall)
        older = json.loads(rig.kept)
        for each in older["channels"].values():
            del each["last_ms"]
        older = Rig(BOTH, json.dumps(older).encode() + b"\n")
        self.assertEqual([(len(each.told), each.last_ms) for each in older.alerts.channels], [(1, None)] * 2)

    def watch(self, rig, minutes):
        """As the board does: a receiver that is not reached is a condition, of which the others are told."""
        for _ in range(60 * minutes):
            rig.wait(1000)
            if rig.alerts.unreached():
                rig.put("surface", "warning", rig.alerts.unreached())
            else:
                rig.clear("surface")
        return [each for each in rig.post.taken if each[2] == "surface"]

    def test_a_receiver_that_was_not_reached_before_a_restart_is_not_reached_until_it_is(self):
        """Also by a clock that was not set yet."""
        rig = Rig(BOTH)
        rig.post.away["syslog"] = unreachable()
        rig.put("storage")
        self.assertEqual(self.watch(rig, 20), [("webhook", "fired", "surface")])
        for wall_ms in (None, 0):
            rig = rig.restarted(BOTH)
            rig.wall = rig.wall if wall_ms is None else wall_ms
            self.assertIn("receiver 1 of alert_syslog", rig.alerts.unreached())
            rig.post.away["syslog"] = unreachable()
            self.assertEqual(self.watch(rig, 20), [])
        rig.post.away = {}
        self.assertEqual(self.watch(rig, 10)[-1:], [("webhook", "resolved", "surface")])
        self.assertEqual(rig.restarted(BOTH).alerts.unreached(), "")

    def test_a_file_of_an_earlier_version_does_not_say_who_was_not_reached(self):
        rig = Rig(HOOK)
        rig.put("storage")
        rig.wait(MINUTE)
        older = json.loads(rig.kept)
        for each in older["channels"].values():
            del each["unreached"]
        older = Rig(HOOK, json.dumps(older).encode() + b"\n")
        self.assertEqual((older.events, older.alerts.unreached()), ([], ""))

    def test_pings_do_not_wear_out_the_card(self):
        rig = Rig(Pings.LINES)
        rig.wait(HOUR)
        self.assertTrue(len(rig.saves) <= 1, len(rig.saves))

    def test_the_day_of_a_reminder_goes_on(self):
        rig = Rig(HOOK)
        rig.put("storage")
        rig.wait(23 * HOUR, 60000)
        rig = rig.restarted(HOOK)
        rig.wait(2 * HOUR, 60000)
        self.assertEqual(rig.post.taken, [("webhook", "reminder", "storage")])
        rig = rig.restarted(HOOK)
        rig.wait(2 * HOUR, 60000)
        self.assertEqual(rig.post.taken, [])

    def test_the_file_is_written_when_something_was_told_only(self):
        rig = Rig(HOOK)
        rig.put("storage")
        for number in range(600):
            rig.put("storage", sentence="%d bytes" % number)
            rig.wait(1000)
        self.assertTrue(1 <= len(rig.saves) <= 3, len(rig.saves))

    def test_the_file_cannot_be_written(self):
        rig = Rig(HOOK)
        rig.full = OSError(28, "No space left on device")
        rig.put("storage")
        rig.wait(HOUR)
        self.assertEqual(rig.post.taken, [("webhook", "fired", "storage")])
        self.assertIn("No space left", rig.alerts.trouble)
        self.assertTrue(len(rig.saves) <= 61)
        rig.full = None
        rig.wait(2 * MINUTE)
        self.assertEqual(rig.alerts.trouble, "")

    def test_there_is_no_thread_for_the_file(self):
        rig = Rig(HOOK)
        rig.no_thread = True
        rig.put("storage")
        rig.wait(MINUTE)
        self.assertEqual(rig.post.taken, [("webhook", "fired", "storage")])
        self.assertIn("new thread", rig.alerts.trouble)
        rig.no_thread = False
        rig.wait(2 * MINUTE)
        self.assertEqual((len(rig.saves), rig.alerts.trouble), (1, ""))

    def test_the_file_cannot_be_read_until_it_is_written_again(self):
        rig = Rig(HOOK)
        rig.alerts.unread(Unkept("alerts = /a: it is no file; delete what is there, or name another place"))
        self.assertIn("it is no file", rig.alerts.trouble)
        rig.full = OSError(28, "No space left on device")
        rig.wait(MINUTE)
        self.assertIn("No space", rig.alerts.trouble)
        rig.full = None
        rig.wait(2 * MINUTE)
        self.assertEqual(rig.alerts.trouble, "")

    def test_a_file_that_is_damaged(self):
        whole = Rig(HOOK)
        whole.put("storage")
        whole.wait(MINUTE)
        deep = b'{"sosie": ' + b"[" * 3000 + b"}\n"
        wrong = whole.kept.replace(b"critical", b"x")
        for data in (b"", b"{}\n", deep, b"\xff\n", whole.kept[:-5], wrong, b"[]\n", b"1"):
            rig = Rig(HOOK, data)
            self.assertEqual(len(rig.events), 1, data)
            rig.put("storage")
            rig.wait(MINUTE)
            self.assertEqual(len(rig.post.taken), 1)

    def test_it_holds_no_secrets(self):
        lines = {"alert_webhook": "http://127.0.0.1:9/SECRET token SECRET"}
        rig = Rig(lines)
        rig.put("storage")
        rig.wait(MINUTE)
        self.assertTrue(b"SECRET" not in rig.kept)


class Testing(unittest.TestCase):
    def setUp(self):
        self.rig = Rig(BOTH).wait(2000)
        self.outcome = None

    def done(self, outcome, error):
        self.outcome = [(channel.place.kind, sentence) for channel, sentence in outcome]

    def test_who_took_it(self):
        self.rig.post.away["syslog"] = unreachable()
        self.rig.alerts.test(self.done)
        with self.assertRaises(Refused):
            self.rig.alerts.test(self.done)
        self.assertIsNone(self.outcome)
        self.rig.post.run()
        self.assertEqual(self.outcome, [("syslog", "nobody answers there"), ("webhook", None)])
        self.assertEqual(self.rig.post.taken, [("webhook", "test", "test")])
        self.rig.wait(DAY, 60000)
        self.assertEqual(len(self.rig.post.taken), 1)

    def test_one_that_pauses_is_tried_at_once(self):
        self.rig.post.away["syslog"] = unreachable()
        self.rig.put("storage")
        self.rig.wait(20 * MINUTE)
        self.rig.post.away = {}
        self.rig.alerts.test(self.done)
        self.rig.post.run()
        self.assertEqual(self.outcome, [("syslog", None), ("webhook", None)])
        self.rig.wait(2000)
        self.assertIn(("syslog", "fired", "storage"), self.rig.post.taken)

    def test_one_that_is_busy_gets_it_next(self):
        self.rig.post.by_hand = True
        self.rig.put("storage")
        self.rig.wait(2000)
        self.rig.alerts.test(self.done)
        self.rig.post.away["syslog"] = unreachable()
        self.rig.post.run()
        self.rig.wait(1000)
        self.rig.post.run()
        self.assertEqual(self.outcome, [("syslog", "nobody answers there"), ("webhook", None)])

    def test_one_that_hangs(self):
        self.rig.post.by_hand = True
        self.rig.alerts.test(self.done)
        self.rig.post.settle(self.rig.post.jobs.pop())
        self.rig.wait(TRIAL_MS - 2000)
        self.assertIsNone(self.outcome)
        self.assertEqual(len(self.rig.post.jobs), 1)
        self.rig.wait(2000)
        self.assertEqual(self.outcome, [("syslog", "it has not answered yet"), ("webhook", None)])
        self.rig.post.run()
        self.rig.alerts.test(self.done)


class Pings(unittest.TestCase):
    LINES = {"alert_ping": "http://127.0.0.1:9/p every 5m"}

    def setUp(self):
        self.rig = Rig(self.LINES)

    def test_at_once_and_every_five_minutes(self):
        self.rig.wait(HOUR)
        self.assertTrue(12 <= self.rig.post.tried <= 13, self.rig.post.tried)

    def test_no_notice_is_sent_there(self):
        self.rig.put("storage")
        self.rig.wait(MINUTE)
        self.assertEqual([event for _, event, _ in self.rig.post.taken], ["test"])

    def test_silent_when_the_mirror_stands_still(self):
        self.rig.wait(MINUTE)
        self.rig.status["state"] = "no link"
        self.rig.wait(HOUR)
        self.assertTrue(self.rig.post.tried <= 2)
        self.assertEqual(self.rig.alerts.silence(self.rig.alerts.channels[0]), "the other board is not reached")
        self.rig.status["state"] = "mirroring"
        self.rig.wait(2000)
        self.assertTrue(2 <= self.rig.post.tried <= 3)

    def test_one_that_stays_away_on_purpose_is_not_one_that_is_not_reached(self):
        """Also when it failed just before, and not until it has failed for minutes after."""
        self.rig.post.away["ping"] = unreachable()
        self.rig.wait(20000)
        self.rig.status["state"] = "no link"
        self.rig.wait(4 * MINUTE)
        for _ in range(60):
            self.rig.wait(MINUTE)
            self.assertEqual(self.rig.alerts.unreached(), "")
        self.rig.status["state"] = "mirroring"
        self.rig.wait(4 * MINUTE)
        self.assertEqual(self.rig.alerts.unreached(), "")
        self.rig.wait(2 * MINUTE)
        self.assertIn("receiver 1 of alert_ping", self.rig.alerts.unreached())

    def test_a_test_does_not_call_a_board_well_that_is_silent(self):
        self.rig = Rig(dict(self.LINES, alert_webhook=HOOK["alert_webhook"]))
        self.rig.status["state"] = "failed"
        self.rig.wait(2000)
        outcomes = []
        for _ in range(2):
            self.rig.alerts.test(lambda outcome, error: outcomes.append([sentence for _, sentence in outcome]))
            self.rig.wait(2000)
        words = "no ping goes out, on purpose: this board takes no more writes"
        self.assertEqual(outcomes, [[words, None]] * 2)
        self.assertEqual(self.rig.post.taken, [("webhook", "test", "test")] * 2)
        self.rig = Rig(self.LINES)
        self.rig.status["state"] = "failed"
        self.rig.alerts.test(lambda outcome, error: outcomes.append([sentence for _, sentence in outcome]))
        self.assertEqual((outcomes[2], self.rig.post.tried), ([words], 0))
        french = "aucun ping ne part, c'est voulu : ce boîtier n'accepte plus d'écritures"
        self.assertEqual(translate("fr", words), french)

    def test_it_is_tried_again_soon(self):
        self.rig.post.away["ping"] = unreachable()
        self.rig.wait(20000)
        self.rig.post.away = {}
        self.rig.wait(MINUTE)
        self.assertEqual(len(self.rig.post.taken), 1)
