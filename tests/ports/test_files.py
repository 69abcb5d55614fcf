"""Opening for one board alone, making new files, and what is particular to FileStorage."""

import errno
import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from firmware.errors import Refused
from firmware.ports import FileStorage, create_file, exists, files, free_bytes

HOLDER = """
import sys, time
from firmware.ports import FileStorage
storage = FileStorage(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


class FilesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = folder.name + "/disk.img"

    def refusal(self, call, *args):
        with self.assertRaises(Refused) as caught:
            call(*args)
        self.assertIn(self.folder if args[0].startswith(self.folder) else args[0], str(caught.exception))
        return str(caught.exception)


class Locking(FilesTest):
    def test_a_second_board_is_refused(self):
        create_file(self.path, 1 << 20, False)
        first = FileStorage(self.path)
        self.assertIn("in use", self.refusal(FileStorage, self.path, 100))
        first.close()
        FileStorage(self.path, 100).close()

    def test_a_dying_predecessor_is_waited_for(self):
        create_file(self.path, 1 << 20, False)
        holder = subprocess.Popen([sys.executable, "-c", HOLDER, self.path], stdout=subprocess.PIPE)
        holder.stdout.readline()
        threading.Timer(0.2, holder.kill).start()
        began = time.monotonic()
        FileStorage(self.path, 30000).close()
        self.assertTrue(0.15 < time.monotonic() - began < 25)
        holder.wait()
        holder.stdout.close()

    def test_a_file_that_was_deleted_or_replaced_is_known(self):
        create_file(self.path, 4096, False)
        storage = FileStorage(self.path)
        self.assertTrue(storage.in_place)
        os.rename(self.path, self.path + ".away")
        self.assertFalse(storage.in_place)
        create_file(self.path, 4096, False)
        self.assertFalse(storage.in_place)
        os.rename(self.path + ".away", self.path)
        self.assertTrue(storage.in_place)
        storage.close()

    def test_what_is_no_storage_is_refused(self):
        self.refusal(FileStorage, self.path)
        self.refusal(FileStorage, self.folder)
        self.refusal(FileStorage, "/dev/null")
        with open(self.path, "w"):
            pass
        self.assertEqual(FileStorage(self.path).size, 0)


class Creating(FilesTest):
    def test_a_sparse_file_takes_no_space_and_a_zeroed_one_all_of_it(self):
        create_file(self.path, 8 << 20, False)
        self.assertTrue(os.stat(self.path).st_blocks < 100)
        create_file(self.path + "2", 8 << 20, True)
        facts = os.stat(self.path + "2")
        self.assertEqual(facts.st_size, 8 << 20)
        self.assertTrue(facts.st_blocks * 512 >= 8 << 20)
        self.assertEqual(stat.S_IMODE(facts.st_mode), 0o600)

    def test_a_file_too_large_to_fill_is_allocated(self):
        files._MOST_FILLED, most = 1 << 20, files._MOST_FILLED
        self.addCleanup(setattr, files, "_MOST_FILLED", most)
        create_file(self.path, 8 << 20, True)
        self.assertTrue(os.stat(self.path).st_blocks * 512 >= 8 << 20)

    def test_an_existing_file_is_never_touched(self):
        with open(self.path, "w") as file:
            file.write("precious")
        self.refusal(create_file, self.path, 1 << 20, True)
        with open(self.path) as file:
            self.assertEqual(file.read(), "precious")

    def test_when_there_is_no_room_no_file_is_left(self):
        system = files.system
        real = system.pwrite
        self.addCleanup(setattr, system, "pwrite", real)
        system.pwrite = _no_room
        self.assertIn("No space left", self.refusal(create_file, self.path, 1 << 20, True))
        self.assertFalse(exists(self.path))
        self.refusal(create_file, self.folder + "/no/such/folder", 1 << 20, False)

    def test_file_and_folder_are_synced(self):
        system = files.system
        real, synced = system.fsync, []
        self.addCleanup(setattr, system, "fsync", real)

        def fsync(descriptor):
            synced.append(os.readlink("/proc/self/fd/%d" % descriptor))
            real(descriptor)

        system.fsync = fsync
        create_file(self.path, 1 << 20, True)
        self.assertEqual(synced, [os.path.realpath(self.path), os.path.realpath(self.folder)])

    def test_a_replaced_file_is_whole_at_every_moment(self):
        """What is synced before it has its name, and its name after that; the name is never gone."""
        files.replace_file(self.path, b"old")
        system, did = files.system, []

        def watched(name):
            real = getattr(system, name)
            self.addCleanup(setattr, system, name, real)

            def call(*args, **more):
                with open(self.path, "rb") as file:
                    did.append((name, file.read()))
                return real(*args, **more)

            setattr(system, name, call)

        for name in ("pwrite", "fsync", "rename"):
            watched(name)
        files.replace_file(self.path, b"new")
        self.assertEqual(did, [("pwrite", b"old"), ("fsync", b"old"), ("rename", b"old"), ("fsync", b"new")])

    def test_a_replaced_file_is_its_owners_alone(self):
        with open(self.path + ".new", "w") as left_over:
            os.fchmod(left_over.fileno(), 0o666)
        files.replace_file(self.path, b"secret")
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        files.replace_file(self.path, b"public", 0o644)
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o644)
        self.assertFalse(exists(self.path + ".new"))


class Particulars(FilesTest):
    def test_offsets_beyond_32_bits(self):
        far = 3 << 40
        create_file(self.path, far + 8192, False)
        storage = FileStorage(self.path)
        self.addCleanup(storage.close)
        storage.write(far, memoryview(b"far" * 512))
        storage.write(far & 0xFFFFFFFF, memoryview(b"low" * 512))
        view = memoryview(bytearray(1536))
        storage.read_into(far, view)
        self.assertEqual(bytes(view), b"far" * 512)
        self.assertEqual([e[2] for e in storage.allocated(far - (1 << 30), 1 << 30)], [False])
        storage.zero(0, far + 8192)
        storage.read_into(far, view)
        self.assertEqual(bytes(view), bytes(1536))

    def test_a_read_that_would_have_to_wait_says_so(self):
        create_file(self.path, 1 << 20, False)
        storage = FileStorage(self.path)
        self.addCleanup(storage.close)
        storage.write(0, memoryview(b"\x11" * 65536))
        view = memoryview(bytearray(4096))
        self.assertTrue(storage.try_read_into(0, view))
        storage.sync()
        os.posix_fadvise(storage.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        if storage.try_read_into(0, view):
            self.skipTest("this file system keeps everything in memory")
        storage.advise(0, 65536)
        end = time.monotonic() + 30
        while not storage.try_read_into(0, view):
            self.assertTrue(time.monotonic() < end, "advice brought nothing in")
        self.assertEqual(bytes(view), b"\x11" * 4096)

    def test_free_space_is_told_before_the_file_exists(self):
        facts = os.statvfs(self.folder)
        self.assertTrue(abs(free_bytes(self.path) - facts.f_bavail * facts.f_frsize) < 1 << 30)
        self.refusal(free_bytes, self.folder + "/no/such")

    def test_a_very_fragmented_file_is_told_as_data_from_some_point_on(self):
        create_file(self.path, 64 << 20, False)
        storage = FileStorage(self.path)
        self.addCleanup(storage.close)
        for offset in range(0, 16 << 20, 16384):
            storage.write(offset, memoryview(b"\x01" * 4096))
        extents = storage.allocated(0, 64 << 20)
        self.assertTrue(len(extents) < 1000)
        self.assertEqual(sum(extent[1] for extent in extents), 64 << 20)
        self.assertTrue(extents[-1][2])

    def test_a_failed_sync_is_an_error_and_is_not_tried_again(self):
        create_file(self.path, 1 << 20, False)
        storage = FileStorage(self.path)
        system, calls = files.system, []
        real = system.fdatasync
        self.addCleanup(setattr, system, "fdatasync", real)

        def fail(descriptor):
            calls.append(descriptor)
            raise OSError(errno.EIO, "lost")

        system.fdatasync = fail
        with self.assertRaises(OSError):
            storage.sync()
        self.assertEqual(len(calls), 1)
        storage.close()


def _no_room(descriptor, view, offset):
    raise OSError(errno.ENOSPC, "No space left on device")
