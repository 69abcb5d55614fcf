"""The owners of an Introduction, on either side of it: what Pairing allows in it, and what it hears of its end."""

from firmware.errors import Refused
from firmware.pair.introduction import Introduction


class Visit:
    """The owner of an Introduction that another board began."""

    def __init__(self, pairing):
        self._pairing = pairing
        self._code = ""
        self.card, self.pin = pairing.card, pairing.pin

    def exchange(self):
        exchange = self._pairing.guess()
        self._code = self._pairing.code
        return exchange

    def admit(self, card) -> None:
        if self._code != self._pairing.code:
            raise Refused("the code has just become void; type pair on the other console for a new one")
        self._pairing.admit(card)

    def ended(self, card, sentence: str) -> None:
        self._pairing.visited(card, sentence, self._code)


class Call:
    """The owner of an Introduction that we began."""

    def __init__(self, pairing, code: str, address, done):
        self._pairing = pairing
        self._code = code
        self._address = address
        self._done = done
        self.card, self.admit, self.pin = pairing.card, pairing.admit, pairing.pin

    def conversation(self):
        try:
            return Introduction(self, True)
        except Refused as refusal:
            self.ended(None, str(refusal))
            return None

    def exchange(self):
        return self._pairing.start(self._code)

    def failed(self, error) -> None:
        self.ended(None, "the other board cannot be reached (%s)" % error)

    def ended(self, card, sentence: str) -> None:
        self._pairing.called(self._done, card, sentence, self._address)
