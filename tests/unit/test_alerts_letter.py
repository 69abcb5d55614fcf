"""What notices say, in both languages, and what the API says of the channels."""

import json
import unittest

from firmware.alerts import when
from firmware.alerts.letter import CALM, MAX_TITLE, Writer
from firmware.alerts.notice import FIRED, LOST, PASSED, REMINDER, RESOLVED, TEST, WORSE, Notice, of_episode
from firmware.alerts.routes import Routes
from firmware.alerts.watch import Episode
from firmware.httpd.request import Request
from firmware.status.conditions import NAMES
from tests.unit.fakes_alerts import MINUTE, START_MS, Rig, make_status, unreachable, unwanted

MIN_45 = 45 * MINUTE


def write(event, language="en", clock=True, **changes):
    episode = Episode("no_link", "critical", "the other board is not reached", START_MS)
    if event in (RESOLVED, LOST, PASSED):
        episode.until_ms = START_MS + MIN_45
    notice = of_episode(event, episode)
    for name, value in changes.items():
        setattr(notice, name, value)
    status = dict(make_status(), clock={"set": clock})
    return Writer(lambda: language).write(notice, status, START_MS + MIN_45)


class Letters(unittest.TestCase):
    def test_fired(self):
        letter = write(FIRED)
        self.assertEqual(letter.level, "critical")
        self.assertEqual(letter.facts["title"], "left: the other board is not reached")
        lines = letter.facts["text"].split("\n")
        self.assertEqual(lines[0], "The other board is not reached.")
        self.assertEqual(lines[1], "Since 2023-11-14 22:13 UTC (45 min).")
        self.assertTrue(lines[2].startswith("To do: ") and lines[2].endswith("."), lines[2])
        self.assertEqual(letter.facts["duration_s"], None)

    def test_over(self):
        letter = write(RESOLVED, came=3)
        self.assertEqual((letter.level, letter.facts["level"]), (CALM, "critical"))
        self.assertEqual(letter.facts["title"], "left, over: there was no link to the other board")
        self.assertEqual(
            letter.facts["text"],
            "This is over: there was no link to the other board.\n"
            "It lasted 45 min, from 2023-11-14 22:13 UTC to 2023-11-14 22:58 UTC.\n"
            "In that time it came and went 3 times.",
        )
        self.assertEqual((letter.facts["duration_s"], letter.facts["advice"], letter.facts["times"]), (2700, "", 3))

    def test_over_is_in_one_language_and_tells_no_figure_as_of_now(self):
        """Its last sentence may be of a time when the board spoke another one."""
        late = "le jumeau a 2 min de retard"
        for event in (RESOLVED, LOST):
            facts = write(event, name="behind", sentence=late).facts
            self.assertNotIn(late, json.dumps(facts))
            self.assertIn("the twin was further behind than is wanted", facts["title"])
            self.assertEqual(facts["sentence"], "the twin was further behind than is wanted")
        self.assertIn("le jumeau avait plus de retard que voulu", write(RESOLVED, "fr", name="behind").facts["text"])

    def test_what_cannot_be_told_any_more_is_not_called_over(self):
        facts = write(LOST).facts
        self.assertEqual(facts["title"], "left, not known any more: there was no link to the other board")
        words = "This was so when it was last known, and may be so still: there was no link to the other board."
        self.assertEqual(facts["text"].split("\n")[0], words)
        self.assertEqual((write(LOST).level, facts["advice"]), (CALM, ""))
        self.assertIn("peut-\u00eatre encore : il n'y avait pas de liaison", write(LOST, "fr").facts["text"])

    def test_what_is_said_of_a_part_is_true_of_each(self):
        """A mail server that is away, a quota that is used up, a light that is not there."""
        self.assertNotIn("plug in", write(FIRED, name="surface").facts["advice"])
        self.assertIn("see on the page what it is", write(FIRED, name="surface").facts["advice"])
        self.assertIn("something beside the mirror", write(RESOLVED, name="surface").facts["title"])

    def test_over_before_it_could_be_told(self):
        text = write(PASSED, times=4).facts["text"]
        self.assertIn("This could not be told in time, and is over: there was no link to the other board.", text)
        self.assertIn("\nThe last that was known: the other board is not reached.\n", text)
        self.assertIn("It came 4 times between 2023-11-14 22:13 UTC and 2023-11-14 22:58 UTC, and lasted 45 min", text)

    def test_no_date_is_told_of_a_clock_that_is_not_set(self):
        self.assertIn("\nFor 45 min; the clock of this board is not set.\n", write(FIRED, clock=False).facts["text"])
        text = write(RESOLVED, clock=False).facts["text"]
        self.assertTrue(text.endswith("\nIt lasted 45 min; the clock of this board is not set."), text)
        self.assertIn("2023-11-14", write(FIRED, clock=None).facts["text"])

    def test_every_event_in_every_language(self):
        for language in ("en", "fr"):
            for event in (FIRED, WORSE, REMINDER, RESOLVED, LOST, PASSED):
                for name in NAMES + ("something else",):
                    facts = write(event, language, name=name).facts
                    self.assertEqual(json.loads(json.dumps(facts)), facts)
                    self.assertTrue(len(facts["text"].split("\n")) >= 2)
        self.assertIn("Depuis le 2023-11-14 22:13 UTC (45 min).", write(FIRED, "fr").facts["text"])

    def test_a_test(self):
        facts = Writer(lambda: "en").write(Notice(TEST, "test", "warning", "", START_MS), make_status(), START_MS).facts
        self.assertEqual((facts["event"], facts["level"], facts["since_ms"]), ("test", None, None))
        self.assertEqual(facts["text"], "This is a test: the alerts of left arrive here.\nAll is well.")

    def test_a_title_is_no_novel(self):
        self.assertEqual(len(write(FIRED, sentence="x" * 999).facts["title"]), MAX_TITLE)

    def test_times(self):
        self.assertEqual(when.text(951782400000), "2000-02-29 00:00 UTC")
        self.assertEqual(when.stamp(1763856056123), "2025-11-23T00:00:56.123Z")
        self.assertEqual(when.stamp(0), "1970-01-01T00:00:00.000Z")


class Api(unittest.TestCase):
    LINES = {
        "alert_webhook": "http://127.0.0.1:9/SECRET",
        "alert_mail": "me@x.example via mail.x.example user me@x.example password SECRET",
        "alert_ping": "http://127.0.0.1:9/SECRET",
    }

    def setUp(self):
        self.rig = Rig(self.LINES)
        self.table = Routes(self.rig.alerts, lambda: "en").routes()

    def ask(self, method, path, body=b"{}"):
        """(status, content), a list of nothing as long as there is no answer."""
        request, answers = Request(method, path), []
        request.content_type, request.body = "application/json", body
        self.table[path][method](request, answers.append)
        return answers

    def told(self):
        (answer,) = self.ask("GET", "/api/alerts")
        self.assertTrue(b"SECRET" not in answer.body)
        return json.loads(answer.body)

    def test_as_it_begins(self):
        content = self.told()
        self.assertEqual([each["state"] for each in content["channels"]], ["untried"] * 3)
        self.assertEqual(content["channels"][0]["to"], "me@x.example via mail.x.example:587")
        self.assertEqual((content["standing"], content["sentence"]), ([], ""))

    def test_states(self):
        self.rig.post.away["mail"] = unwanted()
        self.rig.put("storage")
        self.rig.wait(5000)
        mail, ping, hook = self.told()["channels"]
        self.assertEqual((mail["state"], mail["sentence"]), ("failing", "it does not take the password"))
        self.assertEqual(mail["waiting"], 1)
        self.assertTrue(0 < mail["next_s"] <= 10 and mail["failed_ms"] > START_MS)
        self.assertEqual((hook["state"], hook["waiting"], hook["next_s"]), ("ok", 0, None))
        self.assertEqual((ping["state"], ping["waiting"]), ("ok", 0))
        self.assertEqual([each["name"] for each in self.told()["standing"]], ["storage"])
        self.rig.alerts.channels[1].failed_ms = START_MS
        self.rig.status["state"] = "failed"
        self.rig.wait(2000)
        ping = self.told()["channels"][1]
        self.assertEqual((ping["state"], ping["failed_ms"]), ("silent", None))  # the sentence is not of that time

    def test_a_test(self):
        self.rig.post.away["mail"] = unreachable()
        answers = self.ask("POST", "/api/alerts/test")
        self.assertEqual(answers, [])
        (again,) = self.ask("POST", "/api/alerts/test")
        self.assertEqual(again.status, 409)
        self.rig.post.run()  # a ping was on its way
        self.rig.wait(1000)
        content = json.loads(answers[0].body)
        self.assertEqual([each["taken"] for each in content["channels"]], [False, True, True])
        self.assertEqual(content["sentence"], "The test was not taken everywhere.")
        self.assertIn("nobody answers there", content["channels"][0]["sentence"])
        self.assertTrue(b"SECRET" not in answers[0].body)

    def test_in_the_language_that_is_asked_for(self):
        self.rig.post.away["mail"] = unreachable()
        self.rig.put("storage")
        self.rig.wait(5000)
        self.rig.status["state"] = "failed"
        self.rig.wait(2000)
        for wish, words in (("fr", "ce bo\u00eetier"), ("xx", "this board"), (None, "this board")):
            request, answers = Request("GET", "/api/alerts", {"lang": wish} if wish else None), []
            self.table["/api/alerts"]["GET"](request, answers.append)
            self.assertTrue(json.loads(answers[0].body)["channels"][1]["sentence"].startswith(words))

    def test_a_body_that_is_none(self):
        for body in (b"", b"[]", b'{"to": "all@x.example"}'):
            (answer,) = self.ask("POST", "/api/alerts/test", body)
            self.assertEqual(answer.status, 400)
