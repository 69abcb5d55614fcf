"""Every Storage keeps the same promises: files, block devices, file systems that can do less, the simulator's."""

import os
import random
import shutil
import subprocess
import tempfile
import unittest

from firmware.ports import FileStorage, create_file
from firmware.ports import storage as storage_module
from firmware.ports.linux import EOPNOTSUPP
from tests.ports.storage_conformance import SIZE, StorageConformance
from tests.sim.medium import Medium
from tests.sim.storage import Power, SimStorage


class _OnFile(StorageConformance):
    folder = None

    def make(self):
        folder = tempfile.mkdtemp(dir=self.folder)
        self.addCleanup(shutil.rmtree, folder)
        self.path = folder + "/disk.img"
        create_file(self.path, SIZE, False)
        return self.open()

    def open(self):
        storage = FileStorage(self.path)
        self.addCleanup(storage.close)
        return storage

    def reopen(self, storage):
        storage.close()
        return self.open()


class FileConformance(_OnFile, unittest.TestCase):
    pass


@unittest.skipUnless(os.path.isdir("/dev/shm"), "there is no /dev/shm to try a memory file system")
class MemoryFileConformance(_OnFile, unittest.TestCase):
    folder = "/dev/shm"


class FilledFileConformance(_OnFile, unittest.TestCase):
    def make(self):
        storage = super().make()
        storage.close()
        os.unlink(self.path)
        create_file(self.path, SIZE, True)
        return self.open()


class ShortIOConformance(_OnFile, unittest.TestCase):
    """The system may take or give less than asked for, at any call."""

    def setUp(self):
        self.system = _ShortSystem()
        self.real = storage_module.system
        storage_module.system = self.system
        self.addCleanup(setattr, storage_module, "system", self.real)
        super().setUp()

    def tearDown(self):
        self.assertTrue(self.system.cut > 0)


class PoorFileSystemConformance(_OnFile, unittest.TestCase):
    """A file system that can neither punch holes nor zero ranges nor tell whether a read would wait."""

    def setUp(self):
        self.real = storage_module.system
        storage_module.system = _PoorSystem()
        self.addCleanup(setattr, storage_module, "system", self.real)
        super().setUp()
        self.assertFalse(self.storage.trims)


class DeviceConformance(StorageConformance, unittest.TestCase):
    sector = 512

    def make(self):
        self.image = tempfile.NamedTemporaryFile(suffix=".img")  # noqa: SIM115
        self.addCleanup(self.image.close)
        self.image.truncate(SIZE)
        command = ["losetup", "--find", "--show", "--sector-size", str(self.sector), self.image.name]
        try:
            self.device = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError) as error:
            self.skipTest("no loop device can be had here: %s" % (getattr(error, "stderr", "") or error))
        self.addCleanup(subprocess.run, ["losetup", "--detach", self.device])
        return self.open()

    def open(self):
        storage = FileStorage(self.device)
        self.addCleanup(storage.close)
        return storage

    def reopen(self, storage):
        storage.close()
        return self.open()

    def test_it_is_known_as_a_device_that_trims(self):
        self.assertTrue(self.storage.is_device)
        self.assertTrue(self.storage.trims)
        self.storage.write(0, memoryview(random.Random(6).randbytes(SIZE)))
        self.storage.sync()
        before = os.stat(self.image.name).st_blocks
        self.storage.trim(1 << 20, 4 << 20)
        self.storage.sync()
        self.assertEqual(os.stat(self.image.name).st_blocks, before - (4 << 20) // 512)


class LargeBlockDeviceConformance(DeviceConformance):
    """Blocks of 4 KiB: the device clears no part of one by itself."""

    sector = 4096


class SimulatorConformance(StorageConformance, unittest.TestCase):
    test_nothing_reaches_beyond_the_end = None  # there it is asserted

    def make(self):
        self.medium = Medium(SIZE)
        return self.reopen(None)

    def reopen(self, storage):
        return SimStorage(self.medium, Power(), random.Random(7), maps=True)


class _Wrapped:
    def __init__(self):
        self._system = storage_module.system

    def __getattr__(self, name):
        return getattr(self._system, name)


class _ShortSystem(_Wrapped):
    cut = 0

    def pread(self, descriptor, view, offset):
        return self._system.pread(descriptor, self._shorter(view), offset)

    pread_now = pread

    def pwrite(self, descriptor, view, offset):
        return self._system.pwrite(descriptor, self._shorter(view), offset)

    def _shorter(self, view):
        self.cut += 1
        return view[: len(view) * 2 // 3 + 1]


class _PoorSystem(_Wrapped):
    def fallocate(self, descriptor, mode, offset, length):
        raise OSError(EOPNOTSUPP, "not here")

    def pread_now(self, descriptor, view, offset):
        raise OSError(EOPNOTSUPP, "not here")
