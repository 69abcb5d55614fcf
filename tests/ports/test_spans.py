"""Spans: bytes of the journal that go into a socket without passing through the firmware."""

import errno
import os
import random
import tempfile
import unittest

from firmware.ports import FileStorage, spans
from tests.ports.conversations import Recorder, Span, spin
from tests.ports.test_loop import LoopTest

SIZE = 8 << 20


class Spans(LoopTest):
    def setUp(self):
        super().setUp()
        self.content = random.Random(1).randbytes(SIZE)
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(self.content)
        self.addCleanup(os.unlink, file.name)
        self.storage = self.loop.spans = FileStorage(file.name)
        self.addCleanup(self.storage.close)

    def assert_arrives(self, *outs):
        expected = b"".join(self.content[o.position : o.position + o.length] if type(o) is Span else o for o in outs)
        sender = Recorder()
        ours = self.converse(sender)
        ours.setblocking(False)
        sender.say(*outs)
        got = bytearray()

        def all_here():
            try:
                got.extend(ours.recv(1 << 20))
            except BlockingIOError:
                pass
            return len(got) >= len(expected)

        spin(self.loop, all_here)
        self.assertTrue(got == expected)
        self.assertEqual(sender.out, [])

    def test_spans_and_bytes_arrive_in_order(self):
        self.assert_arrives(b"head", Span(4096, 3 << 20), b"between", Span(0, 512), Span(SIZE - 777, 777), b"tail")

    def test_without_sendfile_they_arrive_too(self):
        real = spans.sockets.sendfile
        self.addCleanup(setattr, spans.sockets, "sendfile", real)
        spans.sockets.sendfile = _without_sendfile
        self.assert_arrives(b"head", Span(4096, 3 << 20), b"tail")

    def test_the_loop_does_not_wait_for_the_medium(self):
        self.storage.sync()
        os.posix_fadvise(self.storage.descriptor, 0, SIZE, os.POSIX_FADV_DONTNEED)
        if self.storage.try_read_into(SIZE - 1, memoryview(bytearray(1))):
            self.skipTest("this file system keeps everything in memory")
        asked, advised = [], []
        try_read, advise = self.storage.try_read_into, self.storage.advise
        self.storage.try_read_into = lambda *args: asked.append(try_read(*args)) or asked[-1]
        self.storage.advise = lambda *args: advised.append(args) or advise(*args)
        self.assert_arrives(Span(0, 4 << 20))
        self.assertIn(False, asked)
        self.assertTrue(advised)

    def test_a_journal_that_cannot_be_read_is_reported_and_the_link_is_lost(self):
        errors = []
        self.loop.on_span_error = errors.append
        sender = Recorder()
        self.converse(sender)
        self.storage.try_read_into = _unreadable
        sender.say(Span(0, 4096))
        spin(self.loop, lambda: sender.times_lost)
        self.assertEqual([error.errno for error in errors], [errno.EIO])

    def test_a_span_beyond_the_end_ends_the_conversation_and_not_in_a_spin(self):
        sender = Recorder()
        self.converse(sender)
        self.storage.try_read_into = lambda *args: True
        sender.say(Span(SIZE, 4096))
        spin(self.loop, lambda: sender.times_lost)


def _without_sendfile(out, source, position, length):
    raise OSError(errno.EINVAL, "not on this file system")


def _unreadable(offset, view):
    raise OSError(errno.EIO, "a bad spot")


del LoopTest


if __name__ == "__main__":
    unittest.main()
