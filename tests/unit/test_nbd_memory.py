"""What one NBD client may cost."""

import gc
import tracemalloc
import unittest

from tests.unit.fakes_nbd import MIB, STRUCTURED, Client, FakeVolume, read, write

CPYTHON_ONLY = True


class TestMemory(unittest.TestCase):
    def setUp(self):
        gc.disable()
        tracemalloc.start()

    def tearDown(self):
        tracemalloc.stop()
        gc.enable()

    def test_one_client_is_bounded(self):
        volume = FakeVolume(9 * MIB)
        before, _ = tracemalloc.get_traced_memory()
        client = Client(volume, STRUCTURED)
        volume.slow_reads = True
        client.send(read(1, 0, 8 * MIB))
        self.assertTrue(tracemalloc.get_traced_memory()[0] - before < 2.6 * MIB)

    def test_lost_clients_leave_nothing_behind(self):
        volume = FakeVolume()
        volume.slow_reads = True
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(10):
            client = Client(volume, STRUCTURED)
            client.send(read(1, 0, 512) + write(2, 0, bytes(512)))
            client.conversation.lost()
            volume.finish_read()
            Client(volume).conversation.lost()
        self.assertTrue(tracemalloc.get_traced_memory()[0] - before < MIB)
