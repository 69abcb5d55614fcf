"""The code's words, and the bytes of a card."""

import unittest

from firmware.errors import ProtocolError
from firmware.pair import code
from firmware.pair.card import Card
from firmware.pair.identity import PRIMARY
from firmware.pair.words import WORDS


class Codes(unittest.TestCase):
    def test_there_are_as_many_as_a_byte_can_choose_among(self):
        self.assertEqual(len(set(WORDS)), 256)
        self.assertEqual(len(WORDS), 256)

    def test_no_word_is_a_slip_away_from_another(self):
        shapes = set()
        for word in WORDS:
            self.assertTrue(word.isalpha() and word == word.lower() and 3 < len(word + "x") <= 9, word)
            mine = {word[:place] + "?" + word[place + 1 :] for place in range(len(word))}
            mine |= {word[:place] + "?" + word[place:] for place in range(len(word) + 1)}
            self.assertFalse(mine & shapes, word)
            shapes |= mine

    def test_what_is_made_can_be_read(self):
        for raw in (b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x12\x34\x56\x78"):
            text = code.make(lambda count, raw=raw: raw[:count])
            self.assertEqual(code.read(" " + text.upper() + " "), text)
        self.assertEqual(code.make(lambda count: b"\x00\x06\x00\x01"), "7-%s-%s" % (WORDS[0], WORDS[1]))


class Cards(unittest.TestCase):
    def test_there_and_back(self):
        packed = Card("böard", PRIMARY, b"certificate").pack()
        found = Card.unpack(packed)
        self.assertEqual((found.name, found.role, found.certificate), ("böard", PRIMARY, b"certificate"))

    def test_damage(self):
        packed = Card("left", PRIMARY, b"certificate").pack()
        bad = [packed[:-1], packed + b"x", b"\x00" + packed[1:], b"\x03" + packed[1:], b"\x01\x00\x0f\x00" + packed[4:]]
        for data in bad + [packed[:4] + b"\xff" + packed[5:]]:
            with self.assertRaises(ProtocolError):
                Card.unpack(data)
