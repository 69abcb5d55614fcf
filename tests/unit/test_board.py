import unittest

from firmware.status.snapshot import snapshot
from tests.unit.fakes_board import MIB, Rig


def promotable(ack="local"):
    """A twin that holds a whole, empty disk."""
    rig = Rig("twin", ack=ack)
    rig.board.identity.pair_id, rig.board.identity.generation = b"p" * 16, 1
    rig.board.identity.copy_ended(1)
    return rig


class TestBackPressure(unittest.TestCase):
    def test_a_host_goes_on_when_a_read_no_longer_needs_the_memory(self):
        rig = Rig("primary", journal_size=16 * MIB)
        volume, busy = rig.board.volume, (rig.lanes.journal, rig.lanes.player, rig.lanes.sync)
        volume.write(0, b"a" * MIB)
        rig.disk.slow = True
        volume.read(0, memoryview(bytearray(4096)), lambda error: None)
        while volume.write(0, b"b" * MIB):
            rig.run(*busy)
        ended = []

        def write(error):
            if error is not None or volume.write(0, b"c" * MIB):
                ended.append(error)
            else:
                volume.wait_for_room(write)

        write(None)
        rig.wait(5000, *busy)
        self.assertEqual(ended, [])
        rig.run(rig.lanes.read)
        rig.wait(100)
        self.assertEqual(ended, [None])


class TestPromotion(unittest.TestCase):
    def setUp(self):
        self.told = []

    def promote(self, rig):
        rig.board.promote(True, lambda report, error: self.told.append((report, error)))
        rig.run()

    def test_a_promoted_board_waits_for_no_twin(self):
        for ack in ("local", "received", "durable"):
            rig, flushed = promotable(ack), []
            self.promote(rig)
            rig.board.volume.write(0, b"a" * 512)
            rig.board.volume.flush(flushed.append)
            rig.run()
            self.assertEqual(flushed, [None], ack)

    def test_a_failure_is_told_once(self):
        rig = promotable()
        rig.journal.fail = "sync"
        self.promote(rig)
        self.assertEqual([report for report, error in self.told], [None])
        self.assertTrue(rig.board.failed)


class TestAlarms(unittest.TestCase):
    def test_what_the_twin_holds_after_all_is_no_longer_called_unreadable(self):
        rig = Rig("primary")
        board = rig.board
        board.volume.write(0, b"a" * 512)
        board.journal.seal()
        rig.run()
        board.peer.unreadable(1, "a planted fault")
        self.assertTrue("group 1" in board.facts()["alarms"][0])
        board.peer.acknowledged(1, board.journal.head)
        self.assertEqual(board.facts()["alarms"], [])


class TestFacts(unittest.TestCase):
    def test_the_backlog_is_all_that_the_twin_lacks(self):
        rig = Rig("primary")
        for _ in range(3):  # one on its way to the ring, one behind it, one still open
            rig.board.journal.seal()
            rig.board.volume.write(0, b"a" * 8192)
        facts = rig.board.facts()
        self.assertEqual(facts["written"] - facts["acked"], 3)
        self.assertTrue(facts["backlog_bytes"] >= 3 * 8192)


class TestDoubts(unittest.TestCase):
    def test_what_those_outside_cannot_tell_is_unknown_until_they_can(self):
        board = Rig("primary").board
        board.doubt("certificates", "keys")
        self.assertIn("keys", snapshot(board)["unknown"])
        board.alarm("keys", "the key is damaged")  # another one knows that it holds
        self.assertNotIn("keys", snapshot(board)["unknown"])
        board.alarm("keys", "")
        board.doubt("certificates", "")
        self.assertNotIn("keys", snapshot(board)["unknown"])


class TestServing(unittest.TestCase):
    """Whether the board does what it is there for."""

    def test_a_primary_serves_when_its_host_can_use_the_disk(self):
        board = Rig("primary").board
        self.assertTrue(board.serving)
        board.alarm("usb", "the port is gone")
        self.assertFalse(board.serving)
        board.alarm("usb", "")
        self.assertTrue(board.facts()["serving"])
        board.fail(OSError(5), "card")
        self.assertFalse(board.facts()["serving"])

    def test_not_before_it_has_played_what_the_last_run_left_behind(self):
        board = Rig("primary").board
        board.first_number += 1
        board._set_refusal()
        self.assertFalse(board.serving)

    def test_a_twin_serves_as_long_as_it_works(self):
        board = Rig("twin").board
        self.assertTrue(board.serving)
        board.stop(lambda: None)
        self.assertFalse(board.serving)

    def test_a_fenced_board_is_as_it_should_be(self):
        board = Rig("primary").board
        board.identity.fenced = True
        board._fenced()
        self.assertTrue(board.serving)
