"""Compression: what is offered, what it saves, and that no compressed group can ask for more than it says."""

import unittest

from firmware.errors import ProtocolError
from firmware.link import codec
from firmware.link.compressor import Compressor
from firmware.log.span import Span
from tests.unit.fakes_link import Chance, FakeJournal, Wire, pair, pieces, same_log

# zlib.compress(b"Sosie" * 200, 9) and a zstd frame of the same, made once: MicroPython packs neither.
ZLIB = b"x\xda\x0b\xce/\xceL\r\x1e%F\x89Qb8\x13\x00\xb7\x92\x92h"
ZSTD = b"(\xb5/\xfd`\xe8\x02e\x00\x00(Sosie\x01\x00\xe0Q\x15-"
PLAIN = b"Sosie" * 200


def packed_here():
    """(codec number, packed form of PLAIN) that this runtime can unpack."""
    both = ((codec.ZLIB, ZLIB), (codec.ZSTD, ZSTD))
    return [each for each in both if codec.NAMES[each[0]] in codec.unpackable()]


class Agreement(unittest.TestCase):
    def test_zlib_is_always_understood(self):
        self.assertIn("zlib", codec.unpackable())

    def test_the_first_that_both_have(self):
        for name in codec.packable():
            number = codec.NAMES.index(name)
            self.assertEqual(codec.choose(3, (name, "zlib", "zstd")), number)
            self.assertEqual(codec.choose(codec.bits((name,)), codec.PREFERRED), number)
        self.assertEqual(codec.choose(0, codec.PREFERRED), codec.RAW)
        self.assertEqual(codec.choose(252, codec.PREFERRED), codec.RAW)

    def test_a_thin_wire_is_worth_more_effort(self):
        for number in (codec.ZLIB, codec.ZSTD):
            self.assertTrue(codec.level_for(number, 100000) > codec.level_for(number, 50000000))


class Unpacking(unittest.TestCase):
    def test_to_exactly_the_length_that_was_said(self):
        for number, packed in packed_here():
            room = bytearray(len(PLAIN) + 2)
            codec.unpack_into(number, memoryview(packed), memoryview(room)[1:-1])
            self.assertEqual(bytes(room), b"\0" + PLAIN + b"\0")

    def test_not_to_less_or_more(self):
        for number, packed in packed_here():
            for length in (1, len(PLAIN) - 1, len(PLAIN) + 1, 4 * len(PLAIN)):
                with self.assertRaises(ProtocolError):
                    codec.unpack_into(number, memoryview(packed), memoryview(bytearray(length)))

    def test_every_cut_is_found(self):
        for number, packed in packed_here():
            for length in range(len(packed) - (4 if number == codec.ZLIB else 0)):
                with self.assertRaises(ProtocolError):
                    codec.unpack_into(number, memoryview(packed)[:length], memoryview(bytearray(len(PLAIN))))

    def test_damage_raises_nothing_else(self):
        for number, packed in packed_here():
            for bit in range(8 * len(packed)):
                broken = bytearray(packed)
                broken[bit // 8] ^= 1 << bit % 8
                try:
                    codec.unpack_into(number, memoryview(broken), memoryview(bytearray(len(PLAIN))))
                except ProtocolError:
                    pass


class Compressing(unittest.TestCase):
    def compress(self, body, name):
        journal = FakeJournal()
        journal.add(body)
        work = Compressor(journal).compress(Span(128, len(body)), codec.NAMES.index(name), 1)
        try:
            while True:
                next(work)
        except StopIteration as e:
            return e.value

    def test_what_shrinks_comes_back(self):
        body = b"twice the same line\n" * 20000
        for name in codec.packable():
            packed = self.compress(body, name)
            self.assertTrue(len(packed) < len(body) // 10)
            room = bytearray(len(body))
            codec.unpack_into(codec.NAMES.index(name), memoryview(packed), memoryview(room))
            self.assertEqual(bytes(room), body)

    def test_what_does_not_is_left_alone(self):
        for name in codec.packable():
            self.assertIsNone(self.compress(Chance(1).bytes(5000), name))
            self.assertIsNone(self.compress(Chance(1).bytes(65536) + bytes(65536), name))

    def test_groups_of_all_kinds_over_a_capped_link(self):
        if not codec.packable():
            return
        for seed in range(4):
            left, right = pair(3, 3000, seed)
            for size in (100, 5000, 70000, 300000):
                left.journal.add(b"abcdefg " * (size // 8))
                left.journal.add(Chance(seed).bytes(16 + size // 10))
            wire = Wire(left, right, pieces(seed), {"lane": True, "rate": 8000000})
            wire.pass_time(2000)
            self.assertTrue(same_log(left, right))
            self.assertTrue(left.counters.sent_bytes < left.counters.raw_bytes // 3)

    def test_an_uncapped_fast_wire_gets_it_raw(self):
        left, right = pair()
        left.journal.add(bytes(100000))
        wire = Wire(left, right, pieces(1), {"lane": True})
        wire.run()
        self.assertEqual(wire.ends[0].lane.count, 0)
        self.assertTrue(left.counters.sent_bytes > 100000)

    def test_an_uncapped_slow_wire_gets_it_compressed(self):
        if not codec.packable():
            return
        for speed, compressed in ((20000, True), (80000, False)):  # bytes per ms
            left, right = pair()
            for _ in range(40):
                left.journal.add(bytes(500000))
            wire = Wire(left, right, pieces(1), {"lane": True})
            wire.cut, wire.speed = (lambda count: count), speed
            wire.pass_time(1500, 1)
            self.assertTrue(same_log(left, right))
            self.assertEqual(wire.ends[0].lane.count > 0, compressed)

    def test_a_twin_that_unpacks_nothing_gets_it_raw(self):
        left, right = pair()
        left.journal.add(bytes(10000))
        wire = Wire(left, right, pieces(1), {"lane": True, "rate": 8000000, "codecs": ()})
        wire.pass_time(1000)
        self.assertEqual(wire.ends[0].lane.count, 0)
        self.assertTrue(same_log(left, right))

    def test_few_groups_are_held_in_memory(self):
        if not codec.packable():
            return
        left, right = pair()
        for _ in range(10):
            left.journal.add(bytes(10000))
        wire = Wire(left, right, pieces(1), {"lane": True, "rate": 8000000})
        lane = wire.ends[0].lane
        lane.hold = True
        wire.run()
        self.assertEqual(lane.count, 2)
        lane.release(1)
        wire.run()
        self.assertTrue(lane.count <= 3)
        lane.hold = False
        wire.pass_time(1000)
        self.assertTrue(same_log(left, right))

    def test_results_for_a_link_that_is_gone_are_dropped(self):
        if not codec.packable():
            return
        left, right = pair()
        left.journal.add(bytes(10000))
        wire = Wire(left, right, pieces(1), {"lane": True, "rate": 8000000})
        wire.ends[0].lane.hold = True
        wire.run()
        for end in wire.ends:
            end.lose()
        woken = wire.ends[0].woken
        wire.ends[0].lane.release()
        self.assertEqual(wire.ends[0].woken, woken)

    def test_a_compressed_group_waits_for_room(self):
        if not codec.packable():
            return
        left, right = pair()
        for _ in range(3):
            left.journal.add(b"room " * 4000)
        right.journal.room = False
        wire = Wire(left, right, pieces(9), {"lane": True, "rate": 8000000})
        wire.pass_time(1000)
        self.assertIsNone(wire.ends[1].link.wanted())
        right.journal.room = True
        right.part.room()
        wire.pass_time(1000)
        self.assertTrue(same_log(left, right))


if __name__ == "__main__":
    unittest.main()
