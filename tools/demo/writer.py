"""A program on the host that keeps writing: `python3 -m tools.demo.writer FOLDER BYTES_PER_SECOND`.

One file after the other, each fsynced, and only then a line `SHA-256 SIZE MICROSECONDS NAME` on stdout: what is
printed was promised by the disk. It ends when stdin does (exit 0), or when the disk fails (exit 1).
"""

import hashlib
import os
import select
import sys
import time

from tools.demo.files import made_up

FILES_IN_FOLDER = 100


def write_durably(path: str, data: bytes):
    """Writes a new file and asks the disk to keep it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view):]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_until_told(folder: str, rate: int):
    """Writes numbered files at `rate` bytes a second on average, until stdin ends."""
    began, written, number = time.monotonic(), 0, 0
    while not select.select([sys.stdin], [], [], max(0.0, began + written / rate - time.monotonic()))[0]:
        name = os.path.join("new-%02d" % (number // FILES_IN_FOLDER), "%05d" % number)
        data = made_up(number)
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        start = time.monotonic()
        write_durably(os.path.join(folder, name), data)
        took_us = int((time.monotonic() - start) * 1e6)
        print(hashlib.sha256(data).hexdigest(), len(data), took_us, name, flush=True)
        written += len(data)
        number += 1


if __name__ == "__main__":
    try:
        write_until_told(sys.argv[1], int(sys.argv[2]))
    except OSError as error:
        sys.exit("The disk failed: %s." % error.strerror)
