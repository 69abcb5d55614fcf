import unittest

from firmware.status.shown import HELD_MS, Shown


class ShownTest(unittest.TestCase):
    def setUp(self):
        self.now_ms = 1000
        self.made = []
        self.shown = Shown("a board", lambda: self.now_ms, self.make)

    def make(self, board, language):
        self.made.append((board, language))
        return {"number": len(self.made), "language": language or "fr"}

    def ask(self, *languages):
        return [self.shown.get(language)["number"] for language in languages]

    def test_one_for_all_who_ask_at_about_the_same_time(self):
        self.assertEqual(self.ask(None, None), [1, 1])
        self.now_ms += HELD_MS - 1
        self.assertEqual(self.ask(None), [1])
        self.now_ms += 1
        self.assertEqual(self.ask(None, None), [2, 2])
        self.assertEqual(self.made, [("a board", None)] * 2)

    def test_each_language_has_its_own_and_the_boards_is_one_of_them(self):
        self.assertEqual(self.ask(None, "fr", "en", "en", None), [1, 1, 2, 2, 1])

    def test_a_language_that_there_is_not_is_the_boards(self):
        self.assertEqual(self.ask("xx", "", None), [1, 1, 1])
        self.assertEqual(len(self.shown._made), 2)

    def test_what_could_not_be_made_is_tried_again(self):
        def fail(board, language):
            raise ValueError

        shown = Shown("a board", lambda: self.now_ms, fail)
        for _ in range(2):
            with self.assertRaises(ValueError):
                shown.get()
        shown._make = self.make
        self.assertEqual(shown.get()["number"], 1)
