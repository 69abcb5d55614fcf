"""The byte table of NBD against its codecs, and limits that others rely on."""

import struct
import unittest

from firmware.host.nbd import layout as nbd


def sizes_in_table():
    """Bytes of the fixed fields in each line of the docstring's table."""
    found = {}
    for line in (getattr(nbd, "__doc__", None) or "").split("\n"):
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 4:
            words = cells[2].replace(",", "").split()
            found[cells[1]] = sum(int(word[1:]) // 8 for word in words if word[0] == "u" and word[1:].isdigit())
    return found


class TestNbdLayout(unittest.TestCase):
    def test_table_fits_codecs(self):
        sizes = sizes_in_table()
        if not sizes:
            return  # this runtime keeps no docstrings
        self.assertEqual(sizes["greeting"], len(nbd.pack_greeting()))
        self.assertEqual(sizes["option"], nbd.OPTION_SIZE)
        self.assertEqual(sizes["option reply"], len(nbd.pack_option_reply(1, 2)))
        self.assertEqual(sizes["option reply"], nbd.OPTION_REPLY_SIZE)
        self.assertEqual(sizes["request"], struct.calcsize(nbd.REQUEST))
        self.assertEqual(sizes["simple reply"], struct.calcsize(nbd.SIMPLE))
        self.assertEqual(sizes["chunk"], nbd.CHUNK_SIZE)

    def test_sizes(self):
        self.assertEqual(nbd.REQUEST_SIZE, struct.calcsize(nbd.REQUEST))
        self.assertEqual(nbd.SIMPLE_SIZE, struct.calcsize(nbd.SIMPLE))
        self.assertEqual(nbd.DATA_CHUNK_SIZE, struct.calcsize(nbd.DATA_CHUNK))

    def test_heads_are_the_fields_taken_as_one_number(self):
        self.assertEqual(struct.pack(">Q", nbd.PLAIN_WRITE), struct.pack(">IHH", nbd.REQUEST_MAGIC, 0, 1))
        self.assertEqual(struct.pack(">Q", nbd.PLAIN_READ), struct.pack(">IHH", nbd.REQUEST_MAGIC, 0, 0))
        self.assertEqual(struct.pack(">Q", nbd.SIMPLE_OK), struct.pack(">II", nbd.SIMPLE_REPLY_MAGIC, 0))
        self.assertEqual(struct.pack(">Q", nbd.LAST_DATA), struct.pack(">IHH", nbd.CHUNK_MAGIC, 1, 1))
        self.assertEqual(struct.pack(">Q", nbd.MORE_DATA), struct.pack(">IHH", nbd.CHUNK_MAGIC, 0, 1))

    def test_error_chunk_is_bounded_and_stays_utf8(self):
        buffer = bytearray(2000)
        length = nbd.pack_error_chunk(buffer, 0, 5, nbd.EIO, "\u00fc\U0001f600" * 500)
        self.assertTrue(length <= nbd.MAX_ERROR_SIZE)
        self.assertTrue(nbd.MAX_ERROR_SIZE <= 512 + nbd.SIMPLE_SIZE)
        size, error, text_length = struct.unpack_from(">IIH", buffer, 16)
        self.assertEqual((size, error), (length - 20, nbd.EIO))
        self.assertEqual(len(bytes(buffer[26:length]).decode()), 120)
        self.assertEqual(text_length, length - 26)

    def test_block_status(self):
        buffer = bytearray(100)
        length = nbd.pack_block_status(buffer, 4, 9, 1, [(512, 0), (1024, 3)])
        expected = struct.pack(">IHHQIIIIII", 0x668E33EF, 1, 5, 9, 20, 1, 512, 0, 1024, 3)
        self.assertEqual(bytes(buffer[4 : 4 + length]), expected)
