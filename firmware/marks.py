"""Marks: the operator names points in the log.

A mark is a record between the host's writes. Its group is sealed right behind it and travels as every other, so on
both boards it stands behind the same writes: all that was accepted before it, and nothing else.
"""

from firmware.errors import Refused, VolumeError
from firmware.log.layout import MAX_MARK, is_mark_name, pack_mark
from firmware.pair.identity import TWIN

_WHY_NOT = {
    VolumeError.FULL: "the journal is full, and no mark can be set before the twin has taken some of it",
    VolumeError.FAILED: "storage failed; the board takes no more marks",
}


class Marks:
    """Sets marks on a board's `volume` and `journal`. The owner calls `settle()` whenever a group became durable
    and `fail()` when storage failed; `note(sentence)` is told of every mark that is set."""

    def __init__(self, identity, journal, volume, note):
        self._identity = identity
        self._journal = journal
        self._volume = volume
        self._note = note
        self._waiting = []  # (group, name, done) of marks that are in the log and not durable yet

    def set(self, name: str, done) -> None:
        """Marks this point of the log; `done(group, None)` when it is durable here, else `done(None, Refused)`."""
        refusal = self._refusal(name)
        if refusal:
            done(None, Refused(refusal))
            return
        self._try(name, pack_mark(name), done)

    def _refusal(self, name: str) -> str:
        if not is_mark_name(name):
            return "a mark's name has 1 to %d bytes and no control characters; choose another" % MAX_MARK
        if self._identity.role == TWIN:
            return "%s is a twin; set the mark on the other board, where the writes are made" % self._identity.name
        return self._volume.refusal

    def _try(self, name: str, payload: bytes, done) -> None:
        try:
            number = self._volume.mark(payload)
        except VolumeError as error:
            done(None, self._refused(error))
            return
        if number is not None:
            self._waiting.append((number, name, done))
            self._journal.seal()
            return

        def room(error) -> None:
            if error is None:
                self._try(name, payload, done)
            else:
                done(None, self._refused(error))

        self._volume.wait_for_room(room)

    def _refused(self, error) -> Refused:
        return Refused(_WHY_NOT.get(error.reason) or self._volume.refusal or str(error))

    def settle(self) -> None:
        """Answers for the marks whose groups are durable by now."""
        durable = self._journal.head.number
        while self._waiting and self._waiting[0][0] <= durable:
            number, name, done = self._waiting.pop(0)
            self._note("mark %s is set behind group %d" % (name, number))
            done(number, None)

    def fail(self) -> None:
        """Storage failed: marks that are not durable never will be."""
        waiting, self._waiting = self._waiting, []
        for _, _, done in waiting:
            done(None, Refused(_WHY_NOT[VolumeError.FAILED]))
