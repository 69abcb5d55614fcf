"""A medium that is taken out is noticed while nobody writes."""

import unittest

from firmware.presence import LOOK_EVERY_MS, Presence
from tests.unit.fakes_board import Rig


class Medium:
    present = True


class Presences(unittest.TestCase):
    def setUp(self):
        self.rig = Rig("primary")
        self.card, self.disk = Medium(), Medium()
        self.timers = []
        media = [(self.card, "card"), (self.disk, "disk /dev/sda")]
        self.presence = Presence(self.rig.board, media, lambda ms, call: self.timers.append((ms, call)))
        self.presence.start()

    def look(self):
        ((ms, call),) = self.timers
        self.assertEqual(ms, LOOK_EVERY_MS)
        self.timers = []
        call()

    def test_all_is_there(self):
        self.look()
        self.assertFalse(self.rig.board.failed)

    def test_a_medium_is_gone(self):
        self.disk.present = False
        self.look()
        (alarm,) = self.rig.board.facts()["alarms"] or [self.rig.board.failure]
        self.assertIn("the disk /dev/sda failed (it was taken out", alarm)
        self.assertFalse(self.rig.board.serving)

    def test_what_comes_back_is_not_the_same(self):
        told = []
        self.rig.board.on_failure = told.append
        self.card.present = self.disk.present = False
        for _ in range(3):
            self.look()
        self.card.present = self.disk.present = True
        self.look()
        self.assertTrue(self.rig.board.failed)
        self.assertEqual(len(told), 1)
