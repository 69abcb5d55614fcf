"""Pairing as a board does it: shows a code and waits for the other board, or takes a code and calls it."""

from firmware.errors import Refused
from firmware.pair import code as codes
from firmware.pair.card import Card
from firmware.pair.encounters import Call, Visit
from firmware.pair.introduction import Introduction

CODE_MS = 10 * 60000
GUESSES = 3


class Pairing:
    """`identity` is the board's, `keys` the folder (`certificate`, `paired`, `admit(certificate)`, `pin(certificate)`,
    `work(op, ..)` for a lane, which raise Refused). `runtime` gives `start(code, calls)` (a PAKE exchange),
    `random_bytes(n)`, `now_ms()`, `call_after(ms, call)` and `dial(address, make_conversation, on_failed)`, which opens
    a connection. `note(sentence)` is told what happened. `waits`: whether this board can be called at all, `address`:
    of the other one, or None. `lane`, of a surface, is where the keys are worked on (do()); set by who wires.
    """

    def __init__(self, identity, keys, runtime, waits: bool, address, note):
        self._identity = identity
        self.keys = keys
        self.lane = None
        self._runtime = runtime
        self._waits = waits
        self._address = address
        self._note = note
        self._code = ""
        self._guesses = 0
        self._until_ms = 0
        self._done = None  # of whom the code was shown to
        self._calling = None

    # What the console asks for

    @property
    def paired(self) -> bool:
        """Whether this board trusts another one already: only that one can be paired with it."""
        return self._free_keys.paired

    @property
    def code(self) -> str:
        """The code that is shown now, "" without one."""
        return self._code

    def show(self, done) -> str:
        """A new code for the other board. `done(sentence, error)` once: what was achieved, or None and Refused."""
        if not self._waits:
            raise Refused("this board has no line listen, so the other one cannot call it; show the code there")
        self.withdraw("another code took its place")
        self._code = codes.make(self._runtime.random_bytes)
        self._guesses = GUESSES
        self._until_ms = self._runtime.now_ms() + CODE_MS
        self._done = done
        self._runtime.call_after(CODE_MS, self._look)
        self._note("a code for pairing is shown, for %d minutes" % (CODE_MS // 60000))
        return self._code

    def withdraw(self, why: str) -> None:
        """The code counts no more."""
        if self._code:
            self._code = ""
            self._finish(None, Refused(why))

    def join(self, text: str, address, done) -> None:
        """Calls the board that shows the code `text`, at `address` or where board.conf says. `done` as for show().
        Raises Refused."""
        code = codes.read(text)
        address = address or self._address
        if address is None:
            raise Refused("say where the other board is: pair %s HOST:PORT" % code)
        if self._calling is not None:
            raise Refused("this board is calling another one already; wait a moment")
        self._calling = call = Call(self, code, address, done)
        self._runtime.dial(address, call.conversation, call.failed)

    def visitor(self) -> Introduction:
        """The conversation with a board that calls us to be paired."""
        return Introduction(Visit(self), False)

    # For one introduction

    def guess(self):
        """An exchange with the code that is shown; each costs a guess, whatever becomes of it. Raises Refused."""
        self._look()
        if not self._code:
            raise Refused("that board shows no code now: type pair on its console first")
        if self._guesses <= 0:
            raise Refused("somebody else is trying that code; look at the board that shows it")
        self._guesses -= 1
        return self._runtime.start(self._code, False)

    def card(self) -> Card:
        return Card(self._identity.name, self._identity.role, self._free_keys.certificate)

    def admit(self, card) -> None:
        """Refused when that board cannot be our other one."""
        mine, keys = self._identity, self._free_keys
        if card.certificate == keys.certificate:
            raise Refused("%s called itself; give the address of the other board" % mine.name)
        if card.role == mine.role:
            raise Refused("%s and %s are both %s; one must be the other's twin" % (mine.name, card.name, mine.role))
        keys.admit(card.certificate)

    def pin(self, card) -> None:
        self._free_keys.pin(card.certificate)
        self._note("%s is paired with %s" % (self._identity.name, card.name))

    def visited(self, card, sentence: str, code: str) -> None:
        """A board that called is gone: `card` when it is paired with us now; `code`: what it could guess at, or ""."""
        if card is not None:
            self._code = ""
            self._finish(self._achieved(card), None)
        elif code and code == self._code:
            self._note("pairing failed: %s; %s left" % (sentence, _guesses(self._guesses)))
            if self._guesses <= 0:
                why = "the code is void after %d failures (%s); type pair for another one"
                self.withdraw(why % (GUESSES, sentence))

    def _achieved(self, card) -> str:
        return "%s and %s are paired" % (self._identity.name, card.name)

    def called(self, done, card, sentence: str, address) -> None:
        """Our call is over."""
        self._calling = None
        if card is None:
            self._note("pairing failed: %s" % sentence)
            done(None, Refused(sentence))
        elif sentence:
            done(None, Refused("%s trusts %s now, but did not hear that %s trusts it (%s); if they find no link, "
                               "pair them once more" % (self._identity.name, card.name, card.name, sentence)))
        elif address == self._address:
            done(self._achieved(card), None)
        else:
            done("%s; for the link, write that address as peer in the settings of %s and start it again"
                 % (self._achieved(card), self._identity.name), None)  # fmt: skip

    # What the operator asks for, here and over the API

    def forget(self, done) -> None:
        """Trusts no other board any more: this one can be paired anew. `done` as for do()."""
        self.do(done, "%s is not paired any more" % self._identity.name, "unpair")

    def new_password(self, done) -> None:
        """A new password for the page of this board; the old one counts no more. `done` as for do()."""
        self.do(done, "the page has a new password", "new_password")

    def do(self, done, sentence: str, op: str, *args) -> None:
        """Has the keys do `op`, in turn: to make them and to write them takes its time, and a card may hang. Later
        `sentence` is noted, if any, and done(outcome, None) called, or done(None, error)."""

        def did(outcome, error) -> None:
            if error is None and sentence:
                self._note(sentence)
            done(outcome, error)
            if error is not None and not isinstance(error, Refused):
                raise error  # a bug, which the lane's bulkhead tells

        self.lane.submit(did, "work", op, *args)

    @property
    def busy(self) -> bool:
        """Whether do() is at work, so that nobody else may read or write the keys."""
        return self.lane is not None and not self.lane.idle

    @property
    def _free_keys(self):
        """For who pairs, which is done at once. Refused while do() is at work: two who write the same file would undo
        what the other did, and the loop would wait with a card that hangs."""
        if self.busy:
            raise Refused("the keys of this board are just being changed; try again in a moment")
        return self.keys

    def start(self, code: str):
        """An exchange for our call."""
        return self._runtime.start(code, True)

    def _look(self) -> None:
        if self._code and self._runtime.now_ms() >= self._until_ms:
            self.withdraw("the code was good for %d minutes; type pair for another one" % (CODE_MS // 60000))

    def _finish(self, sentence, error) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(sentence, error)


def _guesses(count: int) -> str:
    return "one guess" if count == 1 else "%d guesses" % max(count, 0)
