"""What one board shows of the other: it comes back as it was, and whatever else comes is dropped."""

import json
import unittest

from firmware.errors import ProtocolError
from firmware.status.neighbour import MAX_BYTES, TABLE, Neighbour, pack, unpack
from tests.unit.fakes_link import Chance

STATUS = {
    "name": "left",
    "version": "1.2",
    "role": "primary",
    "state": "behind",
    "serving": True,
    "consistent": True,
    "generation": 3,
    "backlog": {"bytes": 5 << 40, "groups": 7, "seconds": 61.5},
    "journal": {"size": 1 << 30, "used": 5, "full_in_s": None},
    "link": {"state": "up", "cap": 2000000, "held_bytes": 4096, "quota": {"bytes": 5 << 30, "used": 1, "holds": True}},
    "health": {
        "temperature_c": 61.7,
        "under_voltage": False,
        "card": None,
        "disk": {"ok": False, "sentence": "it\n is"},
    },
    "alarms": ['a "quoted" \\ one', "with\x1b[2J and \u00e9\u4e16"],
    "other": {"name": "must not be sent on"},
}


class Packing(unittest.TestCase):
    def test_it_comes_back(self):
        found = unpack(pack(STATUS))
        self.assertEqual(
            [found[word] for word in ("name", "role", "state", "generation")], ["left", "primary", "behind", 3]
        )
        self.assertEqual(found["backlog"], {"bytes": 5 << 40, "groups": 7, "seconds": 61})
        self.assertEqual(found["journal"], {"size": 1 << 30, "used": 5, "full_in_s": None})
        quota = {"bytes": 5 << 30, "used": 1, "holds": True}
        self.assertEqual(found["link"], {"cap": 2000000, "held_bytes": 4096, "quota": quota})
        self.assertEqual(found["health"]["temperature_c"], 61)
        self.assertEqual(found["health"]["disk"], {"ok": False, "sentence": "it? is"})
        self.assertEqual(found["forecast"], {"lag_s": None, "caught_up_s": None, "full_s": None})
        self.assertEqual(found["alarms"], ['a "quoted" \\ one', "with?[2J and \u00e9\u4e16"])
        self.assertFalse("other" in found)

    def test_it_is_json(self):
        self.assertEqual(json.loads(pack(STATUS).decode())["alarms"].split("\n")[0], 'a "quoted" \\ one')

    def test_it_is_bounded_whatever_is_to_be_said(self):
        for letter in ("x", '"', "\u4e16", "\U0001f642"):
            status = dict(STATUS)
            status["alarms"] = [letter * 5000] * 50
            data = pack(status)
            self.assertTrue(len(data) <= MAX_BYTES)
            self.assertEqual(unpack(data)["name"], "left")

    def test_a_snapshot_that_lacks_things(self):
        self.assertEqual(unpack(pack({"name": "x", "role": "twin", "state": "no link", "link": None}))["alarms"], [])


class Strangers(unittest.TestCase):
    def refused(self, data):
        with self.assertRaises(ProtocolError):
            unpack(data)

    def test_every_name_with_a_value_of_another_kind(self):
        good = {"name": "x", "role": "twin", "state": "mirroring"}
        unpack(json.dumps(good).encode())
        for name, _, kind in TABLE:
            for value in ("text", 5, True, 1 << 61, -(1 << 61), -1):
                said = dict(good)
                said[name] = value
                below = value == -1 and name == "temperature_c"
                if not {1: isinstance(value, str), 2: value == 5 or below, 3: value is True, 4: value == "text"}[kind]:
                    self.refused(json.dumps(said).encode())

    def test_who_does_not_say_who_it_is(self):
        said = b'{"name":"x","role":"twin","state":"s"}'
        unpack(said)
        for old, new in (
            (b'"x"', b'""'),
            (b'"name"', b'"mane"'),
            (b"twin", b"king"),
            (b'"role"', b'"roles"'),
            (b'"s"', b"null"),
        ):
            self.refused(said.replace(old, new))
        self.refused(b"{}")

    def test_what_is_no_flat_object(self):
        for data in (
            b"",
            b"[]",
            b"{",
            b'{"name":{"a":1}}',
            b'{"name":"x"} ',
            b"\xff",
            b'{"name":1,"name":2}',
            b"{" * 4000,
        ):
            self.refused(data)

    def test_too_long(self):
        self.refused(b'{"name":"x","role":"twin","state":"s","more":"' + b"x" * 4096 + b'"}')

    def test_names_of_a_newer_firmware_are_ignored(self):
        self.assertEqual(unpack(b'{"name":"x","role":"twin","state":"s","humour":"good"}')["name"], "x")

    def test_the_mood(self):
        for mood in ("good", "warn", "bad"):
            self.assertEqual(unpack(pack(dict(STATUS, words={"mood": mood})))["mood"], mood)
        self.assertIsNone(unpack(pack(STATUS))["mood"])
        self.assertIsNone(unpack(b'{"name":"x","role":"twin","state":"s","mood":"purple"}')["mood"])

    def test_nothing_steers_a_terminal(self):
        found = unpack(b'{"name":"a\\u001b[2Jb\\u009bc\\nd","role":"twin","state":"s","alarms":"one\\ntwo\\u0007"}')
        self.assertEqual(found["name"], "a?[2Jb?c?d")
        self.assertEqual(found["alarms"], ["one", "two?"])

    def test_a_flipped_byte_breaks_nothing(self):
        chance, data = Chance(5), pack(STATUS)
        for _ in range(500):
            broken = bytearray(data)
            broken[chance.below(len(data))] = chance.below(256)
            try:
                unpack(bytes(broken))
            except ProtocolError:
                pass


class Hearing(unittest.TestCase):
    def setUp(self):
        self.ms = 1000
        self.held = 7
        self.neighbour = Neighbour(lambda: self.ms, lambda: self.held)

    def test_it_ages(self):
        self.assertIsNone(self.neighbour.shown())
        self.neighbour.hear(pack(STATUS))
        self.ms += 7900
        self.assertEqual(self.neighbour.shown()["age_s"], 7)
        self.assertEqual(self.neighbour.shown()["name"], "left")

    def test_on_a_thin_line_the_gaps_are_longer(self):
        for gap_ms, fresh_s in ((8000, 70), (177000, 531), (8000, 70)):
            self.neighbour.hear(pack(STATUS))
            self.ms += gap_ms
            self.neighbour.hear(pack(STATUS))
            self.assertEqual(self.neighbour.shown()["fresh_s"], fresh_s)
            self.neighbour.forget()
        self.neighbour.hear(pack(STATUS))
        self.assertEqual(self.neighbour.shown()["fresh_s"], 70)

    def test_a_heartbeat_tells_of_what_is_not_here(self):
        self.neighbour.hear(pack(STATUS))
        self.assertEqual(self.times(), (None, 0))
        self.neighbour.beat(7)
        self.ms += 1500
        self.assertEqual(self.times(), (1.5, 0))
        self.neighbour.beat(9)
        self.ms += 1000
        self.neighbour.beat(12)
        self.ms += 1000
        self.assertEqual(self.times(), (1.0, 2.0))
        self.held = 10
        self.assertEqual(self.times(), (1.0, 1.0))  # of group 12 it has known for a second
        self.neighbour.beat(12)
        self.ms += 500
        self.assertEqual(self.times(), (0.5, 1.5))
        self.held = 12
        self.assertEqual(self.times(), (0.5, 0))

    def test_what_is_kept_of_heartbeats_is_bounded_and_never_younger(self):
        self.neighbour.hear(pack(STATUS))
        for number in range(100):
            self.neighbour.beat(8 + number)
            self.ms += 1000
        self.assertEqual(self.times(), (1.0, 100.0))
        self.held = 100
        self.assertTrue(self.times()[1] >= 7)

    def times(self):
        shown = self.neighbour.shown()
        return shown["heard_s"], shown["lacked_s"]

    def test_a_bad_one_changes_nothing(self):
        self.neighbour.hear(pack(STATUS))
        self.ms += 3000
        self.neighbour.hear(b'{"name":"left","role":"primary","state":"mirroring","backlog_bytes":"none"}')
        self.assertEqual(self.neighbour.shown()["state"], "behind")
        self.assertEqual(self.neighbour.shown()["age_s"], 3)

    def test_a_flood_is_not_read(self):
        self.neighbour.hear(pack(STATUS))
        status = dict(STATUS)
        status["name"] = "flood"
        for _ in range(40):
            self.ms += 10
            self.neighbour.hear(pack(status))
        self.assertEqual(self.neighbour.shown()["name"], "left")

    def test_a_flood_is_read_every_half_second(self):
        read, length_ms = set(), 10000
        for number in range(length_ms // 10):
            self.neighbour.hear(pack(dict(STATUS, generation=number)))
            read.add(self.neighbour.shown()["generation"])
            self.ms += 10
        self.assertEqual(len(read), length_ms // 500)

    def test_of_two_at_about_the_same_time_the_newer_one_counts(self):
        self.neighbour.hear(pack(STATUS))
        self.neighbour.hear(pack(dict(STATUS, state="copying")))
        self.ms += 300
        self.neighbour.hear(pack(dict(STATUS, state="mirroring")))
        self.assertEqual(self.neighbour.shown()["state"], "behind")
        self.ms += 200
        self.assertEqual(self.neighbour.shown()["state"], "mirroring")
        self.ms += 7900
        shown = self.neighbour.shown()
        self.assertEqual((shown["age_s"], shown["fresh_s"]), (8, 70))  # since it came

    def test_what_waits_to_be_read_goes_with_its_link(self):
        self.neighbour.hear(pack(STATUS))
        self.neighbour.hear(pack(STATUS))
        self.neighbour.forget()
        self.ms += 1000
        self.assertIsNone(self.neighbour.shown())

    def test_without_a_link_nothing_is_known(self):
        self.neighbour.hear(pack(STATUS))
        self.neighbour.forget()
        self.assertIsNone(self.neighbour.shown())
        self.neighbour.hear(pack(STATUS))
        self.assertEqual(self.neighbour.shown()["age_s"], 0)

    def test_another_link_is_heard_anew(self):
        self.neighbour.beat(20)
        self.neighbour.forget()
        self.neighbour.hear(pack(STATUS))
        self.assertEqual(self.times(), (None, 0))

    def test_a_board_with_odd_figures_is_heard_all_the_same(self):
        found = unpack(pack(dict(STATUS, backlog={"bytes": -1, "groups": -1, "seconds": -0.5})))
        self.assertEqual(found["backlog"], {"bytes": 0, "groups": 0, "seconds": 0})


if __name__ == "__main__":
    unittest.main()
