"""The code's words, and the bytes of a card."""

import struct
import unittest

from firmware.errors import ProtocolError
from firmware.pair import card, code
from firmware.pair.card import Card
from firmware.pair.identity import PRIMARY
from firmware.pair.words import WORDS

HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
PAIRING = HERE + "/../../firmware/pair/PAIRING.md"


def tables():
    """{heading: [(offset, size or 0 for n, field)]} of PAIRING.md."""
    found, heading = {}, ""
    with open(PAIRING) as text:
        for line in text:
            if line.startswith("#"):
                heading = line.strip("# \n")
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            if len(cells) == 4 and cells[0] and cells[0][0] in "0123456789":
                found.setdefault(heading, []).append((int(cells[0]), 0 if cells[1] == "n" else int(cells[1]), cells[2]))
    return found


class Tables(unittest.TestCase):
    """What is packed stands where PAIRING.md says."""

    def fields(self, heading, data):
        row = tables()[heading]
        self.assertEqual([offset for offset, _, _ in row][1:], [offset + size for offset, size, _ in row][:-1])
        return {name: data[offset : offset + size] for offset, size, name in row if size}

    def test_preamble(self):
        found = self.fields("Preamble", card.preamble())
        self.assertEqual(found, {"magic": card.MAGIC, "version": b"\x01\x00", "zero": b"\x00\x00"})

    def test_header(self):
        found = self.fields("Messages", card.message(card.DONE, b"t" * 32))
        self.assertEqual(found, {"kind": b"\x03", "zero": b"\x00", "length": struct.pack("<H", 32)})

    def test_card(self):
        data = Card("left", PRIMARY, b"certificate").pack()
        found = self.fields("CARD (kind 2)", data)
        self.assertEqual(found, {"role": b"\x01", "name_size": b"\x04", "certificate_size": struct.pack("<H", 11)})
        self.assertEqual(data[4:], b"leftcertificate")

    def test_kinds_and_limits(self):
        with open(PAIRING) as text:
            written = text.read()
        for name in ("ELEMENT", "CARD", "DONE", "REFUSED"):
            self.assertIn("### %s (kind %d)\n" % (name, getattr(card, name)), written)
        for kind in (card.ELEMENT, card.REFUSED):
            self.assertIn("\n%d to %d bytes" % card.LENGTHS[kind], written)


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
