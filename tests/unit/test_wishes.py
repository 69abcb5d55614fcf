"""Settings at run time: what the file says, what a person breaks in it, what the API takes and keeps."""

import json
import unittest

from firmware import config, wishes
from firmware.api.api import Api
from firmware.conf import lines as conf_lines
from firmware.errors import Unkept
from firmware.httpd.request import MAX_BODY
from firmware.wishes import MOST_ALARMS, MOST_BYTES, MOST_VALUE, Wishes, read_all, rewritten
from tests.unit.test_http import Client, parted
from tests.unit.test_status import FakeBoard

CONF = b"name = a\nrole = primary\ndisk = /d\njournal = /j\npeer = 127.0.0.1:1\nsettings = /s\nmax_age = 250ms\n"
WEB = ("tcp", "127.0.0.1", 8080)


class File:
    """What a Notebook has, with its lane in line; `error` is raised when it is written, `unread` when it is read."""

    def __init__(self, data=None):
        self.data = data
        self.error = self.unread = None
        self.writes = 0

    def submit(self, done, op, rewrite=None):
        if op == "read":
            done(None if self.unread else self.data, self.unread)
            return
        assert op == "change"
        try:
            data = rewrite(self.data)
            if self.error is not None:
                raise self.error
        except Exception as error:
            done(None, error)
            return
        self.data, self.writes = data, self.writes + 1
        done(data, None)


class Board:
    def __init__(self, data=None, conf=CONF, kept=True):
        self.file = File(data)
        self.settings = config.parse(conf)
        self.applied, self.notes, self.alarms, self.timers = [], [], [], []
        submit = self.file.submit if kept else None
        self.wishes = Wishes(self.settings, submit, self.notes.append, self._alarm, self._call_after)
        self.wishes.announce("look")
        self.wishes.announce("max_age", self.applied.append)
        self.wishes.begin(data)
        self.api = Api(FakeBoard(), WEB, more=self.wishes.routes())

    def _alarm(self, sentences):
        self.alarms = sentences

    @property
    def alarm(self):
        return "; ".join(self.alarms)

    def _call_after(self, ms, call):
        self.timers.append(call)

    def look(self):
        """Lets the time pass until the file is looked at once more."""
        timers, self.timers = self.timers, []
        for call in timers:
            call()

    def ask(self, body=None, kind="application/json"):
        status, _, content = parted(self.ask_only(body, kind).take())
        return status, json.loads(content)

    def ask_only(self, body=None, kind="application/json"):
        client = Client(self.api.handle)
        head = "%s /api/settings HTTP/1.1\r\nHost: localhost\r\n" % ("GET" if body is None else "POST")
        if body is None:
            client.send((head + "\r\n").encode())
        else:
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
            head += "Content-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body))
            client.send(head.encode() + body)
        return client


class Starting(unittest.TestCase):
    def test_no_file_yet(self):
        board = Board()
        self.assertEqual((board.settings.look, board.settings.max_age), ("login", 250))
        self.assertEqual((board.applied, board.alarm), ([], ""))
        self.assertEqual(board.ask(), (200, {"settings": {"look": "", "max_age": "250ms"}, "sentence": ""}))

    def test_its_lines_count_more(self):
        board = Board(b"# mine\nlook = anyone\n\nmax_age = 2s  # slower\n")
        self.assertEqual((board.settings.look, board.settings.max_age), ("anyone", 2000))
        self.assertEqual((board.applied, board.alarm, board.notes), ([2000], "", []))

    def test_a_typo_is_an_alarm_that_names_the_line(self):
        for bad, words in (
            (b"max_age = 2 minuts", "max_age = 2 minuts"),
            (b"maxage = 2s", "did you mean max_age"),
            (b"what is this", "write key = value"),
            (b"disk = /other", "disk cannot be changed while the board runs"),
            (b"max_age =", "has no value"),
            (b"\xff = 1", "UTF-8"),
            (b"max_age = \x00", "control character"),
        ):
            board = Board(b"look = anyone\n" + bad + b"\n")
            self.assertEqual((board.settings.look, board.settings.max_age, board.settings.disk), ("anyone", 250, "/d"))
            self.assertIn("/s, line 2: ", board.alarm)
            self.assertIn(words, board.alarm)
            self.assertIn("board.conf counts", board.alarm)

    def test_the_first_of_two_lines_counts(self):
        board = Board(b"look = anyone\nlook = login\n")
        self.assertEqual(board.settings.look, "anyone")
        self.assertIn("line 2: look stands on line 1 already", board.alarm)

    def test_no_settings_file_at_all(self):
        for data in (b"\x00" * 1000, b"a" * (MOST_BYTES + 1), b"look = anyone\n" * 5000):
            board = Board(data)
            self.assertEqual(board.settings.max_age, 250)
            self.assertIn("/s", board.alarm)

    def test_a_file_that_cannot_be_read(self):
        board = Board()
        board.wishes.begin(None, Unkept("settings = /s cannot be read (Input/output error); replace the medium"))
        words = "settings = /s cannot be read (Input/output error); replace the medium; until then board.conf counts"
        self.assertEqual(board.alarm, words)

    def test_a_byte_order_mark_is_no_part_of_a_key(self):
        board = Board(b"\xef\xbb\xbflook = anyone\r\nmax_age = 2s\r\n")
        self.assertEqual((board.settings.look, board.settings.max_age, board.alarm), ("anyone", 2000, ""))
        self.assertEqual(board.ask({"look": "login"})[0], 200)
        self.assertEqual(board.file.data, b"\xef\xbb\xbflook = login\nmax_age = 2s\r\n")
        self.assertEqual((board.settings.look, board.alarm), ("login", ""))

    def test_junk_costs_no_more_than_its_bytes(self):
        """What was perhaps meant is asked for the line that is shown, and for no other."""
        asked, advice = [], conf_lines._advice
        self.addCleanup(setattr, conf_lines, "_advice", advice)
        conf_lines._advice = lambda key: asked.append(key) or advice(key)
        board = Board(b"lok = anyone\n" + b"zzzzzzz=1\n" * 5000 + b"look = anyone\n")
        self.assertEqual((asked, board.settings.look), (["lok", "zzzzzzz", "zzzzzzz"], "anyone"))
        self.assertIn("did you mean look?", board.alarm)

    def test_each_bad_line_is_an_alarm(self):
        board = Board(b"lok = anyone\nlook = anyone\nmax_age = soon\n")
        self.assertEqual([alarm[:16] for alarm in board.alarms], ["/s, line 1: lok ", "/s, line 3: max_"])
        for alarm in board.alarms:
            self.assertIn("that line does not count, and for what no line says board.conf counts", alarm)
        self.assertEqual((board.settings.look, board.settings.max_age), ("anyone", 250))

    def test_the_first_bad_lines_and_how_many_more(self):
        board = Board(b"lok = anyone\n" * 9)
        for number in range(3):
            self.assertIn("/s, line %d: " % (number + 1), board.alarms[number])
        self.assertEqual(board.alarms[3:], ["/s: 6 more lines there cannot be understood, and do not count"])


class Watching(unittest.TestCase):
    """A person edits the file while the board runs."""

    def test_a_typo_comes_and_goes(self):
        board = Board(b"max_age = 1s\n")
        board.wishes.start()
        for data, value, alarms in ((b"max_age = soon\n", 250, 1), (b"max_age = 2s\n", 2000, 0), (None, 250, 0)):
            board.file.data = data
            board.look()
            board.look()
            self.assertEqual((board.settings.max_age, len(board.alarms)), (value, alarms))
        self.assertIn("the setting max_age is now: 2s", board.notes)

    def test_a_file_in_the_midst_of_being_saved_is_let_alone(self):
        board = Board(b"max_age = 1s\n")
        board.wishes.start()
        for data in (b"max_age = 2", b"max_age = 2s\n"):
            board.file.data = data
            board.look()
            self.assertEqual((board.settings.max_age, board.alarm), (1000, ""))
        board.look()
        self.assertEqual(board.settings.max_age, 2000)

    def test_what_the_board_wrote_itself_is_no_news(self):
        board = Board()
        board.wishes.start()
        board.ask({"max_age": "2s"})
        board.look()
        board.look()
        self.assertEqual((board.applied, len(board.notes)), ([2000], 1))

    def test_what_cannot_be_read_changes_nothing(self):
        board = Board(b"max_age = 1s\n")
        board.wishes.start()
        board.file.unread = Unkept("settings = /s cannot be read (Input/output error); replace the medium")
        for _ in range(2):
            board.look()
            self.assertEqual(board.settings.max_age, 1000)
            self.assertIn("replace the medium; until then what counted before counts", board.alarm)
        board.file.unread = None
        board.look()
        self.assertEqual((board.settings.max_age, board.alarm), (1000, ""))

    def test_what_is_wrong_in_it_is_told_again_once_it_can_be_read(self):
        board = Board(b"max_age = soon\n")
        board.wishes.start()
        for unread, named in ((Unkept("no"), "until then"), (None, "soon")):
            board.file.unread = unread
            board.look()
            self.assertIn(named, board.alarm)
            self.assertEqual(len(board.alarms), 1)

    def test_it_ends(self):
        board = Board()
        board.wishes.start()
        board.wishes.stop()
        board.look()
        self.assertEqual(board.timers, [])


class Changing(unittest.TestCase):
    def test_kept_and_applied(self):
        board = Board()
        status, content = board.ask({"max_age": "2s", "look": "anyone"})
        self.assertEqual((status, content["settings"]), (200, {"look": "anyone", "max_age": "2s"}))
        self.assertEqual((board.settings.look, board.settings.max_age, board.applied), ("anyone", 2000, [2000]))
        self.assertEqual(board.file.data, b"look = anyone\nmax_age = 2s\n")
        self.assertEqual(len(board.notes), 2)
        self.assertEqual(Board(board.file.data).settings.max_age, 2000)

    def test_back_to_board_conf(self):
        board = Board(b"max_age = 2s\n")
        self.assertEqual(board.ask({"max_age": ""})[1]["settings"]["max_age"], "250ms")
        self.assertEqual((board.settings.max_age, board.applied, board.file.data), (250, [2000, 250], b""))

    def test_what_changes_nothing_writes_nothing(self):
        board = Board()
        for body in ({}, {"max_age": "250ms"}, {"look": ""}, {"max_age": " 250ms "}):
            self.assertEqual(board.ask(body)[0], 200)
        self.assertEqual((board.file.writes, board.notes), (0, []))

    def test_all_or_nothing(self):
        board = Board()
        for body, key in (
            ({"look": "anyone", "max_age": "soon"}, "max_age"),
            ({"look": "anyone", "disk": "/x"}, "disk"),
            ({"look": "anyone", "nothing": "x"}, "nothing"),
            ({"look": 1}, "look"),
            ({"look": None}, "look"),
            ({"max_age": "2s\nlook = anyone"}, "max_age"),
            ({"max_age": "2s\rx"}, "max_age"),
            ({"max_age": "2s # slow"}, "max_age"),
            ({"max_age": "#"}, "max_age"),
            ({"look": "x" * (MOST_VALUE + 1)}, "look"),
        ):
            status, content = board.ask(body)
            self.assertEqual((status, content["key"]), (400, key))
            self.assertTrue(len(content["error"]) > 10)
        self.assertEqual((board.file.writes, board.settings.look, board.settings.max_age), (0, "login", 250))

    def test_bodies(self):
        board = Board()
        for body in (b"", b"{", b"[]", b'{"look": {}}', b"\xff", b'{"look": "anyone"', b"x" * MAX_BODY):
            self.assertEqual(board.ask(body)[0], 400)
        self.assertEqual(board.ask({"look": "anyone"}, "text/plain")[0], 415)
        self.assertEqual(board.file.writes, 0)

    def test_what_a_person_wrote_stays(self):
        mine = b"# mine\r\nmaxage = 5s\n\n  max_age=2s # for now\nlook = anyone"
        board = Board(mine)
        self.assertEqual(board.ask({"max_age": "3s"})[0], 200)
        self.assertEqual(board.file.data, b"# mine\r\nmaxage = 5s\n\nmax_age = 3s\nlook = anyone\n")
        self.assertIn("line 2: maxage", board.alarm)
        self.assertEqual((board.settings.max_age, board.settings.look), (3000, "anyone"))

    def test_a_broken_line_goes_with_its_setting(self):
        board = Board(b"max_age = never\n")
        self.assertIn("line 1", board.alarm)
        board.ask({"max_age": "3s"})
        self.assertEqual((board.alarm, board.settings.max_age), ("", 3000))

    def test_what_was_edited_meanwhile_counts_from_the_next_change_on(self):
        board = Board()
        board.file.data = b"look = anyone\n"
        board.ask({"max_age": "3s"})
        self.assertEqual((board.settings.look, board.file.data), ("anyone", b"look = anyone\nmax_age = 3s\n"))

    def test_a_card_that_is_full(self):
        board = Board(b"look = anyone\n")
        told = "settings = /s cannot be written (No space left on device); make room there"
        board.file.error = Unkept(told)
        status, content = board.ask({"max_age": "3s"})
        self.assertEqual((status, content["error"]), (507, told + "; nothing was changed"))
        self.assertEqual((board.file.data, board.settings.max_age, board.notes), (b"look = anyone\n", 250, []))

    def test_what_the_file_says_is_found_out_in_the_lane(self):
        board, done = Board(), []
        board.wishes._submit = lambda call, op, rewrite: done.append((call, rewrite(b"look = anyone\n")))
        board.ask_only({"max_age": "3s"})
        self.assertEqual(board.settings.max_age, 250)
        read, wishes.read_all = wishes.read_all, None
        self.addCleanup(setattr, wishes, "read_all", read)
        done[0][0](done[0][1], None)
        self.assertEqual((board.settings.look, board.settings.max_age), ("anyone", 3000))

    def test_no_place_to_keep_it(self):
        board = Board(kept=False)
        self.assertIn("settings = PATH", board.ask()[1]["sentence"])
        self.assertEqual(board.ask({"max_age": "3s"})[0], 409)
        self.assertEqual(board.settings.max_age, 250)

    def test_somebody_who_cannot_do_with_it(self):
        board = Board()
        board.wishes.announce("rate", lambda value: 1 // 0)
        self.assertEqual(board.ask({"rate": "2M"})[0], 200)
        self.assertIn("rate could not be changed", board.alarm)

    def test_who_could_not_do_with_it_is_named_until_he_can(self):
        """Beside the lines that cannot be understood, and whatever else is changed meanwhile."""
        board, broken = Board(b"bad\n" * 9), [True]
        board.wishes.announce("rate", lambda value: 1 // 0 if broken else None)
        board.wishes.announce("quota", lambda value: 1 // 0 if broken else None)
        board.ask({"rate": "2M"})
        self.assertEqual([alarm.split(" ")[0] for alarm in board.alarms], ["rate"] + ["/s,"] * 3 + ["/s:"])
        self.assertEqual(len(board.alarms), MOST_ALARMS)
        board.ask({"look": "anyone", "quota": "5G"})
        self.assertEqual(len(board.alarms), MOST_ALARMS)
        self.assertTrue(board.alarms[0].startswith("quota, rate could not be changed ("), board.alarms)
        self.assertEqual(board.alarms[0].count("zero"), 1)
        broken.clear()
        board.ask({"rate": ""})
        self.assertTrue(board.alarms[0].startswith("quota could not be changed"), board.alarms)
        board.ask({"quota": ""})
        self.assertEqual([alarm[:3] for alarm in board.alarms], ["/s,"] * 3 + ["/s:"])


class Rewriting(unittest.TestCase):
    def test_lines(self):
        for before, lines, after in (
            (b"", {"a": b"a = 1"}, b"a = 1\n"),
            (b"", {"a": None}, b""),
            (b"a = 1\na = 2\n", {"a": b"a = 3"}, b"a = 3\n"),
            (b"a = 1\nb = 2\n\n\n", {"a": None}, b"b = 2\n"),
            (b"#a = 1\n", {"a": b"a = 2"}, b"#a = 1\na = 2\n"),
            (b"b", {"a": b"a = 2"}, b"b\na = 2\n"),
        ):
            self.assertEqual(rewritten(before, lines), after)

    def test_bounded(self):
        for before in (b"#" * MOST_BYTES, b"#" * (MOST_BYTES + 1)):
            with self.assertRaises(Exception):
                rewritten(before, {"a": b"a = 1"})

    def test_reading_changes_nothing(self):
        found, trouble = read_all(b"look = anyone\r\n", {"look": None}, "/s")
        self.assertEqual((found, trouble), ({"look": ("anyone", "anyone")}, []))
