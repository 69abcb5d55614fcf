"""The console as a Conversation: commands, questions, editing, pace, and what a careless neighbour may do to it."""

import unittest

from firmware.console.console import FORGET_MS, FRAME_MS, MAX_LINE, TYPING_MS, Console
from firmware.errors import Refused
from firmware.status.events import Events
from tests.unit.fakes_terminal import Terminal
from tests.unit.test_status import FakeBoard

NOON = 1700049600000


class Board(FakeBoard):
    """Remembers what it was asked for; `answer` is given at once, or kept in `done`."""

    def __init__(self, answer=None, **changes):
        super().__init__(**changes)
        self.events = Events(self._wall_ms)
        self.asked = []
        self.answer = answer
        self.done = None

    def _wall_ms(self):
        return NOON

    def _act(self, wish, done):
        self.asked.append(wish)
        self.done = done
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            done(*self.answer)

    def mark(self, name, done):
        self._act(("mark", name), done)

    def promote(self, force, done):
        self._act(("promote", force), done)


def twin(answer=None, **changes):
    facts = {"name": "right", "role": "twin", "link_state": "waiting", "rtt_ms": None}
    facts.update(changes)
    return Board(answer, **facts)


class Session:
    """A person at a terminal on `board`; `takes`: whether the terminal reads what it gets."""

    def __init__(self, board):
        self.board = board
        self.queue = 0
        self.console = Console(board, self._wall_ms, self._queued)
        self.console.wake = self._wake
        self.terminal = Terminal()
        self.now = 1000
        self.takes = True
        self.wakes = self.frames = self.taken = 0
        self.turn()

    def _wall_ms(self):
        return NOON + self.now

    def _queued(self):
        return self.queue

    def _wake(self):
        self.wakes += 1

    def turn(self):
        """As a channel does it: send what there is, poll, send again."""
        out = self.console.outgoing()
        for _ in range(50):
            if out is not None and self.takes:
                self.frames += b"\x1b[?25l" in bytes(out)
                self.taken += len(out)
                self.terminal.feed(out)
                self.console.sent(len(out))
            self.due = self.console.poll(self.now)
            assert self.due is None or self.due > self.now
            out = self.console.outgoing()
            if not self.takes or out is None:
                return
        raise AssertionError("it never stops talking")

    def type(self, data, turns=True):
        data = data if isinstance(data, bytes) else data.encode()
        while data:
            view = self.console.wanted()
            if view is None:
                self.wait(50)
                continue
            count = min(len(view), len(data))
            view[:count] = data[:count]
            data = data[count:]
            self.console.received(count)
            if turns:
                self.turn()

    def wait(self, ms):
        end = self.now + ms
        while self.now < end:
            self.now = min(end, self.due)
            self.turn()

    @property
    def prompt(self):
        return self.terminal.lines[23]

    @property
    def message(self):
        return self.terminal.lines[22].strip()

    def sees(self, text):
        return text in self.terminal.text


class Live(unittest.TestCase):
    def test_the_screen_comes_at_once_and_anew_every_second(self):
        session = Session(Board(acked=12))
        self.assertEqual(session.terminal.lines[0], " SAFE  the twin has everything")
        self.assertEqual((session.prompt, session.frames), ("> ".strip(), 1))
        session.board._facts["link_state"] = "connecting"
        session.wait(FRAME_MS)
        self.assertIn("NOT MIRRORED", session.terminal.lines[0])
        session.wait(10 * FRAME_MS)
        self.assertEqual(session.frames, 12)
        self.assertEqual(session.terminal.scrolled, 0)

    def test_whoever_comes_later_sees_all_of_it(self):
        session = Session(Board())
        session.terminal = Terminal()
        session.wait(FRAME_MS)
        self.assertTrue(session.sees("Would be lost now") and session.sees(" SAFE "))

    def test_a_bug_in_what_is_shown_stops_nothing(self):
        board = Board()
        del board._facts["role"]
        session = Session(board)
        self.assertTrue(session.sees("bug of the board") and session.sees("role"))
        session.type("status\r")
        session.wait(FRAME_MS)

    def test_names_are_shown_and_not_obeyed(self):
        session = Session(Board(name="a\x1b[2Jb", alarms=["\x9b1m\r\n\x07!"], link_peer="\x1b]0;x"))
        self.assertTrue(session.sees("a?[2Jb: mirroring") and session.sees("?1m???!"))


class Reading(unittest.TestCase):
    def test_nobody_reads(self):
        session = Session(Board())
        session.takes = False
        session.wait(100 * FRAME_MS)
        self.assertTrue(len(session.console.outgoing()) < 3000)
        session.board._facts["failure"] = "the disk failed"
        session.takes = True
        session.frames = 0
        session.turn()
        self.assertEqual(session.frames, 2)  # the one that was left over, and what is true now
        self.assertIn(" FAILED ", session.terminal.lines[0])

    def test_what_lies_in_the_line_is_waited_for(self):
        session = Session(Board())
        session.queue = 1
        session.wait(60 * FRAME_MS)
        self.assertEqual(session.frames, 1)
        session.queue = 0
        session.wait(FRAME_MS)
        self.assertEqual(session.frames, 2)

    def test_it_does_not_wake_the_board_for_nothing(self):
        session = Session(Board())
        session.takes = False
        turns = 0
        end = session.now + 10000
        while session.now < end:
            session.now = session.due
            session.turn()
            turns += 1
        self.assertTrue(turns <= 50, turns)

    def test_a_slow_line_gets_what_changed(self):
        session = Session(Board())
        whole = session.taken
        for _ in range(5):
            session.queue = 1
            session.wait(2 * FRAME_MS)  # 500 bytes/s or so
            session.queue, session.taken = 0, 0
            session.wait(FRAME_MS // 2)
        self.assertTrue(session.taken < whole // 3, (session.taken, whole))

    def test_pieces(self):
        session = Session(Board())
        session.takes = False
        session.wait(3 * FRAME_MS)
        seen = b""
        for _ in range(5000):
            out = session.console.outgoing()
            if out is None:
                break
            seen += bytes(out[:7])
            session.console.sent(min(7, len(out)))
        terminal = Terminal()
        terminal.feed(seen)
        self.assertIn("SAFE", terminal.lines[0])


class Typing(unittest.TestCase):
    def setUp(self):
        self.session = Session(Board())

    def test_echo_and_editing(self):
        for keys, prompt in (("mark x", "> mark x"), ("\x7f\b", "> mark"), ("\x1b[A\x1b[D\x1bOP", "> mark"),
                             ("\u00fc\u65e5", "> mark\u00fc\u65e5"), (b"\x7f", "> mark\u00fc"), ("\x15", ">"),
                             ("abc\x03", ">"), (b"\xff\x00\x80", ">"), ("\x7f\x7f", ">")):  # fmt: skip
            self.session.type(keys)
            self.assertEqual(self.session.prompt, prompt)
        self.session.wait(2 * FRAME_MS)
        self.assertEqual(self.session.prompt, ">")

    def test_a_key_costs_the_line_little(self):
        self.session.taken = 0
        self.session.type("h")
        self.assertEqual(self.session.taken, 1)

    def test_no_frame_while_somebody_types(self):
        frames = self.session.frames
        for character in "mark something long":
            self.session.type(character)
            self.session.wait(700)
        self.assertEqual(self.session.frames, frames)
        self.session.wait(TYPING_MS + FRAME_MS)
        self.assertTrue(self.session.frames > frames)
        self.assertEqual(self.session.prompt, "> mark something long")
        self.assertEqual(self.session.terminal.column, len("> mark something long"))

    def test_what_is_typed_while_a_frame_is_on_its_way_comes_behind_it(self):
        session = self.session
        session.takes = False
        session.wait(FRAME_MS)
        session.type("abc")
        session.type("\x7f")
        session.takes = True
        session.turn()
        self.assertEqual(session.prompt, "> ab")

    def test_what_was_typed_before_a_frame_stands_there_once(self):
        session = self.session
        session.takes = False
        session.wait(FRAME_MS)
        session.type("abc")
        session.wait(10 * FRAME_MS)
        session.takes = True
        session.turn()
        self.assertEqual(session.prompt, "> abc")

    def test_a_line_that_is_too_long_does_nothing(self):
        session = self.session
        session.type("mark " + "x" * 500)
        self.assertTrue(len(session.prompt) <= MAX_LINE)
        session.type("\r")
        self.assertEqual((session.message, session.board.asked), ("That line was too long: nothing was done.", []))
        session.type("help\r")
        self.assertTrue(session.sees("names this point of the log"))

    def test_what_was_shortened_again_is_meant(self):
        self.session.type("help " + "x" * 500 + "\x7f" * 65 + "\r")
        self.assertTrue(self.session.sees("names this point of the log"))

    def test_what_was_left_is_forgotten(self):
        self.session.type("~x")
        self.session.wait(FORGET_MS + FRAME_MS)
        self.assertEqual(self.session.prompt, ">")
        self.session.type("help\r")
        self.assertTrue(self.session.sees("names this point of the log"))

    def test_escape_alone_eats_nothing_later(self):
        self.session.type(b"\x1b")
        self.session.wait(1000)
        self.session.type("[help")
        self.assertEqual(self.session.prompt, "> [help")

    def test_an_arrow_key_in_pieces(self):
        for byte in (b"\x1b", b"[", b"A"):
            self.session.type(byte)
            self.session.wait(20)
        self.assertEqual(self.session.prompt, ">")

    def test_redraw(self):
        self.session.terminal.feed(b"\x1b[1;1Hnoise")
        self.session.type("\x0c")
        self.assertFalse(self.session.sees("noise"))


def held(console):
    """How much a console keeps, in characters and bytes."""
    total = 0
    for part in (console, console._keys, console._commands):
        for value in part.__dict__.values():
            if isinstance(value, (str, bytes, memoryview, list, tuple)):
                total += len(value)
    return total


class Flood(unittest.TestCase):
    def test_it_waits_and_memory_is_bounded(self):
        session = Session(Board())
        taken, state = 0, 7
        for _ in range(200):  # 200 ms of a line that is always full
            view = session.console.wanted()
            while view is not None:
                for at in range(len(view)):
                    state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                    view[at] = state >> 16 & 255
                taken += len(view)
                session.console.received(len(view))
                view = session.console.wanted()
            session.now += 1
            session.turn()
        self.assertTrue(taken <= 5 * 256, taken)
        self.assertTrue(len(session.console._line) + len(session.console._echo) <= 2 * MAX_LINE)
        self.assertEqual(session.board.asked, [])
        session.wait(1000)
        session.type("\x03help\r")
        self.assertTrue(session.sees("names this point of the log"))

    def test_a_host_that_writes_and_never_reads(self):
        for flood in (b"status\r", b"\r", b"x\x15", b"x\x08", b"xy\x7f", b"x\x03", b"x\x0c", b"\x15\x0c\x03", b"x",
                      b"a^[[Kb\r", "\u65e5\r".encode(), bytes(range(256))):  # fmt: skip
            session = Session(Board())
            session.takes = False
            session.wait(FRAME_MS)
            before, most = held(session.console), 0
            for _ in range(8):
                session.type(flood * (512 // len(flood)), turns=False)
                most = max(most, held(session.console))
            self.assertTrue(most <= before + 3 * MAX_LINE, (flood, before, most))
            session.takes = True
            session.wait(2 * FRAME_MS)
            session.type("\x03")
            self.assertEqual(session.prompt, ">", flood)
            session.type("help\r")
            self.assertTrue(session.sees("names this point of the log"), flood)

    def test_what_was_typed_unread_stands_there_once(self):
        session = Session(Board())
        session.takes = False
        session.wait(FRAME_MS)
        session.type("old\r\x15abx\x08c")
        session.takes = True
        session.turn()
        self.assertEqual(session.prompt, "> abc")

    def echo(self, session, how):
        """A second passes at a terminal that sends back all that it gets."""
        session.wait(FRAME_MS)
        while session.heard:
            heard, session.heard = session.heard, b""
            session.type(how(heard))

    def test_a_terminal_that_echoes_everything(self):
        for how in (lambda heard: heard.replace(b"\x1b", b"^["), lambda heard: heard):
            session = Session(twin())
            session.heard = b""
            feed = session.terminal.feed

            def hear(data, feed=feed, session=session):
                feed(data)
                session.heard += bytes(data)

            session.terminal.feed = hear
            for _ in range(20):
                self.echo(session, how)
                self.assertEqual(session.prompt, ">")
            self.assertTrue(session.frames <= 25 and session.taken < 25 * 2000)
            session.wait(400)
            session.heard = b""
            session.type("promote\r")
            self.assertIn("type yes", session.prompt)
            self.echo(session, how)
            session.type("yes\r")
            self.assertEqual(session.board.asked, [])

    def test_whoever_comes_after_an_echo(self):
        noise = b"mall^[[5;1H Would be lost^[[K^[[24;1H> "
        session = Session(Board())
        session.type(noise + b"help\r")
        self.assertEqual(session.message, "That line was garbled: nothing was done.")
        for behind in (b"\x15", b"\x03", b"\x0c"):
            session = Session(Board())
            session.type(noise + behind + b"help\r")
            self.assertTrue(session.sees("names this point of the log"))
        session = Session(Board())
        session.type(noise)
        session.wait(500)
        session.type("help\r")
        self.assertTrue(session.sees("names this point of the log"))

    def test_an_echo_is_thrown_away_faster_than_anybody_types(self):
        session = Session(Board())
        taken = 0
        for _ in range(1000):
            view = session.console.wanted()
            if view is not None:
                view[:] = (b"^[[1;1H the same again" * 20)[: len(view)]
                taken += len(view)
                session.console.received(len(view))
            session.now += 1
            session.turn()
        self.assertTrue(100_000 < taken < 200_000, taken)

    def test_a_modem_is_not_what_this_is(self):
        session = Session(Board())
        shown = session.terminal.lines[:22]
        for probe in (b"AT\r", b"AT\r\n", b"ate0\r", b"ATI\r", b"AT+GCAP\r", b"AT+CPIN?\r", b"ATQ0 V1\r", b"+++", b"\r",
                      b"~\x00\x78\xf0\x7e", b"\x7e\x00\x78\xf0\x7e\r"):  # fmt: skip
            session.taken = 0
            session.type(probe)
            self.assertFalse(session.sees("There is no"), probe)
            session.wait(200)
        self.assertEqual(session.board.asked, [])
        for answer in ("OK", "ERROR", "CONNECT"):
            self.assertFalse(session.sees(answer))
        session.type("\x15")
        session.wait(2000)
        self.assertEqual(session.terminal.lines[:22], shown)


class Commands(unittest.TestCase):
    def test_views(self):
        session = Session(Board())
        for number in range(40):
            session.board.events.note("event %d" % number)
        session.type("log\r")
        self.assertTrue(session.sees("12:00:00  event 39") and not session.sees("Would be lost"))
        self.assertIn(" SAFE ", session.terminal.lines[0])
        session.type("HELP\r")
        self.assertTrue(session.sees("promote force") and not session.sees("event 39"))
        for back in ("status\r", "\r", "\x03"):
            session.type("log\r")
            session.type(back)
            self.assertTrue(session.sees("Would be lost now"), back)

    def test_no_such_command(self):
        session = Session(Board())
        session.type("reboot now\r")
        self.assertEqual(session.message, "There is no command reboot; help says which there are.")
        session.wait(31000)
        self.assertFalse(session.sees("reboot"))

    def test_mark(self):
        session = Session(Board())
        session.type("mark  before the \u00fcpgrade \r")
        self.assertEqual(session.board.asked, [("mark", "before the \u00fcpgrade")])
        self.assertEqual(session.message, "Setting the mark ..")
        session.board.done(12, None)
        self.assertEqual(session.wakes, 1)
        session.turn()
        self.assertEqual(session.message, "Mark before the \u00fcpgrade is set behind group 12.")
        session.board.answer = (None, Refused("left is fenced"))
        session.type("mark a\r")
        self.assertEqual(session.message, "Left is fenced.")
        session.type("mark\r")
        self.assertIn("needs a name", session.message)
        self.assertEqual(len(session.board.asked), 2)

    def test_the_longest_mark(self):
        session = Session(Board((3, None)))
        session.type("mark " + "m" * 63 + "\r")
        self.assertEqual(session.board.asked, [("mark", "m" * 63)])

    def test_a_bug_in_a_command_stops_nothing(self):
        session = Session(Board(ValueError("planted")))
        session.type("mark a\r")
        self.assertIn("bug of the board", session.message)


class Promotion(unittest.TestCase):
    REPORT = ({"generation": 2, "group": 11, "missing_groups": 1}, None)

    def test_it_asks_and_then_does_it(self):
        session = Session(twin(self.REPORT))
        session.type("promote\r")
        self.assertEqual(session.board.asked, [])
        self.assertTrue(session.sees("the way back is a new pair") and session.sees("everything up to group 11"))
        self.assertEqual(session.prompt, "type yes to do it:")
        session.type("yes\r")
        self.assertEqual(session.board.asked, [("promote", True)])
        self.assertIn("right is promoted: generation 2, from group 11 on. Missing is what", session.terminal.text)

    def test_anything_else_is_no(self):
        for answer in ("no\r", "\r", "y\r", "yes please\r", "\x03", "AT\r", "promote\r", "yes" + "s" * 99 + "\r"):
            session = Session(twin(self.REPORT))
            session.type("promote\r")
            session.type(answer)
            session.wait(2000)
            self.assertEqual((session.board.asked, session.prompt), ([], ">"), answer)

    def test_yes_without_a_question_is_no_command(self):
        session = Session(twin(self.REPORT))
        session.type("promote\rno\ryes\r")
        self.assertEqual(session.board.asked, [])

    def test_a_question_is_withdrawn(self):
        session = Session(twin(self.REPORT))
        session.type("promote\r")
        session.wait(61000)
        self.assertIn("nothing was done", session.message)
        session.type("yes\r")
        self.assertEqual(session.board.asked, [])

    def test_a_board_that_is_there_needs_force(self):
        session = Session(twin(self.REPORT, link_state="up", link_peer="left"))
        session.type("promote\r")
        self.assertIn("promote force", session.terminal.text)
        session.type("yes\r")
        self.assertEqual(session.board.asked, [])
        session.type("promote force\r")
        self.assertTrue(session.sees("connected with left now"))
        session.type("yes\r")
        self.assertEqual(session.board.asked, [("promote", True)])

    def test_refused(self):
        session = Session(twin((None, Refused("right holds only a part of the disk yet")), consistent=False))
        session.type("promote\r")
        self.assertTrue(session.sees("no whole disk"))
        session.type("yes\r")
        self.assertEqual(session.message, "Right holds only a part of the disk yet.")

    def test_a_primary(self):
        session = Session(Board())
        session.type("promote\ryes\r")
        self.assertEqual(session.board.asked, [])
        session.type("promote\r")
        self.assertEqual(session.message, "left is no twin; only a twin can be promoted.")


class End(unittest.TestCase):
    def test_a_hang_up(self):
        session = Session(Board())
        session.console.received(0)
        self.assertTrue(session.console.finished)
        self.assertEqual((session.console.outgoing(), session.console.wanted()), (None, None))
        self.assertEqual(session.console.poll(session.now), None)

    def test_an_answer_that_comes_too_late(self):
        session = Session(Board())
        session.type("mark a\r")
        session.console.lost()
        session.board.done(3, None)
        self.assertEqual(session.console.outgoing(), None)

    def test_last_words(self):
        session = Session(Board())
        session.console.close()
        self.assertFalse(session.console.finished)
        session.turn()
        self.assertTrue(session.console.finished)
        self.assertIn(" STOPPED  left is stopping; what stands below is not live", session.terminal.lines[0])
        session.console.close()
        self.assertTrue(session.console.finished)

    def test_last_words_behind_half_a_frame(self):
        session = Session(Board())
        session.takes = False
        session.wait(FRAME_MS)
        session.terminal.feed(session.console.outgoing()[:100])
        session.console.sent(100)
        session.console.close()
        session.takes = True
        session.turn()
        self.assertIn("STOPPED", session.terminal.lines[0])


class French(unittest.TestCase):
    """The same console for who set language = fr."""

    def test_the_screen(self):
        session = Session(Board(acked=12, language="fr", alarms=["the journal is full"]))
        self.assertEqual(session.terminal.lines[0], " \u00c0 L'ABRI  le jumeau a tout")
        for text in ("Serait perdu", "rien", " Attention", "le journal est plein", "mark NOM", "en miroir"):
            self.assertTrue(session.sees(text), text)

    def test_the_log(self):
        session = Session(Board(language="fr"))
        session.board.events.note("the link to right is up")
        session.type("log\r")
        self.assertTrue(session.sees("la liaison avec right est \u00e9tablie"))

    def test_a_question_and_its_answers(self):
        report = {"generation": 2, "group": 11, "missing_groups": 2}
        for answer, expected in (("oui", [("promote", True)]), ("yes", [("promote", True)]), ("o", []), ("", [])):
            session = Session(twin((report, None), language="fr"))
            session.type("promote\r")
            self.assertTrue(session.sees("Promouvoir right en fait"))
            self.assertEqual(session.prompt, "taper oui pour le faire :")
            session.type(answer + "\r")
            self.assertEqual(session.board.asked, expected)
            self.assertEqual(session.sees("right est promu"), bool(expected))

    def test_a_refusal_and_what_is_unknown(self):
        session = Session(Board(answer=(None, Refused("storage failed; the board takes no more marks")), language="fr"))
        session.type("mark x\r")
        self.assertTrue(session.message.startswith("Le stockage est en panne"), session.message)
        session.type("bonjour\r")
        self.assertTrue(session.message.startswith("Il n'y a pas de commande bonjour"))

    def test_it_is_taken_over_while_it_runs(self):
        session = Session(Board(acked=12))
        session.board._facts["language"] = "fr"
        session.wait(2 * FRAME_MS)
        self.assertIn("le jumeau a tout", session.terminal.lines[0])

    def test_the_farewell(self):
        session = Session(Board(language="fr"))
        session.console.close()
        session.turn()
        self.assertIn("ARR\u00caT\u00c9  left s'arr\u00eate", session.terminal.lines[0])


if __name__ == "__main__":
    unittest.main()
