"""The ring of replies: order, holes, wrapping, and a long random run against a model."""

import random
import unittest

from firmware.host.nbd.replies import Replies


def take_all(replies, most=1 << 30):
    got = b""
    while True:
        view = replies.outgoing()
        if view is None:
            return got
        count = min(most, len(view))
        got += bytes(view[:count])
        replies.sent(count)


class TestReplies(unittest.TestCase):
    def test_run_leaves_in_one_piece(self):
        replies = Replies(100)
        replies.append(b"one")
        replies.append(b"two")
        self.assertEqual(bytes(replies.outgoing()), b"onetwo")
        replies.sent(6)
        self.assertIsNone(replies.outgoing())
        self.assertEqual((replies.tail, replies.limit), (0, 100))

    def test_held_reply_is_overtaken(self):
        replies = Replies(100)
        replies.append(b"a")
        held = replies.hold(10)
        replies.append(b"b")
        self.assertEqual(take_all(replies), b"ab")
        replies.view[held.start : held.start + 4] = b"late"
        replies.ready(held, held.start + 4)
        self.assertEqual(take_all(replies, 3), b"late")
        self.assertEqual(replies.tail, 0)

    def test_reply_that_is_partly_sent_is_not_cut_by_one_that_became_ready(self):
        replies = Replies(100)
        held = replies.hold(4)
        replies.append(b"first")
        self.assertEqual(bytes(replies.outgoing()), b"first")
        replies.sent(2)
        replies.view[held.start : held.end] = b"held"
        replies.ready(held, held.end)
        second = replies.hold(2)  # closes the run
        self.assertEqual(bytes(replies.outgoing()), b"rst")
        self.assertEqual(take_all(replies), b"rstheld")
        replies.drop(second)
        self.assertEqual(replies.tail, 0)

    def test_full_ring_says_so(self):
        replies = Replies(100)
        held = replies.hold(60)
        self.assertTrue(replies.fits(40))
        self.assertFalse(replies.fits(41))
        replies.append(bytes(40))
        self.assertFalse(replies.fits(1))
        replies.ready(held, held.end)
        self.assertEqual(len(take_all(replies)), 100)
        self.assertTrue(replies.fits(100))
        self.assertFalse(replies.fits(101))

    def test_wraps_before_what_is_not_sent(self):
        replies = Replies(100)
        first = replies.hold(50)
        second = replies.hold(40)
        replies.drop(first)
        self.assertTrue(replies.fits(49))
        self.assertEqual(replies.tail, 0)
        self.assertFalse(replies.fits(50))  # a full ring must not look like an empty one
        replies.append(b"x" * 49)
        self.assertFalse(replies.fits(1))
        replies.drop(second)
        self.assertTrue(replies.fits(51))

    def test_random_run_against_a_model(self):
        for seed in range(60):
            self._random_run(random.Random(seed) if hasattr(random, "Random") else _Seeded(seed))

    def _random_run(self, rng):
        replies, held, waiting, got, number = Replies(256), [], [], [], 0
        for _ in range(400):
            number += 1
            size = rng.randrange(2, 60)
            reply = bytes([size]) + bytes([number & 0xFF]) * (size - 1)
            action = rng.randrange(5)
            if action < 2 and replies.fits(size):
                replies.append(reply)
                waiting.append(reply)
            elif action == 2 and len(held) < 6 and replies.fits(size):
                held.append((replies.hold(size), reply))
            elif action == 3 and held:
                part, reply = held.pop(rng.randrange(len(held)))
                if rng.randrange(4):
                    replies.view[part.start : part.start + len(reply)] = reply
                    replies.ready(part, part.end)
                    waiting.append(reply)
                else:
                    replies.drop(part)
            elif replies.outgoing() is not None:
                view = replies.outgoing()
                count = rng.randrange(len(view)) + 1
                got.append(bytes(view[:count]))
                replies.sent(count)
        for part, _ in held:
            replies.drop(part)
        got.append(take_all(replies))
        stream, found = b"".join(got), []
        while stream:
            found.append(stream[: stream[0]])
            stream = stream[stream[0] :]
        self.assertEqual(sorted(found), sorted(waiting))
        self.assertEqual((replies.tail, replies.limit), (0, 256))


class _Seeded:
    """MicroPython has one generator only."""

    def __init__(self, seed):
        random.seed(seed)
        self.randrange = random.randrange
