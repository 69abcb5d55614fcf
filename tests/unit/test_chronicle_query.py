"""What the API gives of the chronicle: series thinned to points, lists of events; made in pieces."""

import json
import unittest

from firmware.api.chronicle import Routes
from firmware.httpd.request import Request
from firmware.status.chronicle import query
from firmware.status.chronicle.layout import MINUTES, SECONDS, Event, Sample
from firmware.status.chronicle.series import Series
from firmware.status.chronicle.workshop import MOST, Workshop
from tests.unit.fakes_chronicle import START_MS, Card, Life
from tests.unit.fakes_storage import drive

NOW_S = 1000000


def asked(series, span=query.HOUR, points=3600, doubtful=False, now_s=NOW_S):
    return json.loads(drive(query.answer(series, span, points, now_s, doubtful, True)))


def seconds(*samples):
    series = Series(SECONDS, 4000)
    for each in samples:
        series.add(each)
    return series


class Thinning(unittest.TestCase):
    def test_every_second(self):
        told = asked(seconds(*[Sample(NOW_S - n, n, n * 1000, n * 2, n * 3) for n in range(3599, -1, -1)]))
        self.assertEqual((told["step_s"], told["start_ms"]), (1, (NOW_S - 3599) * 1000))
        self.assertEqual(told["lag_s"], list(range(3599, -1, -1)))
        self.assertEqual(told["backlog_bytes"], list(range(3599, -1, -1)))
        self.assertEqual(told["sent_bytes_per_s"], [n * 3 for n in range(3599, -1, -1)])

    def test_the_worst_and_the_mean(self):
        told = asked(seconds(*[Sample(NOW_S - n, n % 7, 100 * n, 10, n % 2) for n in range(3599, -1, -1)]), points=60)
        self.assertEqual((told["step_s"], len(told["lag_s"])), (60, 60))
        self.assertEqual(told["start_ms"] % 60000, 0)
        self.assertEqual(set(told["backlog_bytes"][:-1]), {6})
        self.assertEqual(set(told["write_bytes_per_s"]), {10})
        self.assertEqual(told["lag_s"][-1], 4.0)  # of the last minute only 41 seconds are over

    def test_gaps_are_null(self):
        told = asked(seconds(Sample(NOW_S - 10, 1, 2000, 3, 4), Sample(NOW_S - 8, None, None, 3, 4)))
        self.assertEqual(told["lag_s"][-12:], [None, 2.0] + [None] * 10)
        self.assertEqual(told["backlog_bytes"][-12:], [None, 1] + [None] * 10)
        self.assertEqual(told["write_bytes_per_s"][-12:], [None, 3, None, 3] + [None] * 8)
        self.assertEqual(told["lag_s"].count(None), 3599)

    def test_nothing_of_another_time(self):
        others = [Sample(NOW_S + 5, 1, 1, 1, 1), Sample(NOW_S - 3600, 1, 1, 1, 1), Sample(0, 1, 1, 1, 1)]
        told = asked(seconds(*others))
        self.assertEqual(told["lag_s"], [None] * 3600)

    def test_a_clock_that_nobody_believed(self):
        known = Sample(NOW_S - 5, 1, 1000, 1, 1)
        wrong = [Sample(NOW_S - each, 9, 9000, 9, 9, sure=False) for each in (6, 5, 4)]
        for samples in ([known] + wrong, wrong + [known]):
            self.assertEqual(asked(seconds(*samples))["lag_s"][-7:-3], [None, 1.0, None, None])
            self.assertEqual(asked(seconds(*samples), doubtful=True)["lag_s"][-7:-3], [9.0, 1.0, 9.0, None])
            self.assertEqual(asked(seconds(*samples), doubtful=True)["backlog_bytes"][-6], 1)

    def test_a_week(self):
        minutes = Series(MINUTES, 10205)
        for n in range(10200):
            minutes.add(Sample((NOW_S // 60 - 10199 + n) * 60, n, 500, n, 0, 60))
        for points, step_s in ((3600, 180), (600, 1020), (1, 604800)):
            told = asked(minutes, query.WEEK, points)
            self.assertEqual((told["step_s"], len(told["lag_s"])), (step_s, 604800 // step_s))
            self.assertEqual(told["backlog_bytes"][-1], 10199)
            self.assertEqual(set(told["lag_s"]), {0.5})

    def test_any_number_of_points(self):
        for span in query.SPANS:
            for points in range(1, 3601, 37):
                step_s = query.step_of(span, points)
                self.assertTrue(query.SPANS[span][0] // step_s <= points)
                self.assertEqual(step_s % query.SPANS[span][1], 0)

    def test_in_pieces(self):
        """So many samples are looked at in one go at most: a host waits for it meanwhile."""
        looks = [0]

        class Watched(Series):
            def place(self, number):
                looks[0] += 1
                return Series.place(self, number)

        minutes = Watched(MINUTES, 10205)
        for n in range(10205):
            minutes.add(Sample(NOW_S, 1, 1, 1, 1))
        looks[0] = 0
        for _ in query.answer(minutes, query.WEEK, 3600, NOW_S, False, True):
            self.assertTrue(looks[0] <= 200, looks[0])
            looks[0] = 0


class Loop:
    """call_after() of a loop that the test turns."""

    def __init__(self):
        self.calls = []
        self.turns = 0

    def call_after(self, ms, call, *args):
        self.calls.append((call, args))

    def run(self, most=100000):
        while self.calls and self.turns < most:
            self.turns += 1
            call, args = self.calls.pop(0)
            call(*args)


def steps(count, result):
    for _ in range(count):
        yield
    return result


class Making(unittest.TestCase):
    def setUp(self):
        self.loop, self.told = Loop(), []
        self.shop = Workshop(self.loop.call_after)

    def done(self, result, error):
        self.told.append((result, error))

    def test_once_for_all_who_ask_for_the_same(self):
        made = []

        def make():
            made.append(1)
            return steps(3, "it")

        for _ in range(5):
            self.assertTrue(self.shop.order("hour", make, self.done))
        self.loop.run()
        self.assertEqual((made, self.told), ([1], [("it", None)] * 5))
        self.shop.order("hour", make, self.done)
        self.loop.run()
        self.assertEqual(made, [1, 1])

    def test_no_answer_is_older_than_its_question(self):
        happened = ["it burns"]

        def make():
            return steps(3, list(happened))

        self.shop.order("events", make, self.done)
        self.loop.run(1)
        happened.append("it burns no more")
        for _ in range(2):
            self.assertTrue(self.shop.order("events", make, self.done))
        self.loop.run()
        self.assertEqual([len(result) for result, _ in self.told], [1, 2, 2])

    def test_one_after_the_other_and_not_too_many(self):
        for number in range(MOST):
            self.assertTrue(self.shop.order(number, lambda number=number: steps(2, number), self.done))
        self.assertFalse(self.shop.order("more", lambda: steps(1, 0), self.done))
        self.loop.run()
        self.assertEqual([result for result, _ in self.told], list(range(MOST)))
        self.assertTrue(self.loop.turns >= 3 * MOST)

    def test_a_bug_ends_one_order_only(self):
        def broken():
            yield
            raise ValueError("planted")

        self.shop.order("broken", broken, self.done)
        self.shop.order("whole", lambda: steps(1, "it"), self.done)
        self.loop.run()
        self.assertTrue(isinstance(self.told[0][1], ValueError))
        self.assertEqual(self.told[1], ("it", None))


class Asked(unittest.TestCase):
    def setUp(self):
        self.loop = Loop()
        self.life = Life(Card())
        self.routes = Routes(
            self.life.chronicle, self.life.events, self.life.clock, lambda: self.life.clock.set, self.loop.call_after,
            lambda request: request.query.get("lang", "en"), lambda language, sentence: language + ": " + sentence,
        ).routes()  # fmt: skip

    def get(self, path, **query):
        request, told = Request("GET", path), []
        request.query = query
        self.routes[path]["GET"](request, told.append)
        self.loop.run(200)
        self.answer = told[0] if told else None
        return json.loads(self.answer.body) if told else None

    def test_events(self):
        self.life.events.note("left started")
        self.life.events.note("it burns")
        self.life.wait(5)
        self.life.events.note("it burns no more")
        told = self.get("/api/events")["events"]
        self.assertEqual([each["id"] for each in told], [1, 2, 3])
        self.assertEqual(told[1], {"id": 2, "ms": START_MS, "sentence": "en: it burns"})
        self.assertEqual(self.get("/api/events", since="2", lang="fr")["events"][0]["sentence"], "fr: it burns no more")
        self.assertEqual(self.get("/api/events", since="3"), {"events": []})

    def test_how_often_and_when_are_told(self):
        self.life.events.begin([Event(5, "it flaps", 7, 0, False, 11)], 12, 0)
        told = self.get("/api/events")["events"]
        self.assertEqual(told, [{"id": 11, "ms": 5, "sentence": "en: it flaps", "more": 7, "sure": False}])

    def test_before_it_is_known_what_was_before(self):
        first = Life(Card())
        first.events.note("left started")
        first.wait(20)
        self.life = first.restart()
        self.setUp_again()
        self.life.events.note("left started again")
        self.assertIsNone(self.get_some("/api/events"))
        self.life.wait(3)
        self.loop.run()
        self.assertEqual(len(json.loads(self.told[0].body)["events"]), 2)

    def setUp_again(self):
        self.routes = Routes(
            self.life.chronicle, self.life.events, self.life.clock, lambda: True, self.loop.call_after,
            lambda request: "en", lambda language, sentence: sentence,
        ).routes()  # fmt: skip

    def get_some(self, path):
        request, self.told = Request("GET", path), []
        request.query = {}
        self.routes[path]["GET"](request, self.told.append)
        self.loop.run(3)
        self.loop.turns = 0
        return self.told[0] if self.told else None

    def test_series(self):
        self.life.looker.lag_ms = 1500
        self.life.wait(65)
        told = self.get("/api/series", span="hour")
        self.assertEqual((told["step_s"], len(told["lag_s"]), told["kept"]), (6, 600, True))
        self.assertEqual(told["lag_s"][-4:], [1.5] * 4)
        told = self.get("/api/series", span="week", points="100")
        self.assertEqual(told["step_s"], 6060)

    def test_absurd_questions(self):
        for words, word in (
            ({}, "span"), ({"span": "day"}, "span"), ({"span": "hour", "points": "0"}, "points"),
            ({"span": "hour", "points": "3601"}, "points"), ({"span": "hour", "points": "9" * 5000}, "points"),
            ({"span": "hour", "points": "-1"}, "points"), ({"span": "week", "points": ""}, "points"),
            ({"span": "week", "points": "1.5"}, "points"),
        ):  # fmt: skip
            self.assertIn(word, self.get("/api/series", **words)["error"])
            self.assertEqual(self.answer.status, 400)
        for since in ("", "x", "-1", "1" * 99):
            self.assertIn("since", self.get("/api/events", since=since)["error"])
            self.assertEqual(self.answer.status, 400)

    def test_too_many_questions(self):
        self.life.wait(5)
        told = []
        for number in range(40):
            request = Request("GET", "/api/series")
            request.query = {"span": "hour", "points": "%d" % (number + 1)}
            self.routes["/api/series"]["GET"](request, told.append)
        self.loop.run()
        self.assertEqual(sorted(answer.status for answer in told), [200] * MOST + [503] * (40 - MOST))


if __name__ == "__main__":
    unittest.main()
