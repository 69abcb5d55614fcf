"""The button: samples of a line that bounces in, gestures out. What cannot be a finger's intention is no gesture.

    released, pressed < 1 s, released                                       SHORT
    held 1 s                                                                HOLDING (lights say so)
         let go before 5 s                                                  CANCELLED
    held 5 s                                                                ARMED
         let go, then pressed within 5 s and let go before 1 s              CONFIRMED
         nothing for 5 s; held on for 10 s more; pressed for longer         CANCELLED

A button that is down when the board starts, or sticks, does nothing until it was seen up. When samples were missing
while it is down, how long it was held is not known: CANCELLED.
"""

SHORT, HOLDING, ARMED, CONFIRMED, CANCELLED = "short", "holding", "armed", "confirmed", "cancelled"

SAMPLE_MS, IDLE_SAMPLE_MS = 20, 40  # how often to look
STEADY_MS = 40  # a line has to keep its level for so long
HOLD_MS, ARM_MS, STUCK_MS = 1000, 5000, 15000
CONFIRM_MS = 5000
APART_MS = 200  # a confirming press is a press of its own
MOST_GAP_MS = 400  # between two samples

# What the button is in
_UP, _DOWN, _HELD, _ARMED, _WAITING, _CONFIRMING, _DEAD = range(7)


class Button:
    """`sample(now_ms, pressed)` returns a gesture, or None."""

    def __init__(self):
        self._state = _DEAD
        self._raw = True
        self._raw_ms = None  # since when the line has its level
        self._level = True  # as debounced
        self._began_ms = 0  # of the press
        self._seen_ms = None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way: it may be looked at less often."""
        return self._state in (_UP, _DEAD) and self._raw == self._level

    @property
    def armed(self) -> bool:
        """Whether it waits for the confirming press."""
        return self._state in (_ARMED, _WAITING, _CONFIRMING)

    def lost(self) -> "str | None":
        """The line cannot be read any more."""
        dropped = self._state not in (_UP, _DOWN, _DEAD)
        self.__init__()
        return CANCELLED if dropped else None

    def sample(self, now_ms: int, pressed: bool) -> "str | None":
        """The level of the line at this moment."""
        gap = self._seen_ms is not None and now_ms - self._seen_ms > MOST_GAP_MS
        self._seen_ms = now_ms
        if gap and self._state != _UP:
            gesture = self.lost()
            self._seen_ms = now_ms
            self._settle(now_ms, pressed)
            return gesture
        changed = self._settle(now_ms, pressed)
        if changed:
            return self._went_down(now_ms) if self._level else self._went_up(now_ms)
        return self._stayed(now_ms)

    def _settle(self, now_ms: int, pressed: bool) -> bool:
        """Whether the debounced level changes now."""
        if self._raw_ms is None or pressed != self._raw:
            self._raw, self._raw_ms = pressed, now_ms
        if self._raw == self._level or now_ms - self._raw_ms < STEADY_MS:
            return False
        self._level = self._raw
        return True

    def _went_down(self, now_ms: int) -> "str | None":
        waited_ms, self._began_ms = self._raw_ms - self._began_ms, self._raw_ms
        if self._state == _UP:
            self._state = _DOWN
        elif self._state == _WAITING:
            self._state = _CONFIRMING
            if waited_ms < APART_MS:
                return self._cancel()
        return None

    def _went_up(self, now_ms: int) -> "str | None":
        state, self._state = self._state, _UP
        held_ms = self._raw_ms - self._began_ms
        self._began_ms = self._raw_ms
        if state == _DOWN:
            return SHORT
        if state == _CONFIRMING:
            return CONFIRMED if held_ms < HOLD_MS else CANCELLED
        if state == _ARMED:
            self._state = _WAITING
            return None
        return CANCELLED if state == _HELD else None

    def _stayed(self, now_ms: int) -> "str | None":
        spent_ms = now_ms - self._began_ms
        # While the line is bouncing up nobody knows whether it is still held.
        if self._level and not self._raw:
            return None
        if self._state == _DOWN and spent_ms >= HOLD_MS:
            self._state = _HELD
            return HOLDING
        if self._state == _HELD and spent_ms >= ARM_MS:
            self._state = _ARMED
            return ARMED
        if self._state == _ARMED and spent_ms >= STUCK_MS or self._state == _CONFIRMING and spent_ms >= HOLD_MS:
            return self._cancel()
        if self._state == _WAITING and spent_ms >= CONFIRM_MS and not self._raw:
            self._state = _UP
            return CANCELLED
        return None

    def _cancel(self) -> str:
        self._state = _DEAD  # until it was seen up
        return CANCELLED
