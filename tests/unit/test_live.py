"""Live pages: one snapshot for all of a language, the newest for who is slow, nothing for nobody."""

import json
import unittest

from firmware.api.live import EVERY_MS, MOST, MOST_EVENTS, STEP_MS, Live
from firmware.httpd.request import Request
from firmware.status.chronicle.layout import Event


class Hall:
    """A Live whose clock and timers the test moves."""

    def __init__(self):
        self.now = 1000
        self.timers = []
        self.shown = []
        self.trouble = None
        languages = ("en", "fr")
        self.live = Live(self.show, self.after, lambda: self.now, languages,
                         lambda language, sentence: language + ":" + sentence)  # fmt: skip

    def show(self, language):
        self.shown.append(language)
        if self.trouble is not None:
            raise self.trouble
        return {"count": len(self.shown), "language": language}

    def after(self, ms, call):
        self.timers.append((self.now + ms, call))

    def pass_ms(self, ms):
        end = self.now + ms
        while self.timers and min([each[0] for each in self.timers]) <= end:
            self.now = min([each[0] for each in self.timers])
            due = [each for each in self.timers if each[0] <= self.now]
            self.timers = [each for each in self.timers if each[0] > self.now]
            for _, call in due:
                call()
        self.now = end

    def ask(self, language=None):
        """The answer to such a request."""
        request, answers = Request("GET", "/api/live", {} if language is None else {"lang": language}), []
        self.live.routes()["/api/live"]["GET"](request, answers.append)
        return answers[0]

    def look(self, language=None, still=None, known=False):
        request, answers = Request("GET", "/api/live", {} if language is None else {"lang": language}), []
        request.stays = known
        if still is not None:
            request.still = still
        self.live.routes()["/api/live"]["GET"](request, answers.append)
        return Page(answers[0].source)


class Page:
    def __init__(self, source):
        self.source = source
        self.wakes = 0
        source.begin(self._wake)

    def _wake(self):
        self.wakes += 1

    def take(self):
        """[(event, content)] of what came."""
        found, piece = [], self.source.next()
        while piece is not None:
            for part in piece.decode().split("\n\n"):
                if part:
                    lines = part.split("\n")
                    assert len(lines) == 2 and lines[0][:7] == "event: " and lines[1][:6] == "data: "
                    found.append((lines[0][7:], json.loads(lines[1][6:])))
            piece = self.source.next()
        return found


class Status(unittest.TestCase):
    def test_at_once_and_each_second(self):
        hall = Hall()
        page = hall.look()
        self.assertEqual(page.take(), [("status", {"count": 1, "language": "en"})])
        for second in range(2, 6):
            hall.pass_ms(EVERY_MS)
            self.assertEqual(page.take(), [("status", {"count": second, "language": "en"})])

    def test_made_once_for_all(self):
        hall = Hall()
        pages = [hall.look("fr") for _ in range(5)] + [hall.look() for _ in range(5)]
        hall.pass_ms(len(pages) * STEP_MS)
        for _ in range(3):
            hall.pass_ms(EVERY_MS)
            frames = [page.source.next() for page in pages]
            self.assertTrue(frames[0] is frames[4] and frames[5] is frames[9])
        self.assertEqual(len(hall.shown), 2 + 3 * 2)

    def test_one_after_the_other(self):
        hall = Hall()
        pages = [hall.look() for _ in range(MOST)]
        for page in pages:
            page.take()
        pages[1].source.lost()
        hall.pass_ms(EVERY_MS)
        for number in range(2, MOST):
            waiting = [page.source.waiting for page in pages[2:]]
            self.assertEqual(waiting, [True] * (number - 2) + [False] * (MOST - number))
            hall.pass_ms(STEP_MS)
        self.assertTrue(pages[0].source.waiting and not pages[1].source.waiting)
        self.assertEqual(len(hall.shown), 2)

    def test_nothing_is_made_while_nobody_looks(self):
        hall = Hall()
        self.assertEqual((hall.shown, hall.timers), ([], []))
        page = hall.look()
        page.source.lost()
        for _ in range(3):
            hall.pass_ms(EVERY_MS)
        self.assertEqual((len(hall.shown), hall.timers, hall.live.count), (1, [], 0))
        again = hall.look()
        hall.pass_ms(EVERY_MS)
        self.assertEqual(len(again.take()), 1)
        self.assertEqual(len(hall.timers), 1)

    def test_pages_that_come_and_go_do_not_have_it_made_again(self):
        hall = Hall()
        for _ in range(200):
            hall.look().source.lost()
        self.assertEqual(len(hall.shown), 1)

    def test_who_is_slow_gets_the_newest_one(self):
        hall = Hall()
        page = hall.look()
        for _ in range(10):
            hall.pass_ms(EVERY_MS)
        self.assertTrue(page.source.waiting)
        self.assertEqual([content["count"] for _, content in page.take()], [11])
        self.assertFalse(page.source.waiting)

    def test_languages(self):
        hall = Hall()
        for wish, found in ((None, "en"), ("fr", "fr"), ("xx", "en"), ("", "en"), ("../fr", "en")):
            self.assertEqual(hall.look(wish).take()[0][1]["language"], found)

    def test_a_bug_in_what_is_shown(self):
        hall = Hall()
        page = hall.look()
        page.take()
        hall.trouble = KeyError("role")
        hall.pass_ms(EVERY_MS // 2)
        with self.assertRaises(KeyError):
            hall.look()
        for _ in range(2):  # one after the other
            with self.assertRaises(KeyError):
                hall.pass_ms(EVERY_MS)
        hall.trouble = None
        hall.pass_ms(EVERY_MS)
        self.assertEqual((len(page.take()), hall.live.count), (1, 2))


class Many(unittest.TestCase):
    def test_no_more_than_so_many(self):
        hall = Hall()
        pages = [hall.look() for _ in range(MOST)]
        answer = hall.ask()
        self.assertEqual(answer.status, 503)
        self.assertIn("Retry-After: 30", answer.headers)
        self.assertTrue(len(json.loads(answer.body)["error"]) > 10)
        pages[3].source.lost()
        hall.look()
        self.assertEqual(hall.live.count, MOST)

    def test_who_is_known_takes_the_place_of_who_is_not(self):
        hall = Hall()
        first = hall.look(known=True)
        strangers = [hall.look() for _ in range(MOST - 1)]
        mine = hall.look(known=True)
        self.assertEqual(hall.live.count, MOST)
        self.assertEqual([page.source.over for page in [first] + strangers[:3]], [False, True, False, False])
        self.assertEqual(len(mine.take()), 1)
        self.assertEqual(hall.ask().status, 503)
        for _ in range(MOST - 2):
            hall.look(known=True)
        self.assertTrue(all(page.source.over for page in strangers))
        with self.assertRaises(AttributeError):  # a refusal has no source
            hall.look(known=True)
        self.assertFalse(first.source.over or mine.source.over)

    def test_who_may_look_no_longer(self):
        hall, allowed = Hall(), [True]
        page, other = hall.look(still=lambda: allowed[0]), hall.look()
        allowed[0] = False
        hall.pass_ms(EVERY_MS)
        self.assertTrue(page.source.over)
        self.assertIsNone(page.source.next())
        self.assertEqual((page.wakes, hall.live.count), (2, 1))
        page.source.lost()
        self.assertEqual(len(other.take()), 1)


class Events(unittest.TestCase):
    def test_before_the_status_and_in_the_language(self):
        hall = Hall()
        page, french = hall.look(), hall.look("fr")
        page.take()
        hall.live.happened(Event(5000, "it rains", id=7))
        hall.live.happened(Event(5001, "it \u00e9\npours", 3, id=8))
        self.assertEqual(page.take(), [
            ("happened", {"id": 7, "ms": 5000, "sentence": "en:it rains"}),
            ("happened", {"id": 8, "ms": 5001, "sentence": "en:it \u00e9\npours", "more": 3}),
        ])  # fmt: skip
        found = french.take()
        self.assertEqual([event for event, _ in found], ["happened", "happened", "status"])
        self.assertEqual(found[0][1]["sentence"], "fr:it rains")

    def test_a_clock_that_is_not_set_is_told(self):
        hall = Hall()
        page = hall.look()
        page.take()
        hall.live.happened(Event(5, "it flaps", 7, sure=False, id=11))
        self.assertEqual(page.take(), [
            ("happened", {"id": 11, "ms": 5, "sentence": "en:it flaps", "more": 7, "sure": False}),
        ])  # fmt: skip

    def test_bounded(self):
        hall = Hall()
        page = hall.look()
        for number in range(10 * MOST_EVENTS):
            hall.live.happened(Event(0, "x", id=number))
        ids = [content["id"] for event, content in page.take() if event == "happened"]
        self.assertEqual(ids, list(range(9 * MOST_EVENTS, 10 * MOST_EVENTS)))

    def test_nobody_there(self):
        hall = Hall()
        hall.live.happened(Event(2, "x", id=1))
        self.assertEqual(hall.shown, [])
