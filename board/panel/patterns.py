"""The few patterns that the lights know. Each has a rhythm of its own and, where there are three lights, a place: none
is told from another by its colour alone, and a single light is enough.

Which one is shown follows from the snapshot: its state, conditions and mood, as every surface says them.
"""

from firmware.status.words import GOOD

GREEN, YELLOW, RED = "green", "yellow", "red"
LIGHTS = (GREEN, YELLOW, RED)  # from the top


class Pattern:
    """`rhythm`: milliseconds on, off, on, off ..; it begins anew at its end. `lights`: which of the three play it.

    What it means and how it looks, in words, are the texts "panel.light.WORD" and "panel.rhythm.WORD".
    """

    def __init__(self, word: str, lights: tuple, rhythm: tuple):
        self.word = word
        self.lights = lights
        self.rhythm = rhythm
        self.length_ms = sum(rhythm)

    def at(self, since_ms: int) -> tuple:
        """(whether it is on, milliseconds until that changes) so long after it began."""
        left = since_ms % self.length_ms
        for place, span_ms in enumerate(self.rhythm):
            if left < span_ms:
                return place % 2 == 0, span_ms - left
            left -= span_ms
        raise AssertionError


SAFE = Pattern("safe", (GREEN,), (1900, 100))
BEHIND = Pattern("behind", (YELLOW,), (1000, 1000))
NO_LINK = Pattern("no link", (YELLOW,), (150, 250, 150, 1450))
NEEDS_YOU = Pattern("needs you", (RED,), (150, 250, 150, 250, 150, 1050))
FAILED = Pattern("failed", (RED,), (100, 100))
PROMOTED = Pattern("promoted", (GREEN, YELLOW), (900, 300, 150, 650))
NOT_RUNNING = Pattern("not running", (RED,), (100, 3900))
PATTERNS = (SAFE, BEHIND, NO_LINK, NEEDS_YOU, FAILED, PROMOTED, NOT_RUNNING)

_OF_CASE = {
    "failed": FAILED, "fenced": FAILED, "damaged": FAILED, "promoted": PROMOTED, "no link": NO_LINK,
    "copying": BEHIND, "catching up": BEHIND, "behind": BEHIND, "held": BEHIND,
    "unknown": BEHIND,
}  # fmt: skip


def pattern_of(status: dict, running: bool = True) -> Pattern:
    """What the lights show of this snapshot; `running`: whether this is a board, not what stands in for one."""
    if not running:
        return NOT_RUNNING
    pattern = _OF_CASE.get(status["words"]["case"])
    if pattern is FAILED:
        return pattern
    if any(each["level"] == "critical" for each in status["conditions"]):
        return NEEDS_YOU
    if pattern is not None:
        return pattern
    return SAFE if status["words"]["mood"] == GOOD else NEEDS_YOU
