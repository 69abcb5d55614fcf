import errno
import json
import os
import tempfile
import unittest

from firmware.errors import Refused
from firmware.ports import inbox
from firmware.ports.inbox import Inbox
from firmware.ports.lanes import run_job


class Inboxes(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        self.report = self.folder + "/report.json"
        self.inbox = Inbox(self.folder, self.report)

    def do(self, op, *args):
        """What the operation gives, or raises."""
        result, error = run_job(self.inbox, op, args)
        if error is not None:
            raise error
        return result

    def names(self):
        return sorted(os.listdir(self.folder))

    def fail(self, name, number, after=0):
        """The system call fails after `after` calls; what is returned puts it back."""
        real, calls = getattr(inbox.system, name), []

        def call(*args):
            calls.append(args)
            if len(calls) > after:
                raise OSError(number, os.strerror(number))
            return real(*args)

        def restore():
            setattr(inbox.system, name, real)

        setattr(inbox.system, name, call)
        self.addCleanup(restore)
        return restore

    def test_a_file_has_its_name_only_when_it_is_whole(self):
        data = os.urandom((9 << 20) + 7)
        self.do("begin", len(data))
        for place in range(0, len(data), 1 << 18):
            self.do("write", memoryview(data)[place : place + (1 << 18)])
            self.assertEqual(self.names(), ["incoming"])
        self.do("finish")
        self.assertEqual(self.names(), ["bundle.raucb"])
        with open(self.folder + "/bundle.raucb", "rb") as file:
            self.assertTrue(file.read() == data)

    def test_synced_before_it_is_renamed_and_as_it_comes(self):
        order = []
        for name in ("fsync", "fdatasync", "rename"):
            real = getattr(inbox.system, name)
            self.addCleanup(setattr, inbox.system, name, real)
            setattr(inbox.system, name, lambda *args, name=name, real=real: order.append(name) or real(*args))
        self.do("begin", 8 << 20)
        for _ in range(8):
            self.do("write", memoryview(bytes(1 << 20)))
        self.do("finish")
        self.assertEqual(order, ["fdatasync", "fdatasync", "fsync", "rename", "fsync"])

    def test_given_up(self):
        for steps in ((), ("begin",), ("begin", "write")):
            for step in steps:
                self.do(step, 100 if step == "begin" else memoryview(b"x" * 50))
            self.do("abandon")
            self.assertEqual(self.names(), [])

    def test_what_a_life_before_left_is_in_nobodys_way(self):
        self.do("begin", 100)
        self.do("write", memoryview(b"old" * 30))
        self.inbox = Inbox(self.folder, self.report)
        self.do("begin", 3)
        self.do("write", memoryview(b"new"))
        self.do("finish")
        with open(self.folder + "/bundle.raucb", "rb") as file:
            self.assertEqual(file.read(), b"new")

    def test_no_room_is_seen_before_anything_is_taken(self):
        with self.assertRaisesRegex(Refused, "there is room for"):
            self.do("begin", 1 << 60)
        self.assertEqual(self.names(), [])
        self.addCleanup(setattr, inbox, "free_bytes", inbox.free_bytes)
        inbox.free_bytes = lambda path: 20 << 20
        with self.assertRaisesRegex(Refused, "there is room for 4M here"):  # the rest is for others
            self.do("begin", 5 << 20)
        self.do("begin", 4 << 20)

    def test_a_disk_that_becomes_full(self):
        for name, after in (("fallocate", 0), ("pwrite", 1), ("fdatasync", 0)):
            restore = self.fail(name, errno.ENOSPC, after)
            with self.assertRaisesRegex(Refused, "no room"):
                self.do("begin", 8 << 20)
                for _ in range(8):
                    self.do("write", memoryview(bytes(1 << 20)))
            restore()
            self.assertEqual(self.names(), [])

    def test_a_file_system_that_cannot_set_room_aside(self):
        self.fail("fallocate", errno.EOPNOTSUPP)
        self.do("begin", 5)
        self.do("write", memoryview(b"hello"))
        self.do("finish")
        self.assertEqual(self.names(), ["bundle.raucb"])

    def test_after_a_failure_the_rest_comes_to_nothing(self):
        restore = self.fail("pwrite", errno.EIO)
        self.do("begin", 5)
        for op, *args in (("write", memoryview(b"hello")), ("finish",)):
            self.assertRaises(OSError, self.do, op, *args)
            restore()
        self.assertEqual(self.names(), [])

    def test_a_sync_that_fails(self):
        self.fail("fsync", errno.EIO)
        self.do("begin", 5)
        self.do("write", memoryview(b"hello"))
        for _ in range(2):
            self.assertRaises(OSError, self.do, "finish")
        self.assertEqual(self.names(), [])

    def test_reports(self):
        self.assertEqual(self.do("report"), ({}, False))
        for text, expected in (
            (json.dumps({"state": "idle"}), {"state": "idle"}),
            ("", {}), ("{", {}), ("[1]", {}), ("\0", {}), (" " * 20000 + "{}", {}),
        ):  # fmt: skip
            with open(self.report, "w") as file:
                file.write(text)
            self.assertEqual(self.do("report"), (expected, False))
        with open(self.report, "wb") as file:
            file.write(b"\xff\xfe")
        self.assertEqual(self.do("report"), ({}, False))
        open(self.folder + "/bundle.raucb", "w").close()
        self.assertEqual(self.do("report"), ({}, True))

    def test_word_that_the_board_may_restart(self):
        for _ in range(2):
            self.do("ask_for_restart")
            self.assertEqual(self.names(), ["restart"])
