import errno
import os
import shutil
import tempfile
import unittest
from unittest import mock

from firmware.errors import Refused
from firmware.ports.cpython import keys, password
from firmware.ports.cpython.password import PasswordFile
from firmware.ports.lanes import run_job
from tests.ports.conversations import in_time


class PasswordFiles(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name + "/keys"
        os.mkdir(self.folder)
        self.path = self.folder + "/password"
        self.write(keys.hash_password("right"))
        self.file = PasswordFile(self.path)

    def write(self, line):
        with open(self.path + ".new", "w") as file:
            file.write(line + "\n")
        os.replace(self.path + ".new", self.path)

    def check(self, word, file=None):
        result, error = run_job(file or self.file, "check", (word,))
        if error is not None:
            raise error
        return result

    def edition(self):
        """As it is now, not as it was last seen."""
        self.assertEqual(run_job(self.file, "look", ()), (None, None))
        return self.file.edition()

    def test_right_wrong_and_changed(self):
        before = self.edition()
        self.assertEqual([self.check(word) for word in ("right", "wrong", "")], [True, False, False])
        self.assertEqual(self.edition(), before)
        self.write(keys.hash_password("new"))
        self.assertNotEqual(self.edition(), before)
        self.assertEqual([self.check(word) for word in ("right", "new")], [False, True])

    def test_who_asks_does_not_touch_the_card(self):
        before, real = self.file.edition(), os.stat
        self.write(keys.hash_password("new"))
        os.stat = None
        try:
            self.assertEqual(self.file.edition(), before)
        finally:
            os.stat = real
        self.assertTrue(self.check("new"))  # it looks by itself
        self.assertNotEqual(self.file.edition(), before)

    def test_taken_away_and_given_back(self):
        os.unlink(self.path)
        self.assertEqual((self.edition(), self.check("right")), (None, None))
        self.write(keys.hash_password("right"))
        self.assertIsNotNone(self.edition())
        self.assertTrue(self.check("right"))

    def test_damaged(self):
        for line in ("", "plain$right", "scrypt$x$8$1$00$00", "scrypt$8192$8$1$00", "\xff"):
            self.write(line)
            self.assertRaises(Refused, self.check, "right")
            self.assertIsNotNone(self.edition())

    def test_what_is_no_file_is_damaged_and_never_waited_for(self):
        for lay, remove in ((os.mkfifo, os.unlink), (os.mkdir, os.rmdir)):
            os.unlink(self.path)
            lay(self.path)
            for file in (self.file, in_time(lambda: PasswordFile(self.path))):
                _, error = in_time(lambda file=file: run_job(file, "check", ("right",)))
                self.assertIsInstance(error, Refused)
                self.assertIn("damaged", str(error))
                self.assertIsNotNone(file.edition())
            remove(self.path)
            self.write(keys.hash_password("right"))
            self.assertTrue(self.check("right"))

    def test_a_medium_that_is_gone_takes_nothing_away(self):
        before = self.edition()
        shutil.rmtree(self.folder)
        self.assertEqual(self.edition(), before)
        self.assertEqual([self.check(word) for word in ("right", "wrong")], [True, False])

    def test_a_medium_that_fails(self):
        before = self.edition()

        def fail(*args, **options):
            raise OSError(errno.EIO, "input/output error")

        with mock.patch.object(os, "stat", fail):
            self.assertEqual(self.edition(), before)
        with mock.patch.object(password, "read_file", fail):
            self.assertEqual([self.check(word) for word in ("right", "wrong")], [True, False])
            self.assertRaises(Refused, self.check, "right", PasswordFile(self.path))
