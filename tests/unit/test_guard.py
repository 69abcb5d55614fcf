"""What a board does about its keys while it runs, and what it lets callers make it say."""

import unittest

from firmware.errors import ProtocolError, Refused
from firmware.guard import LOOK_EVERY_MS, TELL_AGAIN_MS, Guard
from firmware.peer import Peer
from tests.unit.fakes_link import FakeJournal
from tests.unit.fakes_secure import DATA, HELLO, FakeInner, FakeSession, drain, put, record


class FakeCredentials:
    def __init__(self):
        self.paired = True
        self.certificate = b"own"
        self.trouble = ""
        self.damage = ""
        self.verdict = None

    def link_session(self, server):
        if not self.paired:
            raise Refused("not paired")
        session = FakeSession(not server)
        session.verdict = self.verdict
        return session

    def refresh(self):
        if self.damage:
            raise Refused(self.damage)


class Link(FakeInner):
    """What the guard and a Peer know of one."""

    refusal = reason = ""

    def __init__(self):
        super().__init__()
        self.wake = None

    def ended(self, sentence, refused):
        self.reason = sentence
        self.refusal = sentence if refused else ""
        self.finished = True

    close = drop = lambda self, reason="": setattr(self, "finished", True)


class Settings:
    rate, ack = 0, "local"


class Board:
    def __init__(self):
        self.alarms, self.notes, self.links = {}, [], []
        self.peer = Peer(None, FakeJournal(), None, Settings, None)
        self.peer.note = self.notes.append
        self.peer.new_link = self._new_link

    def _new_link(self):
        self.links.append(Link())
        return self.links[-1]

    def alarm(self, source, sentence):
        self.alarms[source] = sentence


class Loop:
    now, spans, on_span_error = 1000, None, None

    def __init__(self):
        self.timers = []

    def call_after(self, ms, call):
        self.timers.append((ms, call))

    def look(self):
        ms, call = self.timers.pop()
        assert ms == LOOK_EVERY_MS and not self.timers
        call()


class Guarding(unittest.TestCase):
    def setUp(self):
        self.board, self.credentials, self.loop = Board(), FakeCredentials(), Loop()
        self.guard = Guard(self.board, self.credentials, self.loop)

    def call(self, verdict=None, data=None):
        """A caller who gets that verdict."""
        self.credentials.verdict = verdict
        caller = self.guard.incoming()
        put(caller, data or record(HELLO))
        drain(caller)
        caller.lost()
        return caller

    # Callers

    def test_a_link_is_made_for_who_is_trusted_and_for_nobody_else(self):
        self.call(Refused("wrong"))
        self.call(None, record(DATA, b"garbage"))
        self.assertEqual(self.board.links, [])
        self.call()
        self.assertEqual(len(self.board.links), 1)
        self.assertEqual(self.board.links[0].losses, 1)

    def test_who_is_refused_is_the_operators_business_garbage_is_not(self):
        self.call(ProtocolError("garbage"))
        self.assertEqual((self.board.peer.caller, self.board.notes), ("", []))
        self.call(Refused("expired"))
        self.assertEqual((self.board.peer.caller, self.board.notes), ("expired", ["no link: expired"]))

    def test_a_caller_who_proves_nothing_is_no_refusal_of_the_other_board(self):
        self.board.peer.refusal = "wrong pair"
        self.call(Refused("expired"))
        self.assertEqual(self.board.peer.refusal, "wrong pair")

    def test_while_a_link_works_nobody_hears_of_strangers(self):
        self.board.peer.link = Link()
        self.call(Refused("wrong"))
        self.assertEqual((self.board.peer.caller, self.board.notes), ("", []))

    def test_callers_who_take_turns_do_not_fill_the_events(self):
        for _ in range(50):
            for sentence in ("wrong", "expired", "old"):
                self.call(Refused(sentence))
        self.assertEqual(len(self.board.notes), 3)
        self.assertEqual(self.board.peer.caller, "old")
        self.loop.now += TELL_AGAIN_MS
        self.call(Refused("wrong"))
        self.assertEqual(len(self.board.notes), 4)

    def test_what_is_news_after_a_link_is_told_at_once(self):
        self.call(Refused("expired"))
        self.board.peer.caller = ""  # a link was up meanwhile
        self.call(Refused("expired"))
        self.assertEqual(self.board.notes, ["no link: expired"] * 2)

    def test_a_trusted_one_that_ends_at_once_is_told_of_its_link(self):
        self.call(None, record(HELLO) + record(3))
        self.assertTrue("revoked" in self.board.links[0].refusal)

    def test_who_dials_is_told_every_time(self):
        for _ in range(2):
            link = Link()
            self.credentials.verdict = Refused("wrong")
            dialled = self.guard.outgoing(link)
            drain(dialled)
            put(dialled, record(HELLO))
            self.assertEqual(link.refusal, "wrong")

    # Without a pair

    def test_without_a_pair_there_is_nobody_to_talk_to(self):
        self.credentials.paired = False
        self.assertFalse(self.guard.ready)
        self.assertIsNone(self.guard.incoming())
        link = Link()
        self.assertTrue(self.guard.outgoing(link) is link)
        self.assertEqual((link.finished, link.refusal), (True, ""))
        self.guard.start()
        self.assertTrue("not paired" in self.board.alarms["keys"])
        self.credentials.paired = True
        self.loop.look()
        self.assertEqual(self.board.alarms["keys"], "")

    # The folder

    def test_damage_that_lasts_is_an_alarm(self):
        self.guard.start()
        self.credentials.damage = "own.key is damaged"
        self.loop.look()
        self.assertEqual(self.board.alarms["keys"], "")  # it may be just being replaced
        self.loop.look()
        self.assertEqual(self.board.alarms["keys"], "own.key is damaged")
        self.credentials.damage = ""
        self.loop.look()
        self.assertEqual(self.board.alarms["keys"], "")

    def test_damage_at_the_start_is_told_at_once_and_closes_the_link_only(self):
        self.credentials.paired, self.credentials.certificate = False, None
        self.credentials.damage = "own.key is damaged"
        self.guard.start()
        self.loop.look()
        self.assertEqual(self.board.alarms["keys"], "the link is closed: own.key is damaged")
        self.assertFalse(self.guard.ready)
        self.assertIsNone(self.guard.incoming())
        self.credentials.paired, self.credentials.certificate, self.credentials.damage = True, b"own", ""
        self.loop.look()
        self.assertEqual(self.board.alarms["keys"], "")
        self.assertTrue(self.guard.ready)

    def test_what_could_not_be_cleaned_up_is_an_alarm(self):
        self.credentials.trouble = "still trusted"
        self.guard.start()
        self.assertEqual(self.board.alarms["keys"], "still trusted")

    def test_a_new_certificate_is_shown_by_a_new_link(self):
        self.guard.start()
        self.board.peer.link = link = Link()
        self.loop.look()
        self.assertFalse(link.finished)
        self.credentials.refresh = lambda: setattr(self.credentials, "certificate", b"new")
        self.loop.look()
        self.assertTrue(link.finished)
        self.assertIsNone(self.board.peer.link)
