"""What the gestures of the button do. Nothing that cannot be undone happens without a long press, and a second one.

On a twin it promotes, if the link is down: a first board that is there is not fenced by a finger. On any other board it
stops it, as SIGTERM does. What the first press would do, and nothing else, is what the second one does.
"""

from firmware.status.snapshot import UP
from firmware.status.texts import say

from . import button
from .lights import ARMED, DOING, HOLDING, NOTHING

PROMOTE, STOP = "promote", "stop"
_ANSWER_MS = 1500
_NOTICE_MS = 10000


class Hand:
    """`status()` is a snapshot; `promote(done)` and `stop()` do it; `note(sentence)` is the event log of the board."""

    def __init__(self, status, lights, viewer, promote, stop, note):
        self._status = status
        self._lights = lights
        self._viewer = viewer
        self._promote = promote
        self._stop = stop
        self._note = note
        self._wanted = None  # what was armed

    def take(self, gesture: str, now_ms: int) -> None:
        """One gesture of the button."""
        if gesture == button.SHORT:
            self._viewer.press()
        elif gesture == button.HOLDING:
            self._lights.answer(HOLDING, now_ms)
            self._say(now_ms, "panel.hold")
        elif gesture == button.ARMED:
            self._arm(now_ms)
        elif gesture == button.CONFIRMED:
            self._confirm(now_ms)
        else:
            self._drop(now_ms)

    def _arm(self, now_ms: int) -> None:
        status = self._status()
        self._wanted, why = wanted(status)
        if self._wanted is None:
            self._lights.answer(NOTHING, now_ms, _ANSWER_MS)
            self._say(now_ms, why, status["name"])
        else:
            self._lights.answer(ARMED, now_ms)
            self._say(now_ms, "panel.again." + self._wanted, status["name"])

    def _confirm(self, now_ms: int) -> None:
        action, self._wanted = self._wanted, None
        status = self._status()
        still, why = wanted(status)
        if action is None or action != still:
            self._lights.answer(NOTHING, now_ms, _ANSWER_MS)
            self._say(now_ms, why or "panel.changed", status["name"])
            return
        self._lights.answer(DOING, now_ms, 2 * _ANSWER_MS)
        if action == STOP:
            self._note("%s was stopped by its button" % status["name"])
            self._say(now_ms, "panel.stopping", status["name"])
            self._stop()
        else:
            self._note("%s is promoted by its button" % status["name"])
            self._say(now_ms, "panel.promoting", status["name"])
            self._promote(self._promoted)

    def _promoted(self, report, error) -> None:
        try:
            self._tell_of_promotion(error)
        except Exception as bug:  # the board has more to do when it was promoted
            self._note("the panel does not work; this is a bug: %r" % bug)

    def _tell_of_promotion(self, error) -> None:
        if error is not None:
            self._note("the button could not promote: %s" % error)
            self._viewer.tell(self._viewer.translated(str(error)), _NOTICE_MS)
            return
        status = self._status()
        self._viewer.tell(say(status["language"], "panel.promoted", status["name"]), _NOTICE_MS)

    def _drop(self, now_ms: int) -> None:
        self._wanted = None
        self._lights.answer(NOTHING, now_ms, _ANSWER_MS)
        self._say(now_ms, "panel.nothing")

    def _say(self, now_ms: int, key: str, *places) -> None:
        text = say(self._status()["language"], key, *places)
        self._viewer.tell(text, _NOTICE_MS)


def wanted(status: dict) -> tuple:
    """(what a long press means, ""); (None, the text that says why it means nothing)."""
    if not status["disk_size"]:
        return None, "panel.not_running"
    if status["role"] != "twin":
        return STOP, ""
    if status["link"]["state"] == UP:
        return None, "panel.connected"
    return (PROMOTE, "") if status["consistent"] else (None, "panel.no_copy")
