"""What every Storage must do. Derive from StorageConformance and unittest.TestCase, and give it `make`."""

import random

SECTOR = 512
SIZE = 8 << 20


class StorageConformance:
    """make() -> a Storage of SIZE bytes that reads as zeroes; reopen(storage) -> the same medium, opened anew."""

    def make(self):
        raise NotImplementedError

    def reopen(self, storage):
        return storage

    def setUp(self):
        self.storage = self.make()

    def read(self, offset, length):
        view = memoryview(bytearray(b"\x5a" * length))
        self.storage.read_into(offset, view)
        return bytes(view)

    def test_a_new_storage_reads_as_zeroes(self):
        self.assertEqual(self.storage.size, SIZE)
        self.assertEqual(self.read(0, SIZE), bytes(SIZE))

    def test_what_was_written_is_read_and_its_neighbours_stay(self):
        for offset, length in ((0, SECTOR), (7 * SECTOR, 3 * SECTOR), (SIZE - SECTOR, SECTOR), (4096 - SECTOR, 8192)):
            data = random.Random(offset).randbytes(length)
            before = bytearray(self.read(0, SIZE))
            self.storage.write(offset, memoryview(data))
            before[offset : offset + length] = data
            self.assertEqual(self.read(0, SIZE), before)

    def test_a_slice_of_a_larger_view_is_written_and_read(self):
        source = memoryview(random.Random(1).randbytes(4 * SECTOR))
        self.storage.write(SECTOR, source[SECTOR : 3 * SECTOR])
        target = bytearray(b"\xee" * (4 * SECTOR))
        self.storage.read_into(SECTOR, memoryview(target)[SECTOR : 3 * SECTOR])
        self.assertEqual(target[SECTOR : 3 * SECTOR], source[SECTOR : 3 * SECTOR])
        self.assertEqual(target[:SECTOR] + target[3 * SECTOR :], b"\xee" * (2 * SECTOR))

    def test_a_large_write_arrives_whole(self):
        data = random.Random(2).randbytes(5 << 20)
        self.storage.write(SECTOR, memoryview(data))
        self.assertEqual(self.read(SECTOR, len(data)), data)

    def test_zeroed_and_trimmed_ranges_read_as_zeroes_and_their_neighbours_stay(self):
        ranges = ((0, SECTOR), (3 * SECTOR, 4096), (4096, 4096), (1 << 20, 5 << 20), (SIZE - 3 * SECTOR, 3 * SECTOR))
        for method in (self.storage.zero, self.storage.trim):
            for offset, length in ranges:
                data = bytearray(random.Random(offset).randbytes(SIZE))
                self.storage.write(0, memoryview(data))
                method(offset, length)
                data[offset : offset + length] = bytes(length)
                self.assertEqual(self.read(0, SIZE), data)

    def test_a_trimmed_range_takes_data_again(self):
        self.storage.write(0, memoryview(b"\x11" * 65536))
        self.storage.trim(0, 65536)
        self.storage.write(4096, memoryview(b"\x22" * 4096))
        self.assertEqual(self.read(0, 65536), bytes(4096) + b"\x22" * 4096 + bytes(65536 - 8192))

    def test_a_read_that_need_not_wait_is_right(self):
        data = random.Random(3).randbytes(65536)
        self.storage.write(0, memoryview(data))
        view = memoryview(bytearray(65536))
        if self.storage.try_read_into(0, view):
            self.assertEqual(bytes(view), data)
        self.assertEqual(self.read(0, 65536), data)

    def test_extents_cover_the_range_and_holes_hold_nothing(self):
        self.storage.write(1 << 20, memoryview(b"\x33" * 65536))
        self.storage.write(4 << 20, memoryview(b"\x44" * 65536))
        for offset, length in ((0, SIZE), ((1 << 20) + 4096, 1 << 20), (5 << 20, 1 << 20), (SECTOR, SECTOR)):
            extents = self.storage.allocated(offset, length)
            if extents is None:
                continue
            at = offset
            for start, size, is_data in extents:
                self.assertEqual(start, at)
                self.assertTrue(size > 0)
                if not is_data:
                    self.assertEqual(self.read(start, size), bytes(size))
                at += size
            self.assertEqual(at, offset + length)

    def test_a_synced_write_is_there_when_opened_anew(self):
        data = random.Random(4).randbytes(65536)
        self.storage.write(SECTOR, memoryview(data))
        self.storage.zero(SECTOR, 4096)
        self.storage.sync()
        self.storage = self.reopen(self.storage)
        self.assertEqual(self.storage.size, SIZE)
        self.assertEqual(self.read(0, 65536 + SECTOR), bytes(SECTOR + 4096) + data[4096:])

    def test_nothing_reaches_beyond_the_end(self):
        page = memoryview(bytearray(4096))
        for call in (self.storage.write, self.storage.read_into):
            with self.assertRaises(OSError):
                call(SIZE - SECTOR, page)
        for call in (self.storage.zero, self.storage.trim):
            with self.assertRaises(OSError):
                call(SIZE - SECTOR, 4096)
        self.assertEqual(self.reopen(self.storage).size, SIZE)

    def test_any_sequence_of_calls_is_what_a_plain_buffer_does(self):
        dice = random.Random(5)
        model = bytearray(SIZE)
        for _ in range(400):
            length = dice.choice((1, 2, 7, 8, 9, 64, 300, 2048)) * SECTOR
            offset = dice.randrange(0, (SIZE - length) // SECTOR + 1) * SECTOR
            kind = dice.choice(("write", "write", "write", "zero", "trim", "read", "sync"))
            if kind == "write":
                data = dice.randbytes(length)
                self.storage.write(offset, memoryview(data))
                model[offset : offset + length] = data
            elif kind == "read":
                self.assertEqual(self.read(offset, length), model[offset : offset + length])
            elif kind == "sync":
                self.storage.sync()
            else:
                getattr(self.storage, kind)(offset, length)
                model[offset : offset + length] = bytes(length)
        self.assertEqual(self.read(0, SIZE), model)
