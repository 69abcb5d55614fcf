"""A host that never rests: numbered writes of all sizes, several in flight, flushes in between, in a thread."""

import random
import threading

from tests.process.nbd_client import FUA
from tests.process.oracle import SECTOR, History

DEPTH = 8


class Writer:
    """Writes into a board until it is told to stop or the connection breaks.

    One connection, so the order of the requests is the order of the log. `flushed` is the newest write that a
    completed flush or FUA write covers, `completed` the newest that was answered with all before it.
    """

    def __init__(self, board, history: History, dice: random.Random, longest: int = 64):
        self.history = history
        self.flushed = 0
        self.completed = 0
        self.error = None
        self._client = board.patient_client()
        self._dice = dice
        self._longest = longest
        self._in_flight: dict[int, tuple[int, bool]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Writer":
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ends politely: everything in flight is answered, then flushed."""
        self._stop.set()
        self.join()
        assert self.error is None, self.error

    def join(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive(), "the writer hangs"

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._one()
                while len(self._in_flight) >= DEPTH:
                    self._settle_one()
            self._flush()
            while self._in_flight:
                self._settle_one()
            self._client.close()
        except (OSError, AssertionError) as error:
            self.error = error
            self._client.drop()

    def _one(self) -> None:
        """Sends one command; what it covers is noted before, since the board may act on it at once."""
        lot = self._dice.random()
        if lot < 0.06:
            self._flush()
            return
        length = self._dice.choice((1, 1, 2, 8, 8, 8, self._dice.randint(1, self._longest))) * SECTOR
        offset = self._dice.randrange((self.history.size - length) // SECTOR + 1) * SECTOR
        if lot < 0.14:
            number = self.history.add(offset, length, is_data=False)
            handle = self._client.send_zero(offset, length, trim=False)
            self._in_flight[handle] = (number, False)
            return
        number = self.history.add(offset, length)
        durable = lot < 0.18
        data = self.history.data(number, offset, length)
        self._in_flight[self._client.send_write(offset, data, FUA if durable else 0)] = (number, durable)

    def _flush(self) -> None:
        """A flush covers what was answered before it is sent."""
        self._in_flight[self._client.send_flush()] = (-self.completed, True)

    def _settle_one(self) -> None:
        handle, error = self._client.take_reply()
        if error:
            raise OSError(error, "write answered with NBD error %d" % error)
        number, durable = self._in_flight.pop(handle)
        waiting = [abs(other) for other, _ in self._in_flight.values() if other > 0]
        before = min(waiting) - 1 if waiting else self.history.last
        self.completed = max(self.completed, before)
        if durable:
            self.flushed = max(self.flushed, -number if number <= 0 else number)
