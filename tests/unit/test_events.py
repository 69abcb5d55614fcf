"""What the operator is told afterwards: the ring of events, and who writes into it."""

import unittest

from firmware.errors import Refused
from firmware.status.events import LATELY, MAX_SENTENCE, MOST, Events
from tests.unit.fakes_board import MIB, Rig


def sentences(rig):
    return [sentence for _, sentence in rig.board.events.newest()]


class Ring(unittest.TestCase):
    def setUp(self):
        self.ms = 0
        self.events = Events(self._wall_ms, lambda: 0)

    def _wall_ms(self):
        self.ms += 1
        return self.ms

    def test_the_newest_come_last(self):
        for word in ("a", "b", "c"):
            self.events.note(word)
        self.assertEqual(self.events.newest(), [(1, "a"), (2, "b"), (3, "c")])
        self.assertEqual(self.events.newest(2), [(2, "b"), (3, "c")])
        self.assertEqual(self.events.newest(0), [])

    def test_it_is_bounded(self):
        for number in range(1500):
            self.events.note("%d %s" % (number, "x" * number))
        self.assertEqual(len(self.events.newest(5000)), MOST)
        self.assertEqual(len(self.events.newest()), LATELY)
        self.assertEqual(self.events.newest(MOST)[0][0], 1500 - MOST + 1)
        self.assertEqual(len(self.events.newest()[-1][1]), MAX_SENTENCE)


class Link:
    peer, refusal, part, reason = None, "", None, "the connection was cut"


class Told(unittest.TestCase):
    def test_the_start(self):
        self.assertEqual(sentences(Rig("primary")), ["primary started as primary, generation 1"])

    def test_a_failure_once(self):
        rig = Rig("primary")
        rig.board.fail(OSError(5, "gone"), "disk d")
        rig.board.fail(OSError(5, "gone"), "disk d")
        self.assertEqual(sentences(rig)[1:], [rig.board.failure])
        self.assertTrue("Errno" not in rig.board.failure, rig.board.failure)

    def test_the_link(self):
        rig = Rig("primary")
        peer = rig.board.peer
        peer.name, peer.link = "right", Link()
        peer.parted(peer.link)
        self.assertEqual(sentences(rig)[-1], "the link to right is lost: the connection was cut")
        stranger = Link()
        stranger.refusal = "they belong to different pairs"
        peer.parted(stranger)
        peer.parted(stranger)  # it tries again and again
        self.assertEqual(sentences(rig)[2:], ["no link: they belong to different pairs"])

    def test_damage_once(self):
        rig = Rig("primary")
        for _ in range(2):
            rig.board.peer.unreadable(1, "a planted fault")
        self.assertEqual(len(sentences(rig)), 2)
        self.assertIn("group 1", sentences(rig)[1])

    def test_promotion_and_its_refusal(self):
        rig, told = Rig("twin"), []
        rig.board.promote(True, lambda report, error: told.append(error))
        self.assertTrue(isinstance(told[0], Refused))
        self.assertEqual(len(sentences(rig)), 1)
        rig.board.identity.pair_id, rig.board.identity.generation = b"p" * 16, 1
        rig.board.identity.copy_ended(1)
        rig.board.promote(True, lambda report, error: told.append(error))
        rig.run()
        self.assertEqual(told[1:], [None])
        self.assertEqual(sentences(rig)[-1], "twin was promoted: generation 2, from group 0 on")

    def test_a_full_journal_and_room_again(self):
        rig = Rig("primary")
        rig.run()
        while rig.board.volume.write(0, b"f" * MIB):
            rig.run()
        rig.wait(1100)
        self.assertEqual(sentences(rig)[-1], "the journal is full")
        rig.board.peer.acknowledged(0, rig.board.journal.head)
        rig.wait(6000)
        rig.wait(10000)
        self.assertEqual(sentences(rig)[-1], "the journal has room again")

    def test_alarms_of_others(self):
        rig = Rig("primary")
        for sentence in ("no such device", "no such device", "it burns"):
            rig.board.alarm("console", sentence)
        rig.board.alarm("usb", "no port")
        self.assertEqual(rig.board.facts()["alarms"], ["it burns", "no port"])
        rig.board.alarm("console", "")
        rig.board.alarm("console", "")
        self.assertEqual(rig.board.facts()["alarms"], ["no port"])
        self.assertEqual(sentences(rig)[1:], ["no such device", "it burns", "no port"])


if __name__ == "__main__":
    unittest.main()
