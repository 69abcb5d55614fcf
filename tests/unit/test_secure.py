"""TLS around a conversation, with a session that only looks like one."""

import unittest

from firmware.errors import ProtocolError, Refused
from firmware.link.secure import HANDSHAKE_MS, PIECE, STUCK_MS, Secure
from firmware.log.span import Span
from firmware.pair.identity import PRIMARY, TWIN
from tests.unit.fakes_link import Chance, Wire, pieces, same_log, single, whole
from tests.unit.fakes_secure import (
    ALERT,
    DATA,
    END,
    HELLO,
    FakeInner,
    FakeSession,
    NearStorage,
    SecureBoard,
    Told,
    drain,
    put,
    record,
    served,
)


def pair(count: int, size: int = 3000):
    chance = Chance(5)
    left, right = SecureBoard(PRIMARY, "left"), SecureBoard(TWIN, "right")
    left.client = True
    for _ in range(count):
        left.journal.add(chance.bytes(16 + chance.below(size)))
    return left, right


class Links(unittest.TestCase):
    """The link itself does not notice."""

    def test_groups_arrive_however_the_bytes_are_cut(self):
        for cut in (whole, single, pieces(1), pieces(2)):
            left, right = pair(6)
            Wire(left, right, cut).run()
            self.assertTrue(same_log(left, right))
            self.assertEqual(left.acks[-1], (6, 6))

    def test_bodies_in_memory_arrive(self):
        left, right = pair(40)
        left.journal.resident = True
        Wire(left, right, pieces(3)).run()
        self.assertTrue(same_log(left, right))

    def test_either_side_may_have_dialled(self):
        left, right = pair(3)
        left.client, right.client = False, True
        Wire(left, right).run()
        self.assertTrue(same_log(left, right))

    def test_a_link_that_ends_in_good_order_says_so_to_the_other(self):
        left, right = pair(1)
        wire = Wire(left, right)
        wire.run()
        left.part.close()
        wire.pass_time(1200)
        self.assertEqual(right.parted_links[0].reason, "the other board is stopping")
        self.assertTrue(all(end.gone for end in wire.ends))

    def test_a_cut_at_any_byte_leaves_a_prefix_and_the_next_connection_goes_on(self):
        for severed in range(1, 3000, 97):
            left, right = pair(4, 700)
            wire = Wire(left, right)
            wire.severed_after = severed
            wire.run()
            Wire(left, right).run()
            self.assertTrue(same_log(left, right))


class Counting(unittest.TestCase):
    """What TLS adds is told, so that a quota counts what goes over the wire."""

    def test_with_what_the_inside_says_and_hears_it_is_all(self):
        counts, inner = [], FakeInner(b"x" * 50000, b"y")
        secure = Secure(inner, FakeSession(False), count=counts.append)
        came = record(HELLO) + record(DATA, b"a" * 700) + record(DATA, b"b")
        put(secure, came)
        went = drain(secure)
        self.assertEqual(sum(counts) + 50001 + 701, len(came) + len(went))
        self.assertTrue(sum(counts) >= 3 * 8)

    def test_a_stranger_costs_nothing(self):
        counts = []
        session = FakeSession(False)
        session.verdict = Refused("who is that")
        secure = Secure(FakeInner(), session, count=counts.append)
        put(secure, record(HELLO)[:2])
        self.assertEqual(counts, [])
        put(secure, record(HELLO)[2:])
        self.assertTrue(drain(secure))  # it is told why
        self.assertEqual(counts, [])


class Handshake(unittest.TestCase):
    def test_the_inside_hears_and_says_nothing_before_it_is_over(self):
        inner = FakeInner(b"secret")
        secure = Secure(inner, FakeSession(False))
        self.assertEqual(drain(secure), b"")
        secure.poll(1)
        self.assertEqual((inner.polls, len(inner.says)), (0, 1))
        put(secure, record(HELLO) + record(DATA, b"early"))
        self.assertEqual(bytes(inner.heard), b"early")
        self.assertEqual(drain(secure), record(HELLO) + record(DATA, b"secret"))

    def test_a_client_begins(self):
        self.assertEqual(drain(Secure(FakeInner(), FakeSession(True))), record(HELLO))

    def test_little_memory_and_no_right_to_a_place_before_it_is_over(self):
        secure = Secure(FakeInner(), FakeSession(False))
        self.assertTrue(secure.expendable)
        self.assertTrue(len(secure.wanted()) <= 16384)
        put(secure, record(HELLO))
        self.assertFalse(secure.expendable)
        self.assertEqual(len(secure.wanted()), PIECE)

    def test_the_inside_may_be_made_when_the_other_side_is_trusted(self):
        made = []

        def make():
            made.append(FakeInner(b"hello"))
            return made[-1]

        for data, count in ((record(HELLO)[:2], 0), (record(DATA, b"no handshake"), 0), (record(HELLO), 1)):
            secure = Secure(None, FakeSession(False), make_inner=make)
            put(secure, data)
            drain(secure)
            secure.poll(1)
            secure.lost()
            self.assertEqual(len(made), count)
        self.assertEqual((made[0].losses, made[0].says), (1, []))

    def test_an_expendable_inside_stays_expendable(self):
        inner = FakeInner()
        inner.expendable = True
        self.assertTrue(served(inner)[0].expendable)

    def test_ten_seconds_are_enough(self):
        told, inner = Told(), FakeInner()
        secure = Secure(inner, FakeSession(False), ended=told)
        self.assertEqual(secure.poll(1000), 1000 + HANDSHAKE_MS)
        put(secure, record(HELLO)[:2])
        secure.poll(999 + HANDSHAKE_MS)
        self.assertFalse(secure.finished)
        self.assertTrue(secure.poll(1000 + HANDSHAKE_MS) > 1000 + HANDSHAKE_MS)
        self.assertTrue(secure.finished)
        self.assertEqual([refused for _, refused in told.calls], [False])
        secure.lost()
        self.assertEqual((inner.losses, len(told.calls)), (1, 1))

    def test_who_is_refused_gets_the_alert_and_the_operator_the_sentence(self):
        for error, refused in ((Refused("revoked"), True), (ProtocolError("garbage"), False)):
            told, inner = Told(), FakeInner(b"secret")
            session = FakeSession(False)
            session.verdict = error
            secure = Secure(inner, session, ended=told)
            put(secure, record(HELLO))
            self.assertEqual(told.calls, [(str(error), refused)])
            self.assertFalse(secure.finished)
            self.assertEqual(drain(secure), record(ALERT))
            self.assertTrue(secure.finished)
            self.assertEqual((bytes(inner.heard), len(inner.says)), (b"", 1))

    def test_a_cut_in_it_is_told_and_is_no_refusal(self):
        told = Told()
        secure = Secure(FakeInner(), FakeSession(True), ended=told)
        drain(secure)
        secure.received(0)
        self.assertTrue(secure.finished)
        self.assertEqual([refused for _, refused in told.calls], [False])
        secure = Secure(FakeInner(), FakeSession(True), ended=told)
        secure.lost()
        self.assertEqual((secure.finished, len(told.calls)), (True, 2))


class Passing(unittest.TestCase):
    def test_what_the_inside_does_not_want_stops_the_transport(self):
        secure, _, inner, _ = served()
        inner.hungry = False
        put(secure, record(DATA, b"a"))
        self.assertIsNone(secure.wanted())
        self.assertEqual(bytes(inner.heard), b"")
        inner.hungry = True
        secure.poll(5)
        self.assertEqual(bytes(inner.heard), b"a")
        self.assertTrue(secure.wanted() is not None)

    def test_what_it_does_want_comes_although_nothing_can_be_sent(self):
        secure, _, inner, _ = served()
        inner.hungry = False
        put(secure, record(DATA, b"a"))
        inner.says.append(memoryview(b"answer"))
        self.assertTrue(secure.outgoing() is not None)  # and the transport takes nothing of it
        inner.hungry = True
        secure.poll(5)
        self.assertEqual(bytes(inner.heard), b"a")
        self.assertTrue(secure.wanted() is not None)

    def test_several_records_fill_one_view(self):
        secure, _, inner, _ = served()
        put(secure, b"".join(record(DATA, bytes([65 + place]) * 30) for place in range(10)))
        self.assertEqual(len(inner.heard), 300)
        self.assertEqual(bytes(inner.heard[90:120]), b"D" * 30)

    def test_a_piece_at_a_time_is_encrypted(self):
        secure, _, inner, _ = served(FakeInner(bytes(3 * PIECE)))
        out = secure.outgoing()
        self.assertTrue(PIECE <= len(out) < PIECE + 1000)
        self.assertEqual(len(inner.says[0]), 2 * PIECE)
        secure.sent(5)
        self.assertEqual(len(secure.outgoing()), len(out) - 5)
        self.assertEqual(len(inner.says[0]), 2 * PIECE)

    def test_a_wake_from_inside_reaches_the_driver(self):
        secure, _, inner, _ = served()
        woken = []
        secure.wake = lambda: woken.append(1)
        inner.wake()
        self.assertEqual(woken, [1])

    def test_a_worn_session_is_ended(self):
        secure, session, _, told = served(FakeInner(bytes(PIECE)))
        session.worn = True
        drain(secure)
        self.assertEqual([refused for _, refused in told.calls], [False])
        self.assertTrue(secure.finished)


class Spans(unittest.TestCase):
    def setUp(self):
        self.storage = NearStorage(lambda: bytes(range(256)) * 16)
        self.failures = []
        inner = FakeInner(Span(100, 50))
        inner.sent = lambda count: inner.says.pop(0)
        options = {"spans": self.storage, "on_span_error": self.failures.append}
        self.storage.far = True
        self.secure, _, self.inner, self.told = served(inner, **options)

    def test_they_come_from_the_storage(self):
        self.storage.far = False
        self.assertEqual(drain(self.secure), record(DATA, bytes(range(100, 150))))

    def test_while_they_are_not_in_memory_nobody_waits_for_the_medium(self):
        self.assertEqual(drain(self.secure), b"")
        self.assertEqual(self.storage.advised[0][0], 100)
        self.assertEqual(self.secure.poll(7), 9)
        self.storage.far = False
        self.assertEqual(len(drain(self.secure)), 53)
        self.assertIsNone(self.secure.poll(9))

    def test_a_medium_that_fails_ends_the_connection(self):
        def fail(position, view):
            raise OSError(5)

        self.storage.try_read_into = fail
        self.assertEqual(drain(self.secure), b"")
        self.assertEqual(len(self.failures), 1)
        self.assertTrue(self.secure.finished)


class End(unittest.TestCase):
    def test_who_has_finished_says_so(self):
        secure, _, inner, told = served(FakeInner(b"last"))
        inner.finished = True
        self.assertEqual(drain(secure), record(DATA, b"last") + record(END))
        self.assertTrue(secure.finished)
        self.assertIsNone(secure.wanted())
        self.assertEqual(told.calls, [])

    def test_the_other_side_may_end_in_good_order(self):
        secure, _, inner, told = served()
        put(secure, record(DATA, b"a") + record(END) + record(DATA, b"nobody hears this"))
        self.assertEqual((bytes(inner.heard), inner.ends), (b"a", 1))
        self.assertIsNone(secure.wanted())
        inner.says.append(memoryview(b"answer"))
        self.assertEqual(drain(secure), record(DATA, b"answer"))
        self.assertEqual(told.calls, [])

    def test_an_end_without_a_word_looks_like_a_revoked_certificate(self):
        secure, _, inner, told = served()
        put(secure, record(END))
        self.assertEqual([refused for _, refused in told.calls], [True])
        self.assertEqual(inner.ends, 1)

    def test_a_cut_is_not_an_end(self):
        secure, _, inner, told = served()
        put(secure, record(DATA, b"a") + record(DATA, b"b")[:-1])
        secure.received(0)
        self.assertTrue(secure.finished)
        secure.lost()
        self.assertEqual((bytes(inner.heard), inner.ends, inner.losses), (b"a", 0, 1))

    def test_a_damaged_record_ends_it_and_nothing_of_it_is_heard(self):
        secure, _, inner, told = served()
        put(secure, record(DATA, b"a") + record(9, b"b") + record(DATA, b"c"))
        self.assertEqual((bytes(inner.heard), told.calls), (b"a", [("a record is damaged", False)]))
        self.assertEqual(drain(secure)[:3], record(ALERT))
        self.assertTrue(secure.finished)

    def test_a_certificate_that_is_revoked_meanwhile_ends_it(self):
        secure, session, inner, told = served()
        self.assertEqual((secure.poll(3), inner.polls), (None, 1))
        session.complaint = "revoked"
        secure.poll(5)
        self.assertEqual(told.calls, [("revoked", True)])
        self.assertEqual((drain(secure), secure.finished, inner.polls), (record(END), True, 1))
        self.assertEqual(put(secure, record(DATA, b"more")), 0)

    def test_the_last_words_of_a_broken_protocol_go_out(self):
        secure, _, inner, _ = served()
        inner.break_at = 3
        with self.assertRaises(ProtocolError):
            put(secure, record(DATA, b"abc"))
        inner.says.append(memoryview(b"why"))
        self.assertEqual(drain(secure), record(DATA, b"why") + record(END))
        self.assertTrue(secure.finished)

    def test_a_transport_that_is_stuck_is_given_up(self):
        secure, _, inner, _ = served(FakeInner(b"last"))
        inner.finished = True
        self.assertTrue(secure.outgoing() is not None)
        self.assertEqual(secure.poll(10), 10 + STUCK_MS)
        secure.sent(1)
        self.assertEqual(secure.poll(10 + STUCK_MS), 10 + 2 * STUCK_MS)
        self.assertFalse(secure.finished)
        secure.poll(10 + 2 * STUCK_MS)
        self.assertTrue(secure.finished)
        self.assertIsNone(secure.outgoing())

    def test_an_inside_without_interest_in_tls_needs_not_be_told(self):
        secure = Secure(FakeInner(), FakeSession(False))
        put(secure, record(DATA, b"not a handshake"))
        drain(secure)
        self.assertTrue(secure.finished)
