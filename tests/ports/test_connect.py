import errno
import os
import socket
import tempfile
import threading
import time
import unittest

from firmware import address
from firmware.errors import Refused
from firmware.ports import Listener, Loop, connect, dial
from tests.ports.conversations import Broken, Echo, Recorder, spin


def place(text):
    """The address that `text` names; port 0, any free one, is for tests alone."""
    if text.endswith(":0"):
        return "tcp", text[:-2].strip("[]"), 0
    return address.parse(text)


class Endless(Recorder):
    """Has always something to say."""

    def __init__(self):
        super().__init__()
        self.sent_bytes = 0
        self._looked = (0, 0.0)

    def outgoing(self):
        return memoryview(bytes(4096))

    def sent(self, count):
        self.sent_bytes += count

    def is_stuck(self):
        """Whether nothing has gone out for a while."""
        now = time.monotonic()
        if self._looked[0] != self.sent_bytes:
            self._looked = (self.sent_bytes, now)
        return self.sent_bytes > 0 and now - self._looked[1] > 0.2


def read_some(sock, got):
    try:
        got[0] += len(sock.recv(1 << 20))
    except BlockingIOError:
        pass
    return True


class ConnectTest(unittest.TestCase):
    def setUp(self):
        self.loop = Loop()
        self.addCleanup(self.loop.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = folder.name + "/sock"

    def listen(self, text, make=Echo, limit=64, **options):
        listener = Listener(self.loop, place(text), make, limit, **options)
        self.addCleanup(listener.close)
        return listener

    def dial(self, to, **options):
        """The conversation that dial made, or the error it failed with."""
        ends = []
        dial(self.loop, to, lambda: ends.append(Recorder()) or ends[0], ends.append, **options)
        self.assertEqual(ends, [])
        spin(self.loop, lambda: ends)
        return ends[0]


class Listening(ConnectTest):
    def test_bytes_pass_both_ways_over_every_kind_of_address(self):
        for text in ("127.0.0.1:0", "localhost:0", "[::1]:0", "unix:" + self.path):
            listener = self.listen(text)
            client = self.dial(listener.address)
            client.say(b"hello " * 1000)
            client.wake()
            spin(self.loop, lambda c=client: len(c.data) == 6000)
            self.assertEqual(client.data, b"hello " * 1000)

    def test_callers_beyond_the_limit_are_turned_away_until_somebody_leaves(self):
        taken = []
        listener = self.listen("unix:" + self.path, lambda: taken.append(Echo()) or taken[-1], limit=64)
        clients = [self.client() for _ in range(64)]
        spin(self.loop, lambda: len(taken) == 64)
        late = self.client()
        answers = []
        threading.Thread(target=lambda: answers.append(late.recv(1))).start()
        spin(self.loop, lambda: answers)
        self.assertEqual((answers, len(taken)), ([b""], 64))
        clients[0].close()
        spin(self.loop, lambda: taken[0].times_lost)
        self.client()
        spin(self.loop, lambda: len(taken) == 65)
        listener.close()
        self.assertFalse(os.path.exists(self.path))
        self.assertEqual(taken[1].times_lost, 0)

    def test_when_it_is_full_the_oldest_that_can_be_spared_makes_room(self):
        taken = []
        self.listen("unix:" + self.path, lambda: taken.append(Echo()) or taken[-1], limit=3)
        clients = [self.client() for _ in range(3)]
        spin(self.loop, lambda: len(taken) == 3)
        taken[1].expendable = taken[2].expendable = True
        clients.append(self.client())
        spin(self.loop, lambda: len(taken) == 4)
        self.assertEqual([each.times_lost for each in taken], [0, 1, 0, 0])
        self.assertEqual(clients[1].recv(1), b"")
        clients += [self.client(), self.client()]  # the first takes the place of number 2, for the other there is none
        spin(self.loop, lambda: len(taken) == 5)
        self.assertEqual([each.times_lost for each in taken], [0, 1, 1, 0, 0])
        clients[5].settimeout(0.2)
        received = []
        threading.Thread(target=lambda: received.append(clients[5].recv(1))).start()
        spin(self.loop, lambda: received)
        self.assertEqual((received, len(taken)), ([b""], 5))

    def test_one_that_raises_when_it_makes_room(self):
        taken = []

        def surface():
            taken.append(Broken())
            taken[-1].expendable = True
            return taken[-1]

        self.listen("unix:" + self.path, surface, limit=2)
        for count in range(1, 5):
            self.client()
            spin(self.loop, lambda count=count: len(taken) == count)
        self.assertEqual([each.bugs for each in taken], [["ValueError('night')"]] * 2 + [[], []])

    def test_a_crowd_from_one_place_makes_room_first(self):
        taken = []

        def stranger():
            taken.append(Echo())
            taken[-1].expendable = True
            return taken[-1]

        listener = self.listen("127.0.0.1:0", stranger, limit=4)
        for number, place in enumerate(("127.0.0.2", "127.0.0.3", "127.0.0.3", "127.0.0.4", "127.0.0.3", "127.0.0.3",
                                        "127.0.0.5")):  # fmt: skip
            client = socket.create_connection(listener.address[1:], 5, (place, 0))
            self.addCleanup(client.close)
            spin(self.loop, lambda count=number + 1: len(taken) == count)
        self.assertEqual([each.times_lost for each in taken], [0, 1, 1, 0, 1, 0, 0])

    def test_a_crowd_is_heard_a_few_at_a_time(self):
        times = []
        self.listen("unix:" + self.path, lambda: times.append(time.monotonic()) or Echo(), burst=3)
        began = time.monotonic()
        clients = [self.client() for _ in range(10)]
        spin(self.loop, lambda: len(times) == len(clients))
        counts = [len([each for each in times if each - began < limit]) for limit in (0.08, 0.18, 0.28)]
        self.assertTrue(counts[0] <= 3 and counts[1] <= 6 and counts[2] <= 9, counts)

    def test_nothing_waits_in_the_kernel_for_who_does_not_read(self):
        usual, fresh = self._unread_bytes(False), self._unread_bytes(True)
        self.assertLess(fresh, usual / 4)

    def _unread_bytes(self, fresh):
        """What is taken from a conversation whose client does not read; it goes on when he does."""
        made, got = [], [0]
        listener = self.listen("127.0.0.1:0", lambda: made.append(Endless()) or made[0], fresh=fresh)
        client = socket.create_connection(listener.address[1:])
        self.addCleanup(client.close)
        spin(self.loop, lambda: made and made[0].is_stuck())
        unread = made[0].sent_bytes
        client.setblocking(False)
        spin(self.loop, lambda: read_some(client, got) and got[0] > 2 * unread)
        client.close()
        return unread

    def test_who_wants_to_know_is_told_where_a_caller_comes_from(self):
        for text, name in (("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"), ("unix:" + self.path, "")):
            callers = []
            listener = self.listen(text, callers.append, knows_caller=True)
            self.dial(listener.address)
            spin(self.loop, lambda c=callers: c)
            self.assertEqual(callers, [name])

    def client(self):
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.connect(self.path)
        return client

    def test_none_turns_a_caller_away(self):
        listener = self.listen("127.0.0.1:0", lambda: None)
        client = self.dial(listener.address)
        spin(self.loop, lambda: client.ended)

    def test_without_descriptors_callers_wait_and_the_loop_does_not_spin(self):
        listener = self.listen("127.0.0.1:0")
        real, tries = connect.sockets.accept, []

        def accept(sock):
            tries.append(time.monotonic())
            if len(tries) < 3:
                raise OSError(errno.EMFILE, "too many")
            return real(sock)

        connect.sockets.accept = accept
        self.addCleanup(setattr, connect.sockets, "accept", real)
        connect._PAUSE_MS, pause = 50, connect._PAUSE_MS
        self.addCleanup(setattr, connect, "_PAUSE_MS", pause)
        client = self.dial(listener.address)
        client.say(b"hi")
        client.wake()
        spin(self.loop, lambda: client.data == b"hi")
        self.assertTrue(0.09 <= tries[2] - tries[0] < 20)


class Refusals(ConnectTest):
    def refusal(self, text):
        with self.assertRaises(Refused) as caught:
            Listener(self.loop, place(text), Echo)
        self.assertIn(text, str(caught.exception))
        return str(caught.exception)

    def test_an_address_in_use_is_named(self):
        for text in ("127.0.0.1:0", "unix:" + self.path):
            self.assertIn("in use", self.refusal(address.text(self.listen(text).address)))

    def test_an_address_of_another_machine_is_named(self):
        self.assertIn("this machine has no address", self.refusal("192.0.2.1:7411"))
        self.refusal("no-such-name.invalid:7411")

    def test_the_socket_file_of_a_board_that_died_is_replaced(self):
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(self.path)
        dead.close()
        client = self.dial(self.listen("unix:" + self.path).address)
        client.say(b"hi")
        client.wake()
        spin(self.loop, lambda: client.data == b"hi")

    def test_a_file_that_is_no_socket_is_left_alone(self):
        with open(self.path, "w") as file:
            file.write("precious")
        self.refusal("unix:" + self.path)
        with open(self.path) as file:
            self.assertEqual(file.read(), "precious")

    def test_a_socket_file_where_somebody_answers_is_left_alone(self):
        other = socket.socket(socket.AF_UNIX)
        self.addCleanup(other.close)
        other.bind(self.path)
        other.listen(1)
        self.refusal("unix:" + self.path)
        socket.socket(socket.AF_UNIX).connect(self.path)


class Dialling(ConnectTest):
    def test_nobody_there(self):
        self.assertEqual(self.dial(("tcp", "127.0.0.1", 1)).errno, errno.ECONNREFUSED)
        self.assertEqual(self.dial(("unix", self.path)).errno, errno.ENOENT)

    def test_a_name_that_nobody_knows(self):
        self.assertTrue(isinstance(self.dial(("tcp", "no-such-name.invalid", 7411)), OSError))

    def test_somebody_who_never_answers(self):
        deaf = socket.socket()
        self.addCleanup(deaf.close)
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        crowd = [socket.socket() for _ in range(3)]  # fills the queue; what comes later hears nothing
        for one in crowd:
            self.addCleanup(one.close)
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        error = self.dial(("tcp", *deaf.getsockname()), timeout_ms=50)
        self.assertEqual(error.errno, errno.ETIMEDOUT)

    def test_a_name_server_that_does_not_answer_does_not_stop_the_loop(self):
        from firmware.ports.cpython import sockets

        real, answer = sockets.find, threading.Event()

        def find(host, port, flags=0):
            if not flags:
                answer.wait(5)
            return real("127.0.0.1" if not flags else host, port, flags)

        sockets.find = find
        self.addCleanup(setattr, sockets, "find", real)
        listener = self.listen("127.0.0.1:0")
        ticks = []
        self.loop.call_after(20, lambda: (ticks.append(1), answer.set()))
        self.assertTrue(isinstance(self.dial(("tcp", "slow.example", listener.address[2])), Recorder))
        self.assertEqual(ticks, [1])
