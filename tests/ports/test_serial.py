"""Serial devices: raw, without waiting, and what a hang-up is to the loop. Both runtimes."""

import errno
import os
import pathlib
import subprocess
import sys
import termios
import unittest

from firmware.config import SPEEDS as SPEEDS_OF_CONFIG
from firmware.errors import Refused
from firmware.ports import Loop, open_serial
from firmware.ports.serial import SPEEDS
from tests.ports.conversations import spin

HERE = pathlib.Path(__file__).parent
SCRIPT = HERE / "serial_script.py"
MUCH = b"x" * 4096
LEADER = """
import os, sys
from firmware.ports import open_serial
os.setsid()
port = open_serial(sys.argv[1], None)
try:
    os.open("/dev/tty", os.O_RDWR)
    print("controls")
except OSError:
    print("does not")
"""


class Speeds(unittest.TestCase):
    def test_the_numbers_are_linux_numbers(self):
        self.assertEqual(sorted(SPEEDS), sorted(SPEEDS_OF_CONFIG))
        for speed, number in SPEEDS.items():
            self.assertEqual(getattr(termios, "B%d" % speed), number)


class Opened(unittest.TestCase):
    def setUp(self):
        self.master, self.slave = os.openpty()
        self.name = os.ttyname(self.slave)
        self.addCleanup(self.hang_up)

    def hang_up(self):
        for descriptor in (self.slave, self.master):
            if descriptor >= 0:
                os.close(descriptor)
        self.slave = self.master = -1

    def open(self, speed=None):
        port = open_serial(self.name, speed)
        self.addCleanup(port.close)
        return port

    def test_it_is_raw_and_has_its_speed(self):
        self.open(57600)
        mode = termios.tcgetattr(self.slave)
        self.assertEqual(mode[4:6], [termios.B57600] * 2)
        self.assertFalse(mode[0] & (termios.ICRNL | termios.IXON | termios.IXOFF | termios.ISTRIP | termios.BRKINT))
        self.assertFalse(mode[1] & termios.OPOST)
        self.assertFalse(mode[3] & (termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN))
        self.assertTrue(mode[2] & termios.CLOCAL and mode[2] & termios.CREAD)
        self.open(None)
        self.assertEqual(termios.tcgetattr(self.slave)[4:6], [termios.B57600] * 2)

    def test_every_byte_passes_both_ways(self):
        port, every = self.open(), bytes(range(256))
        os.write(self.master, every)
        buffer = bytearray(300)
        self.assertEqual((port.recv_into(memoryview(buffer)), bytes(buffer[:256])), (256, every))
        self.assertEqual(port.send(memoryview(every)), 256)
        self.assertEqual(os.read(self.master, 300), every)

    def test_nothing_is_waited_for(self):
        port = self.open()
        reads, writes = lambda: port.recv_into(memoryview(bytearray(9))), lambda: [port.send(MUCH) for _ in range(99)]
        for call in (reads, writes):
            with self.assertRaises(OSError) as caught:
                call()
            self.assertEqual(caught.exception.errno, errno.EAGAIN)

    def test_it_does_not_become_the_controlling_terminal(self):
        command = [sys.executable, "-c", LEADER, self.name]
        run = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[1])
        self.assertEqual(run.stdout, "does not\n", run.stderr)

    def test_refused(self):
        for path, why in (("/nonexistent", "No such file"), ("/etc/passwd", "is not a serial device")):
            with self.assertRaises(Refused) as caught:
                open_serial(path, 9600)
            self.assertIn(why, str(caught.exception))

    def test_a_hang_up_ends_the_conversation_and_is_no_damaged_journal(self):
        loop, errors = Loop(), []
        loop.on_span_error = errors.append
        talker = _Talker()
        loop.converse(self.open(), talker)
        spin(loop, lambda: talker.count > 2)
        self.hang_up()
        spin(loop, lambda: talker.is_lost)
        self.assertEqual(errors, [])
        loop.close()

    def test_closing_does_not_wait(self):
        port = self.open()
        try:
            while True:
                port.send(b"x" * 4096)
        except OSError:
            pass
        port.close()
        self.assertEqual(port.queued(), 0)
        port.close()


class _Talker:
    """Says something all the time; reads nothing."""

    def __init__(self):
        self.finished = self.is_lost = False
        self.count = 0

    def wanted(self):
        return None

    def outgoing(self):
        return None if self.count > 1000 else memoryview(b"x" * 100)

    def sent(self, count):
        self.count += 1

    def poll(self, now_ms):
        return now_ms + 5

    def lost(self):
        self.is_lost = True


class BothRuntimes(unittest.TestCase):
    def run_under(self, *interpreter):
        master, slave = os.openpty()
        process = subprocess.Popen(
            [*interpreter, str(SCRIPT), os.ttyname(slave)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            self.assertEqual(_read(master, 6), b"hello\n")
            os.write(master, b"\x00\x03\x0d\x7f\xff")
            self.assertEqual(_read(master, 5), b"\x01\x04\x0e\x80\x00")
        finally:
            os.close(slave)
            os.close(master)
            told = process.communicate(timeout=20)[0]
        self.assertEqual(process.returncode, 0, told)
        self.assertEqual(told.count("refused:"), 4)
        self.assertIn("hung up, span errors: 0", told)

    def test_cpython(self):
        self.run_under(sys.executable)

    def test_micropython(self):
        found = subprocess.run([str(HERE.parent / "micropython" / "interpreter")], capture_output=True, text=True)
        if found.returncode:
            self.skipTest(found.stderr.strip())
        self.run_under(found.stdout.strip(), "-X", "heapsize=16M")


def _read(master, count):
    data = b""
    while len(data) < count:
        data += os.read(master, count - len(data))
    return data


if __name__ == "__main__":
    unittest.main()
