"""Which screen is shown, and how bright.

A press goes to the next screen; a minute later it is the first one again. While something is not as it should be, the
screens of that take turns with the first one by themselves, and the display never sleeps. It dims after three minutes;
when all is well it sleeps after twenty: the one word, which moves every minute so that nothing burns in. Whatever is
new wakes it, as the button does.
"""

from collections import namedtuple

from firmware.status.translation import translate
from firmware.status.words import GOOD

from .screens import Screen, alarms, pages, screens

BACK_MS, TURN_MS, PAGE_MS = 60000, 8000, 4000
DIM_MS, SLEEP_MS, MOVE_MS = 180000, 1200000, 60000

# `screen`, `bright` or dim; `place`: None, or a number of where a sleeping display shows its one word
Frame = namedtuple("Frame", ("screen", "bright", "place"))


class Viewer:
    """`now_ms()` is a clock that never jumps."""

    def __init__(self, now_ms):
        self._now_ms = now_ms
        self._woke_ms = now_ms()
        self._pressed_ms = None
        self._index = 0
        self._notice = None
        self._notice_end_ms = None
        self._known = set()
        self._turn_ms = now_ms()
        self._language = "en"

    def press(self) -> None:
        """The next screen; a display that is dim only wakes."""
        now_ms = self._now_ms()
        if self._notice is not None:
            self._notice = None
        elif now_ms - self._woke_ms < DIM_MS:
            known = self._pressed_ms is not None and now_ms - self._pressed_ms < BACK_MS
            self._index = self._index + 1 if known else 1
            self._pressed_ms = now_ms
        self._woke_ms = now_ms

    def tell(self, text: str, for_ms: "int | None" = None) -> None:
        """Shows `text` so long, or until the next is told; None: for good."""
        now_ms = self._now_ms()
        self._notice, self._woke_ms = text, now_ms
        self._notice_end_ms = None if for_ms is None else now_ms + for_ms

    def translated(self, sentence: str) -> str:
        """A sentence of the firmware in the language of the display."""
        return translate(self._language, sentence)

    def frame(self, status: dict, addresses: tuple = ()) -> Frame:
        """What is to be shown now of this snapshot."""
        now_ms = self._now_ms()
        self._language = status["language"]
        self._wake_for_news(status, now_ms)
        if self._notice is not None and self._notice_end_ms is not None and now_ms >= self._notice_end_ms:
            self._notice = None
        awake_ms = now_ms - self._woke_ms
        if self._notice is not None:
            told = pages(status["name"], self._notice)
            return Frame(told[awake_ms // PAGE_MS % len(told)], True, None)
        if awake_ms >= SLEEP_MS and not status["conditions"] and status["words"]["mood"] == GOOD:
            word = screens(status)[0].title
            return Frame(Screen(word, (), False, None), False, now_ms // MOVE_MS)
        return Frame(self._screen(status, addresses, now_ms), awake_ms < DIM_MS, None)

    def _screen(self, status: dict, addresses: tuple, now_ms: int) -> Screen:
        shown, wrong = screens(status, addresses), alarms(status)
        if self._pressed_ms is not None and now_ms - self._pressed_ms < BACK_MS:
            shown += wrong
            return shown[self._index % len(shown)]
        turns = shown[:1] + wrong
        return turns[(now_ms - self._turn_ms) // TURN_MS % len(turns)]

    def _wake_for_news(self, status: dict, now_ms: int) -> None:
        """Something that was not there before, or is worse."""
        found = {(each["name"], each["level"]) for each in status["conditions"]}
        if found - self._known:
            self._woke_ms = now_ms
            self._turn_ms = now_ms - TURN_MS  # the alarm comes first
            self._pressed_ms = None
        self._known = found
