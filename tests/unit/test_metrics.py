"""What Prometheus is told: the snapshot's numbers in base units, nothing that is not known, labels that cannot lie."""

import unittest

from firmware.api.exposition import GAUGE, KIND, Exposition, escape, number
from firmware.api.measures import TABLE
from firmware.api.metrics import STATES, Metrics, metrics
from firmware.httpd.answer import Answer
from firmware.status.snapshot import _STATES, snapshot
from tests.unit.fakes_status import EXAMPLES, GIB, MIB, NOW_MS, FakeBoard, example, status

CHANNELS = [
    {"id": "mail-0", "kind": "mail", "to": 'me "x" <a\\b@x.example>', "state": "failing", "waiting": 2,
     "last_ms": None},
    {"id": "ping-1", "kind": "ping", "to": "https://hc.example/...", "state": "ok", "waiting": 0, "last_ms": 1500},
]  # fmt: skip

HEALTH = {"temperature_c": 50.1, "under_voltage": False, "card": {"used_percent": 1, "written_bytes": 5},
          "disk": {"ok": True, "sentence": None}}  # fmt: skip
# Facts of a board about which all is known.
EVERYTHING = {"role": "twin", "rtt_ms": 1, "journal_growth": 9.5, "lag_s": 1, "caught_up_s": 2, "full_s": 4, "rpo_s": 3,
              "clock_set": True, "health": HEALTH, "other": EXAMPLES["twin_behind"]["other"]}  # fmt: skip


def samples(text):
    """{name with its labels: value as text}, strictly: every family has HELP and TYPE, and stands together, once."""
    found, families = {}, []
    assert text.endswith("\n") and "\n\n" not in text
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            families.append(line.split(" ")[2])
            assert len(line.split(" ", 3)[3]) > 8, line
        elif line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            assert name == families[-1] and kind == ("counter" if name.endswith("_total") else "gauge"), line
        else:
            name = line[: line.rfind(" ")]
            assert name.split("{")[0] == families[-1], line
            assert name not in found, line
            found[name] = line[len(name) + 1 :]
            float(found[name])
    assert len(set(families)) == len(families)
    return found


def told(board, channels=()):
    return samples(metrics(snapshot(board), list(channels), 1.5))


class NumbersTest(unittest.TestCase):
    def test_numbers(self):
        for value, text in (
            (True, "1"), (False, "0"), (0, "0"), (1 << 62, "4611686018427387904"), (-3, "-3"), (0.25, "0.25"),
            (3.0, "3"), (100.0, "100"), (1700000001.5, "1700000001.5"), (None, None), (float("nan"), None),
            (float("inf"), None), (float("-inf"), None), (0.0, "0"),
        ):  # fmt: skip
            self.assertEqual(number(value), text)

    def test_labels_that_would_end_their_line_or_value(self):
        self.assertEqual(escape('a"b\\c\nd'), 'a\\"b\\\\c\\nd')
        self.assertEqual(escape("\r\0\x7fé"), "???é")
        made = Exposition()
        made.family("x", GAUGE, "Of one label.", (((("name", 'left"} 9\nsosie_y 1'),), 1),))
        self.assertEqual(made.text().split("\n")[2], 'sosie_x{name="left\\"} 9\\nsosie_y 1"} 1')

    def test_a_family_without_a_sample_is_not_there(self):
        made = Exposition()
        made.add("x", GAUGE, "Unknown.", None)
        made.add("y", GAUGE, "Known.", 0)
        self.assertEqual(made.text(), "# HELP sosie_y Known.\n# TYPE sosie_y gauge\nsosie_y 0\n")


class SnapshotTest(unittest.TestCase):
    def test_a_primary(self):
        found = told(FakeBoard(rtt_ms=3, cap=2000000, quota_bytes=GIB, quota_used=MIB, rpo_s=900, clock_set=True))
        for name, value in (
            ('info{name="left",role="primary",version="1.2.3",state="mirroring"}', "1"),
            ('state{state="mirroring"}', "1"), ('state{state="no link"}', "0"), ('mood{mood="good"}', "1"),
            ("start_time_seconds", "1.5"), ("time_seconds", "1700000001.5"), ("link_up", "1"),
            ("backlog_bytes", "12288"), ("backlog_groups", "3"), ("lag_seconds", "1.5"), ("rpo_seconds", "900"),
            ('group{stage="written"}', "12"), ('group{stage="played"}', "8"), ("serving", "1"), ("consistent", "1"),
            ("journal_size_bytes", str(512 * MIB)), ("journal_used_bytes", "40960"),
            ("journal_written_bytes_total", str(6 * MIB)), ("link_sent_bytes_total", "5000"),
            ("link_raw_bytes_total", "9000"), ("link_round_trip_seconds", "0.003"),
            ("link_cap_bytes_per_second", "250000"), ("link_quota_bytes", str(GIB)),
            ("link_quota_used_bytes", str(MIB)), ("host_writes_total", "120"), ("host_attached", "1"),
            ("host_written_bytes_total", str(5 * MIB)), ("host_read_bytes_total", "28672"), ("alarms", "0"),
            ('condition{name="behind",level="critical"}', "0"), ("clock_set", "1"),
        ):  # fmt: skip
            self.assertEqual(found.get("sosie_" + name), value, name)

    def test_what_is_not_known_is_absent(self):
        found = told(FakeBoard(rtt_ms=None))
        for name in (
            "link_round_trip_seconds", "link_cap_bytes_per_second", "link_quota_bytes", "temperature_celsius",
            "under_voltage", "card_wear_ratio", "card_written_bytes_total", "disk_healthy", "rpo_seconds", "clock_set",
            "journal_full_in_seconds", "journal_growth_bytes_per_second", "forecast_lag_seconds", "other_age_seconds",
        ):  # fmt: skip
            self.assertFalse("sosie_" + name in found, name)

    def test_a_lag_that_nobody_can_know(self):
        for board in (example("no_clock"), example("twin"), example("twin_behind")):
            self.assertFalse("sosie_lag_seconds" in told(board))
        self.assertTrue("sosie_backlog_bytes" in told(example("no_clock")))
        self.assertFalse("sosie_backlog_bytes" in told(example("twin")))

    def test_a_twin_tells_what_it_heard(self):
        found = told(example("twin_behind"))
        self.assertEqual(found["sosie_other_backlog_bytes"], str(90 * MIB))
        self.assertEqual(found["sosie_other_lag_seconds"], "340")
        self.assertEqual(found["sosie_other_journal_full_in_seconds"], "5400")
        self.assertEqual(found["sosie_other_age_seconds"], "2")
        old = told(FakeBoard(**dict(EXAMPLES["twin_behind"], other=dict(EXAMPLES["twin_behind"]["other"], age_s=71))))
        self.assertEqual([name for name in old if name.startswith("sosie_other_")], ["sosie_other_age_seconds"])
        other = dict(EXAMPLES["twin_behind"]["other"], role="twin")
        self.assertFalse("sosie_other_backlog_bytes" in told(FakeBoard(other=other)))

    def test_conditions(self):
        found = told(example("sick"))
        self.assertEqual(found['sosie_condition{name="temperature",level="critical"}'], "1")
        self.assertEqual(found['sosie_condition{name="temperature",level="warning"}'], "0")
        self.assertEqual(found['sosie_condition{name="card",level="warning"}'], "1")
        self.assertEqual(found['sosie_condition_since_timestamp_seconds{name="card"}'], "%.1f" % (NOW_MS / 1000))
        self.assertEqual(found["sosie_card_wear_ratio"], "0.9")
        self.assertEqual(found["sosie_disk_healthy"], "0")
        self.assertEqual(found["sosie_under_voltage"], "1")

    def test_a_full_journal(self):
        found = told(example("full"))
        self.assertEqual(found["sosie_journal_full_in_seconds"], "0")
        self.assertEqual((found["sosie_link_up"], found["sosie_alarms"]), ("0", "1"))
        self.assertEqual(found['sosie_mood{mood="bad"}'], "1")

    def test_every_state_and_mood_is_one_of_those_that_are_told(self):
        self.assertEqual(sorted(STATES), sorted(row[0] for row in _STATES))
        for word in EXAMPLES:
            found = told(example(word))
            for kind in ("state", "mood"):
                ones = [name for name in found if name.startswith("sosie_%s{" % kind) and found[name] == "1"]
                self.assertEqual(len(ones), 1, word)

    def test_every_row_of_the_table_can_be_told(self):
        found = dict(told(FakeBoard(**EVERYTHING)), **told(FakeBoard(journal_full=True)))  # only a primary's gets full
        for name, _, _, path, _ in TABLE:
            self.assertTrue("sosie_" + name in found, "%s: %s" % (name, path))

    def test_receivers_of_alerts(self):
        found = told(FakeBoard(), CHANNELS)
        mail = 'channel="mail-0",kind="mail"'
        ping = 'channel="ping-1",kind="ping"'
        self.assertEqual(found['sosie_alert_channel{%s,state="failing"}' % mail], "1")
        self.assertFalse([name for name in found if "x.example" in name or "hc.example" in name])
        self.assertEqual(found['sosie_alert_channel{%s,state="ok"}' % mail], "0")
        self.assertEqual(found["sosie_alert_channel_waiting{%s}" % mail], "2")
        self.assertEqual(found["sosie_alert_channel_last_success_timestamp_seconds{%s}" % ping], "1.5")
        self.assertFalse("sosie_alert_channel_last_success_timestamp_seconds{%s}" % mail in found)
        self.assertFalse(any(name.startswith("sosie_alert") for name in told(FakeBoard())))


class RouteTest(unittest.TestCase):
    def setUp(self):
        self.now = status()
        self.answers = []
        self.metrics = Metrics(lambda: self.now)

    def ask(self):
        self.metrics.routes()["/metrics"]["GET"](None, self.answers.append)
        return samples(self.answers[-1].body.decode())

    def test_the_answer(self):
        self.ask()
        self.assertTrue(isinstance(self.answers[0], Answer))
        self.assertEqual((self.answers[0].status, self.answers[0].content_type), (200, KIND))
        self.assertTrue(KIND.startswith("text/plain; version=0.0.4"))

    def test_the_start_stays_while_the_clock_does(self):
        first = self.ask()["sosie_start_time_seconds"]
        self.now = dict(self.now, time_ms=self.now["time_ms"] + 15030, uptime_s=self.now["uptime_s"] + 15)
        self.assertEqual(self.ask()["sosie_start_time_seconds"], first)
        self.now = dict(self.now, time_ms=self.now["time_ms"] + 86400000)  # the network told the time
        self.assertEqual(float(self.ask()["sosie_start_time_seconds"]), float(first) + 86400.03)


if __name__ == "__main__":
    unittest.main()
