"""Bytes of a terminal as keys: what is text, what is a command of the line, and what is dropped."""

import unittest

from firmware.console.keys import CANCEL, CLEAR, ECHOED, ENTER, ERASE, REDRAW, Keys, is_visible


def keys(data, cut=None):
    found = []
    reader = Keys(found.append)
    for at in range(0, len(data), cut or len(data) or 1):
        reader.received(data[at : at + (cut or len(data))])
    return found


class Text(unittest.TestCase):
    def check(self, data, expected):
        for cut in (None, 1, 2, 3):
            self.assertEqual(keys(data, cut), list(expected), data)

    def test_plain(self):
        self.check(b"mark a~ ", "mark a~ ")

    def test_ends_of_lines(self):
        for data in (b"a\rb\r", b"a\nb\n", b"a\r\nb\r\n"):
            self.check(data, ["a", ENTER, "b", ENTER])
        self.check(b"\r\r\n\n", [ENTER] * 3)

    def test_editing(self):
        self.check(b"\x08\x7f\x15\x03\x0c", [ERASE, ERASE, CLEAR, CANCEL, REDRAW])

    def test_other_controls_are_dropped(self):
        self.check(bytes(byte for byte in range(32) if byte not in (3, 8, 10, 12, 13, 21, 27)), "")

    def test_beyond_ascii(self):
        self.check("\u00fc\u20ac\u65e5\U0001f600!".encode(), "\u00fc\u20ac\u65e5\U0001f600!")

    def test_sequences_are_skipped(self):
        for sequence in (
            b"\x1b[A", b"\x1b[1;5D", b"\x1b[3~", b"\x1bOP", b"\x1bx", b"\x1b[?1;2c", b"\x1b]0;title\x07", b"\x1b\x1b[B",
            b"\x1bP1$r0m\x1b\\", b"\x1b[12\x18", b"\x1b[200~", b"\x1b[<0;3;4M",
        ):  # fmt: skip
            self.check(b"a" + sequence + b"b", "ab")

    def test_a_sequence_without_an_end_is_left(self):
        self.assertEqual(keys(b"\x1b]" + b"x" * 100)[-10:], ["x"] * 10)
        self.assertEqual(keys(b"\x1b[" + b"1" * 100 + b"ok")[-2:], ["o", "k"])

    def test_escape_alone(self):
        found = []
        reader = Keys(found.append)
        reader.received(b"\x1b")
        reader.settle()
        reader.received(b"[A")
        self.assertEqual(found, ["[", "A"])

    def test_what_is_no_utf8_is_dropped(self):
        for noise in (b"\xff", b"\x80", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82",
                      b"\xe0\x80\x80", b"\xf4\x90\x80\x80", b"\xc2\x9b", b"\xe2\x80\xae", b"\xef\xbb\xbf"):  # fmt: skip
            self.check(b"a" + noise + b"b", "ab")
        self.check(b"\xe2\x82a\xac", "a")

    def test_an_echo_of_our_own_screen(self):
        self.check(b"^[a^[^[x[^", "^[a^[^[x[^")
        self.check(b"^[[?25l^[[1;1H", ["^", "[", ECHOED] + list("?25l") + ["^", "[", ECHOED] + list("1;1H"))
        self.check(b"\x1b[?25l\x1b[1;1Ha\x1b[K\x1b[J", [ECHOED, "a", ECHOED, ECHOED])

    def test_any_noise(self):
        state, data = 1, bytearray()
        for _ in range(20000):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            data.append(state >> 16 & 255)
        for key in keys(bytes(data)):
            self.assertTrue(key in (CANCEL, CLEAR, ECHOED, ENTER, ERASE, REDRAW) or is_visible(key))
        reader = Keys(lambda key: None)
        reader.received(bytes(data))
        self.assertTrue(len(reader._character) <= 4)


if __name__ == "__main__":
    unittest.main()
