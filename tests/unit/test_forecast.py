"""When the journal will be full: what the last minutes tell, and that nothing is told where they do not."""

import unittest

from firmware.schedule import always
from firmware.status.facts import look_at_growth
from firmware.status.forecast import EVERY_MS, LEAST_MS, LEAST_SHUT_MS, SHUT, WINDOW_MS, Growth, full_in_s
from firmware.status.pulse import Pulse
from firmware.status.snapshot import snapshot
from tests.unit.fakes_board import MIB, Rig

OPEN = "open"


def fed(growth, seconds, written=0, needed=0, way=SHUT, start_ms=0, step_ms=EVERY_MS):
    """So many seconds in which so many bytes a second were written, and so many more had to be kept."""
    ms = start_ms
    while ms <= start_ms + seconds * 1000:
        passed = (ms - start_ms) / 1000
        growth.note(ms, int(written * passed), int(needed * passed), way)
        ms += step_ms
    return growth


class Rate(unittest.TestCase):
    def test_nothing_is_known_at_first(self):
        growth = Growth()
        self.assertEqual(growth.bytes_per_s(SHUT), None)
        growth.note(0, 0, 0, SHUT)
        self.assertEqual(growth.bytes_per_s(SHUT), None)
        self.assertEqual(fed(Growth(), LEAST_SHUT_MS // 1000 - 5, 1000).bytes_per_s(SHUT), None)
        self.assertEqual(fed(Growth(), LEAST_MS // 1000 - 5, 1000, way=OPEN).bytes_per_s(OPEN), None)

    def test_without_a_link_it_fills_as_fast_as_hosts_write(self):
        self.assertEqual(fed(Growth(), 60, written=1000).bytes_per_s(SHUT), 1000)
        self.assertEqual(fed(Growth(), 60, written=0).bytes_per_s(SHUT), 0)

    def test_with_a_link_it_fills_by_what_is_not_taken(self):
        self.assertEqual(fed(Growth(), 60, written=1000, needed=400, way=OPEN).bytes_per_s(OPEN), 400)
        self.assertEqual(fed(Growth(), 60, written=1000, needed=-400, way=OPEN).bytes_per_s(OPEN), 0)

    def test_the_first_moments_of_an_outage_tell_nothing(self):
        growth = fed(Growth(), 120, written=1000, needed=0, way=OPEN)
        self.assertEqual(growth.bytes_per_s(SHUT), None)  # it was cut since the last look
        for second in range(121, 121 + LEAST_SHUT_MS // 1000, 5):
            growth.note(second * 1000, second * 1000, (second - 120) * 1000, SHUT)
            self.assertEqual(growth.bytes_per_s(SHUT), None)
        growth.note(136000, 136000, 16000, SHUT)
        self.assertEqual(growth.bytes_per_s(SHUT), 1000)

    def test_who_began_to_write_just_before_an_outage_fills_it_as_fast_as_now(self):
        growth = fed(Growth(), 280, written=0, way=OPEN)
        for second in range(285, 306, 5):
            growth.note(second * 1000, (second - 280) * 1000, 0, SHUT)
        self.assertEqual(growth.bytes_per_s(SHUT), 1000)

    def test_who_writes_now_and_then_fills_it_though_nothing_came_lately(self):
        growth = fed(Growth(), 200, written=1000)
        for second in range(205, 241, 5):
            growth.note(second * 1000, 200000, 0, SHUT)
        self.assertTrue(800 < growth.bytes_per_s(SHUT) < 900)

    def test_another_way_has_a_rate_of_its_own_after_a_while(self):
        growth = fed(Growth(), 120, written=1000, needed=1000)
        growth.note(121000, 121000, 121000, OPEN)
        self.assertEqual(growth.bytes_per_s(OPEN), None)
        for second in range(126, 126 + LEAST_MS // 1000 + 5, 5):
            growth.note(second * 1000, second * 1000, 121000 - second * 10, OPEN)
        self.assertEqual(growth.bytes_per_s(OPEN), 0)

    def test_what_was_long_ago_is_forgotten_and_memory_is_bounded(self):
        growth = Growth()
        for second in range(4000):
            growth.note(second * 1000, min(second, 3000) * 1000, 0, SHUT)
        self.assertEqual(growth.bytes_per_s(SHUT), 0)
        self.assertTrue(len(growth._samples) <= WINDOW_MS // EVERY_MS + 2)

    def test_a_board_that_stood_still_tells_of_its_whole_pause(self):
        growth = fed(Growth(), 60, written=1000)
        growth.note(60000 + 200000, 60000, 0, SHUT)
        self.assertTrue(growth.bytes_per_s(SHUT) < 300)


class Full(unittest.TestCase):
    def test_seconds(self):
        self.assertEqual(full_in_s(1000, 10.0, False), 100)
        self.assertEqual(full_in_s(1000, 10.0, True), 0)
        self.assertEqual(full_in_s(0, 10.0, False), 1)  # 0 says that a host waits

    def test_nobody_knows_or_never(self):
        self.assertEqual(full_in_s(1000, None, False), None)
        self.assertEqual(full_in_s(1000, 0, False), None)
        self.assertEqual(full_in_s(1 << 40, 0.001, False), None)


class Link:
    part, rtt_ms = None, None

    def wake(self):
        pass


class OfABoard(unittest.TestCase):
    def test_a_primary_without_a_link(self):
        rig = Rig("primary")
        for _ in range(20):
            rig.board.volume.write(0, bytes(65536))
            rig.wait(EVERY_MS)
            look_at_growth(rig.board)
        facts = rig.board.facts()
        self.assertTrue(65536 / 5 <= facts["journal_growth"] <= 80000 / 5, facts["journal_growth"])
        self.assertTrue(20 * 65536 <= facts["journal_written"] <= 2 * MIB)
        self.assertEqual(facts["host"]["writes"], 20)
        self.assertEqual(facts["host"]["write_bytes"], 20 * 65536)
        self.assertFalse(facts["host"]["attached"])
        self.assertTrue(facts["uptime_s"] >= 100)

    def test_what_the_copy_wrote_before_an_outage_fills_nothing_after_it(self):
        rig = Rig("primary")
        rig.disk.bytes[:] = b"d" * MIB
        peer, look = rig.board.peer, lambda: look_at_growth(rig.board)
        rig.board.copier._sends = lambda: peer.link is not None
        look()
        for peer.link in (None, Link(), Link(), None, None, None, None, None):
            rig.wait(EVERY_MS)
            look()
        facts = rig.board.facts()
        self.assertTrue(rig.board.copier.ended and facts["journal_written"] > MIB)
        self.assertTrue(facts["journal_growth"] < 1000, facts["journal_growth"])

    def test_a_twin_is_not_filled_by_what_it_once_received(self):
        rig = Rig("twin")
        rig.board.journal.superblock.retain = True
        for _ in range(20):
            rig.board.journal.written_bytes += 65536
            rig.wait(EVERY_MS)
            look_at_growth(rig.board)
        self.assertEqual(rig.board.facts()["journal_growth"], 0)

    def test_a_quota_that_is_used_up_or_another_rate_is_another_way(self):
        rig = Rig("primary")
        rig.board.peer.link = Link()
        for _ in range(20):
            rig.wait(EVERY_MS)
            look_at_growth(rig.board)
        self.assertEqual(rig.board.facts()["journal_growth"], 0)
        rig.board.pace.set_rate(always(1000))
        self.assertEqual(rig.board.facts()["journal_growth"], None)
        rig.board.pace.set_rate(always(0))
        self.assertEqual(rig.board.facts()["journal_growth"], 0)
        rig.board.pace.holds = True
        self.assertEqual(rig.board.facts()["journal_growth"], None)
        rig.board.pace.quota = 1
        rig.board.pace.takes(1 << 40, False, True)  # what a host has no room for goes
        self.assertEqual(rig.board.facts()["journal_growth"], 0)

    def test_what_is_given_back_in_bulk_is_not_in_use(self):
        rig = Rig("primary")
        rig.board.volume.write(0, bytes(65536))
        rig.wait(2000)
        rig.board.journal.acked = rig.board.journal.head  # the twin has it, and so has the disk
        self.assertTrue(rig.board.journal.used > 65536)
        self.assertEqual(rig.board.facts()["journal_used"], 0)

    def test_the_pulse_beats_until_the_board_stops(self):
        rig, timers = Rig("primary"), []
        pulse = Pulse(rig.board, lambda ms, call: timers.append((ms, call)), lambda: None)
        pulse.start()
        for _ in range(3):
            ms, call = timers.pop()
            self.assertEqual((ms, timers), (EVERY_MS, []))
            call()
        pulse.stop()
        timers.pop()[1]()
        self.assertEqual(timers, [])

    def test_conditions_have_their_age_though_nobody_looks(self):
        rig, timers = Rig("primary"), []
        pulse = Pulse(rig.board, lambda ms, call: timers.append(call), lambda: snapshot(rig.board))

        def pass_time(ms):
            for _ in range(ms // EVERY_MS):
                rig.wait(EVERY_MS)
                timers.pop()()

        def age_ms():
            status = snapshot(rig.board)
            return {each["name"]: status["time_ms"] - each["since_ms"] for each in status["conditions"]}

        pulse.start()
        rig.board.alarm("keys", "they end soon")
        pass_time(EVERY_MS + 40000)
        self.assertEqual(age_ms()["keys"], 40000)
        rig.board.alarm("keys", "")
        pass_time(20 * EVERY_MS)
        rig.board.alarm("keys", "they end soon")
        self.assertEqual(age_ms()["keys"], 0)


if __name__ == "__main__":
    unittest.main()
