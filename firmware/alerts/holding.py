"""Whether the rate or the quota holds something back, as alerts take it: until it is known that the twin has it.

A status says what could go now (firmware/status/case.py). Without a link nothing could, nor while the twin owes its
acknowledgements; what was held back until then has not arrived because of that.
"""

from firmware.status.case import is_held, is_told_by_primary


class Holding:
    """What the statuses of a board, one after the other, tell of it."""

    def __init__(self):
        self._number = None  # the last group that was held back; None: nobody has looked
        self._tells = False  # the primary of this twin says how it is

    def look(self, status: dict) -> bool:
        """Whether the twin may still lack something that was held back."""
        if status["role"] == "twin":
            return self._look_at_primary(status.get("other"))
        held, group = is_held(status), status["group"]
        if held or (self._number is None and _is_bounded(status["link"])):  # an earlier life may have held it back
            self._number = group["durable"]
        self._number = self._number or 0
        return held or group["acked"] < self._number

    def _look_at_primary(self, other: "dict | None") -> bool:
        """A twin knows it by what its primary says. One that has told before will tell again: until then nobody knows
        what it holds back after an outage."""
        if not is_told_by_primary(other):
            return self._tells
        self._tells = True
        return is_held(other)


def _is_bounded(link: dict) -> bool:
    return link["cap"] > 0 or link["quota"]["bytes"] > 0
