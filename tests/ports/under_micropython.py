"""The ports under MicroPython: storage, lane, loop. `micropython tests/ports/under_micropython.py FOLDER`, or CPython.

Prints one line per check and then `ready`, and ends with `clean` when it is sent SIGTERM.
"""

import random
import sys

sys.path.insert(0, (__file__.rsplit("/", 1)[0] if "/" in __file__ else ".") + "/../..")

from firmware.errors import ProtocolError, Refused  # noqa: E402 -- found through the path above
from firmware.ports import (  # noqa: E402
    FileStorage,
    Listener,
    Loop,
    ProcessLane,
    ThreadLane,
    catch_signals,
    create_file,
    dial,
    exists,
    free_bytes,
    now_ms,
    random_bytes,
    wall_ms,
)
from firmware.ports.files import replace_file  # noqa: E402
from firmware.ports.lanes import run_job  # noqa: E402
from firmware.ports.notebook import Notebook  # noqa: E402

FOLDER = sys.argv[1]
SIZE = 1 << 20
SECTOR = 512


def check(name, so):
    if not so:
        print("FAILED", name)
        sys.exit(1)
    print("ok", name)


def refused(call, *args):
    try:
        call(*args)
    except Refused as error:
        return str(error)
    return ""


def check_small_files():
    path = FOLDER + "/small"
    with open(path + ".new", "w") as left_over:
        left_over.write("half of")
    for content in (b"one", b"another", b""):
        replace_file(path, content)
        with open(path, "rb") as file:
            check("a file is replaced by %d bytes" % len(content), file.read() == content)
    check("nothing is left beside it", not exists(path + ".new"))
    book = Notebook(path, "settings", 10)
    check("it is read", run_job(book, "read", ()) == (b"", None))
    check("it is changed", run_job(book, "change", (lambda data: data + b"0123456789abc",))[1] is None)
    check("it is read no further than it may be", run_job(book, "read", ()) == (b"0123456789a", None))
    check("one that is not there is nothing", run_job(Notebook(path + "2", "settings"), "read", ()) == (None, None))
    error = run_job(Notebook(FOLDER + "/.", "settings"), "read", ())[1]
    check("a folder is refused", "it is no file; delete" in str(error))
    error = run_job(Notebook("/proc/self/exe", "settings"), "read", ())[1]
    check("a link is refused", "it is a link" in str(error))
    error = run_job(Notebook(FOLDER + "/no/such", "settings"), "read", ())[1]
    check("a folder that is missing is told of a file", "make its folder" in str(error))
    check("a folder that is missing is told", fails(replace_file, FOLDER + "/no/such", b""))


def check_storage():
    path = FOLDER + "/disk.img"
    create_file(path, SIZE, True)
    storage = FileStorage(path)
    model = bytearray(SIZE)
    random.seed(1)
    for _ in range(300):
        length = random.choice((1, 2, 7, 8, 9, 64, 300)) * SECTOR
        offset = random.randrange(0, (SIZE - length) // SECTOR + 1) * SECTOR
        kind = random.choice(("write", "write", "zero", "trim"))
        if kind == "write":
            data = bytes([random.getrandbits(8)]) * length
            storage.write(offset, memoryview(b"x" + data + b"x")[1 : 1 + length])
        else:
            data = bytes(length)
            getattr(storage, kind)(offset, length)
        model[offset : offset + length] = data
    storage.sync()
    read = bytearray(SIZE + 8)
    storage.read_into(0, memoryview(read)[4 : 4 + SIZE])
    check("storage holds what was written", bytes(read[4 : 4 + SIZE]) == bytes(model) and storage.trims)
    check("storage tells its extents", sum(extent[1] for extent in storage.allocated(0, SIZE)) == SIZE)
    check("storage is for one board", "in use" in refused(FileStorage, path, 50))
    check("storage is never made over another", "exists" in refused(create_file, path, SIZE, False))
    check("nothing reads beyond the end", fails(storage.read_into, SIZE - 4, memoryview(bytearray(8))))
    check("nothing writes beyond the end", fails(storage.write, SIZE - 4, memoryview(bytearray(8))))
    storage.close()
    far = 3 << 40
    create_file(FOLDER + "/far.img", far + SECTOR, False)
    storage = FileStorage(FOLDER + "/far.img")
    storage.write(far, memoryview(b"far!" * 128))
    storage.advise(far, SECTOR)
    check("offsets have 64 bits", storage.try_read_into(far, memoryview(read)[:SECTOR]) and read[:4] == b"far!")
    storage.close()
    check("files and space are known", exists(path) and not exists(FOLDER + "/no") and free_bytes(FOLDER + "/no") > 0)
    check("clock and dice work", wall_ms() > 1600000000000 and now_ms() <= now_ms() and len(random_bytes(16)) == 16)


def fails(call, *args):
    try:
        call(*args)
    except OSError:
        return True
    return False


class Worker:
    def add(self, a, b):
        yield
        return a + b

    def fail(self):
        yield
        raise OSError(28, "full")


class Echo:
    finished = False

    def __init__(self):
        self._buffer = memoryview(bytearray(4096))
        self._out = None

    def wanted(self):
        return None if self._out else self._buffer

    def received(self, count):
        self._out = self._buffer[:count]
        self.finished = not count
        if count and self._buffer[0] == ord("!"):
            raise ProtocolError("shouting")

    def outgoing(self):
        return self._out if self._out else None

    def sent(self, count):
        self._out = self._out[count:]

    def poll(self, now):
        return None

    def lost(self):
        pass


class Span:
    def __init__(self, position, length):
        self.position = position
        self.length = length

    def __len__(self):
        return self.length


class Client(Echo):
    """Sends `outs`, counts what comes back until `expected` bytes are there, then hangs up."""

    def __init__(self, outs, expected, done):
        super().__init__()
        self._outs = outs
        self._expected = expected
        self._done = done
        self.data = bytearray()

    def wanted(self):
        return self._buffer

    def received(self, count):
        self.data += self._buffer[:count]
        self.finished = not count or len(self.data) >= self._expected

    def outgoing(self):
        return self._outs[0] if self._outs else None

    def sent(self, count):
        first = self._outs.pop(0)
        rest = Span(first.position + count, first.length - count) if isinstance(first, Span) else first[count:]
        if len(rest):
            self._outs.insert(0, rest)

    def lost(self):
        self._done(bytes(self.data))


def check_loop(loop):
    loop.spans = FileStorage(FOLDER + "/disk.img")
    journal = bytearray(SIZE)
    loop.spans.read_into(0, memoryview(journal))
    text = b"hello " * 5000
    results = {}

    def run_client(name, address, outs, expected):
        client = Client(outs, expected, lambda data: results.update({name: data}))
        dial(loop, address, lambda: client, lambda error: results.update({name: error}))

    for name, place in (("tcp", ("tcp", "127.0.0.1", 0)), ("unix", ("unix", FOLDER + "/sock"))):
        address = Listener(loop, place, Echo).address
        run_client(name, address, [memoryview(text)], len(text))
        run_client(name + " spans", address, [memoryview(b"ab"), Span(0, SIZE), memoryview(b"yz")], SIZE + 4)
        run_client(name + " broken", address, [memoryview(b"!")], 100)
        check("an address in use is refused: " + str(address), "in use" in refused(Listener, loop, address, Echo))
    run_client("nobody", ("tcp", "127.0.0.1", 1), [], 1)
    lanes = [ThreadLane(Worker(), loop), ProcessLane(Worker(), loop)]
    ends = []
    for lane in lanes:
        lane.submit(lambda result, error: ends.append(result), "add", 1, 2)
        lane.submit(lambda result, error: ends.append(error.errno), "fail")
    check("done is not called inside submit", ends == [])
    began = now_ms()
    loop.hook = lambda now: loop.stop() if len(results) == 7 or now > began + 60000 else now + 10
    loop.run()
    loop.hook = None
    check("lanes report in order", sorted(ends) == [3, 3, 28, 28])
    for name in ("tcp", "unix"):
        check(name + " echoes", results[name] == text)
        check(name + " sends spans", results[name + " spans"] == b"ab" + bytes(journal) + b"yz")
        check(name + " closes after a broken protocol, with last words", results[name + " broken"] == b"!")
    check("nobody is there", results["nobody"].errno == 111)


def main():
    check_small_files()
    check_storage()
    loop = Loop()
    check_loop(loop)
    catch_signals(loop, loop.stop)
    print("ready")
    loop.run()
    loop.close()
    print("clean")


main()
