"""What a frame does on a terminal, and how text is made to fit it."""

import unittest

from firmware.console import views
from firmware.status.screen import HEIGHT, WIDTH, Line, clean, clock, cut, frame, prompt_line, texts, width, wrapped
from tests.unit.fakes_terminal import Terminal
from tests.unit.test_status import status


class Fits(unittest.TestCase):
    def test_cut(self):
        self.assertEqual(cut("x" * 79), "x" * 79)
        self.assertEqual(cut("x" * 80), "x" * 77 + "..")
        self.assertTrue(width(cut("\u65e5" * 60)) <= WIDTH)

    def test_wide_characters_count_twice(self):
        self.assertEqual([width(text) for text in ("ab", "\u00fc", "\u20ac", "\u65e5", "\U0001f600")], [2, 1, 1, 2, 2])

    def test_wrapped(self):
        self.assertEqual(wrapped("one two three", 7), ["one two", "three"])
        self.assertEqual(wrapped("", 7), [""])
        self.assertEqual(wrapped("x" * 20, 7), ["x" * 7, "x" * 7, "x" * 6])
        self.assertEqual(wrapped("a " + "x" * 9 + " b", 7), ["a", "x" * 7, "xx b"])
        for line in wrapped("\u65e5" * 50, 9):
            self.assertTrue(width(line) <= 9)

    def test_nothing_is_obeyed(self):
        self.assertEqual(clean("a\x1b[2Jb\x9bc\x7f\n\u202e\ue000"), "a?[2Jb?c????")
        clean(chr(0xDC80)).encode()  # a byte of a name that is not UTF-8
        self.assertEqual(Line("\x1b[7m").text, "?[7m")


class Clock(unittest.TestCase):
    def test_today_and_before(self):
        now = 1700000000000  # 2023-11-14 22:13:20
        self.assertEqual(clock(now, now), "22:13:20")
        self.assertEqual(clock(now - 86400000, now), "2023-11-13 22:13:20")
        for ms, text in (
            (0, "1970-01-01 00:00:00"), (951782400000, "2000-02-29 00:00:00"), (951868800000, "2000-03-01 00:00:00"),
            (1709164799000, "2024-02-28 23:59:59"), (1735689599000, "2024-12-31 23:59:59"),
            (4107542400000, "2100-03-01 00:00:00"),
        ):  # fmt: skip
            self.assertEqual(clock(ms, now), text)


class Frame(unittest.TestCase):
    def lines(self, word):
        return [Line("%s %d" % (word, row), 3) for row in range(HEIGHT - 1)]

    def test_the_whole(self):
        terminal = Terminal()
        terminal.feed(b"what stood there before " * 70)
        terminal.scrolled = 0
        terminal.feed(frame(self.lines("new"), [], "> ab"))
        self.assertEqual(terminal.lines, ["new %d" % row for row in range(23)] + ["> ab"])
        self.assertEqual((terminal.row, terminal.column, terminal.scrolled), (23, 4, 0))

    def test_only_what_changed(self):
        terminal, lines = Terminal(), self.lines("old")
        terminal.feed(frame(lines, [], "> "))
        known = texts(lines)
        lines[5] = Line("changed")
        data = frame(lines, known, "> x")
        terminal.feed(data)
        self.assertTrue(len(data) < 60)
        self.assertEqual((terminal.lines[4:7], terminal.lines[23]), (["old 4", "changed", "old 6"], "> x"))

    def test_no_line_ever_ends(self):
        data = frame(self.lines("x" * 200), [], "> " + "y" * 70)
        self.assertFalse(b"\r" in data or b"\n" in data)

    def test_a_low_terminal_keeps_the_prompt(self):
        terminal = Terminal(rows=10)
        terminal.feed(frame(self.lines("line"), [], "> ab"))
        self.assertEqual((terminal.lines[0], terminal.lines[8], terminal.lines[9]), ("line 0", "line 8", "> ab"))
        self.assertEqual(terminal.scrolled, 0)

    def test_the_prompt_clears_what_is_behind_it(self):
        terminal = Terminal()
        terminal.feed(frame([], [], "> abc"))
        terminal.feed(prompt_line("> a").encode())
        self.assertEqual(terminal.lines[23], "> a")


class Views(unittest.TestCase):
    EVENTS = [(1700000000000 + 1000 * number, "event %d \u00fc" % number) for number in range(30)]
    LONG = [(1600000000000, "x y" * 80)] * 30

    def test_every_view_fits(self):
        shown = [
            status(language=language, alarms=["alarm %d " % number * 12 for number in range(count)], link_state=link,
                   role=role, name="n" * 63, link_peer="\u65e5" * 21, failure=failure)
            for language in ("en", "fr") for count in (0, 9) for link in ("up", "connecting")
            for role in ("primary", "twin") for failure in (None, "the disk failed " * 20)
        ]  # fmt: skip
        for each in shown:
            for events, message in (([], ""), (self.EVENTS, "x" * 1000), (self.LONG, "")):
                self._fits(each, events, message)

    def _fits(self, shown, events, message):
        top, bottom = views.head(shown), views.foot(message, 1700000400000, shown)
        room = HEIGHT - 1 - len(top) - len(bottom)
        log = views.log(events, 1700000400000, room, shown["language"])
        for body in (views.live(shown, events, 1700000400000, room), log, views.manual(room, shown["language"])):
            lines = views.whole(top, body, bottom)
            self.assertEqual(len(lines), HEIGHT - 1)
            self.assertTrue(all(width(line.text) <= WIDTH for line in lines))

    def test_the_first_line_answers(self):
        self.assertEqual(views.head(status(acked=12))[0].text, " SAFE  the twin has everything")
        line = views.head(status(oldest_ms=0))[0].text
        self.assertTrue(line.startswith(" BEHIND  the twin lacks 3 groups of writes, 12 KiB"), line)

    def test_alarms_come_first_and_events_give_way(self):
        lines = [line.text for line in views.live(status(alarms=["it burns"]), self.EVENTS, 1700000400000, 18)]
        self.assertEqual(lines[0], " Warning             it burns")
        self.assertIn(" To do               put right what is named as critical or as a warning", lines)
        self.assertIn("event 29", lines[-1])
        lines = [line.text for line in views.live(status(alarms=["x " * 300]), self.EVENTS, 1700000400000, 18)]
        self.assertTrue(lines[6].endswith("see log, or the page"))
        self.assertFalse(any("event" in line for line in lines))

    def test_what_the_head_says_takes_no_room_a_second_time(self):
        lines = [line.text for line in views.live(status(link_state="connecting"), [], 0, 20)]
        self.assertFalse(any("the other board is not reached" in line for line in lines), lines)

    def test_the_table_is_the_pages(self):
        from firmware.status.table import rows

        shown = status()
        text = "\n".join([line.text for line in views.live(shown, [], 0, 18)])
        for word, value in rows(shown):
            self.assertIn("%s%s%s" % (word, " " * (20 - len(word)), value), text)


if __name__ == "__main__":
    unittest.main()
