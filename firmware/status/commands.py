"""The console's commands: a line in, what is shown out. What changes something asks first."""

from firmware import address
from firmware.errors import Refused
from firmware.status import views
from firmware.status.snapshot import UP, snapshot

STATUS, LOG, HELP, QUESTION, TEXT = "status", "log", "help", "question", "text"
QUESTION_MS = 60000  # who answers later may be somebody else

_MEANING = (
    "Promoting %s makes it the board that takes the server's writes, from now on. "
    "The other board, once it meets %s again, takes no more writes: it is fenced, and "
    "the way back is a new pair with the roles changed. Do this when the first board or its site is lost."
)
_NO_KEYS = "This board has no keys folder, so it cannot be paired: its settings have no line keys."
_LINK_PORT = ":7411"
_HOW_TO_PAIR = (
    "Type this on the console of the other board:",
    "",
    "    pair %s",
    "",
    "and behind it the address of this one (HOST or HOST:PORT), unless that board knows it.",
    "The code is good for ten minutes, and for three tries. `pair off` makes it void.",
)
_PAIRED = (
    "",
    "This board is paired already: the code only pairs it with the same board once more.",
    "To pair it with another one, type unpair first.",
)
_UNPAIR = (
    "This forgets the other board: the link goes down, and stays down until this board is paired anew. "
    "The disk, the journal and what this board is called stay as they are."
)
_NEW_PASSWORD = "This makes a new password for the page of this board, and shows it. The old one counts no more."


class Commands:
    """Carries commands out on `board`. `view` is what is to be shown, `text` that of a question or a TEXT, `message`
    the answer to the last command; `changed()` is called when an answer comes later."""

    def __init__(self, board, changed):
        self.view = STATUS
        self.text = ()
        self.message = ""
        self._board = board
        self._changed = changed
        self._confirmed = None
        self._asked_ms = 0
        self._now_ms = 0
        self._table = {
            "status": self._status,
            "log": self._log,
            "help": self._help,
            "?": self._help,
            "mark": self._mark,
            "promote": self._promote,
            "pair": self._pair,
            "unpair": self._unpair,
            "password": self._password,
        }

    @property
    def prompt(self) -> str:
        """What the line begins with."""
        return "type yes to do it: " if self.view == QUESTION else "> "

    def poll(self, now_ms: int) -> None:
        """A question that nobody answers is withdrawn."""
        self._now_ms = now_ms
        if self.view == QUESTION and now_ms - self._asked_ms >= QUESTION_MS:
            self.cancel()
            self.message = "Nobody said yes: nothing was done."

    def cancel(self) -> None:
        """Back to the live screen; a question is answered with no."""
        self._show(STATUS)

    def _show(self, view: str) -> None:
        self.view, self.text, self.message, self._confirmed = view, (), "", None

    def enter(self, line: str) -> None:
        """A line was typed."""
        line = line.strip()
        if self.view == QUESTION:
            self._answer(line)
            return
        word, _, rest = line.partition(" ")
        if word[:2].upper() == "AT" or word[:1] in ("+", "~"):
            # A system that looks for a modem (ModemManager: AT, ATI, AT+GCAP, and QCDM frames) gets no answer.
            self.cancel()
        elif word.lower() in self._table:
            self._show(STATUS if self.view == TEXT else self.view)
            self._table[word.lower()](rest.strip())
        else:
            self.message = "There is no command %s; help says which there are." % word

    def _answer(self, line: str) -> None:
        confirmed = self._confirmed
        self._show(STATUS)
        if line.lower() == "yes":
            confirmed()
        else:
            self.message = "Nothing was done."

    # Commands

    def _status(self, rest: str) -> None:
        self._show(STATUS)

    def _log(self, rest: str) -> None:
        self._show(LOG)

    def _help(self, rest: str) -> None:
        self._show(HELP)

    def _mark(self, name: str) -> None:
        if not name:
            self.message = "A mark needs a name: mark before the upgrade"
            return
        self.message = "Setting the mark .."

        def done(group, error) -> None:
            self._tell(error, lambda: "Mark %s is set behind group %d." % (name, group))

        self._do(self._board.mark, name, done)

    def _promote(self, rest: str) -> None:
        status = snapshot(self._board)
        name = status["name"]
        force = rest.lower() == "force"
        if rest and not force:
            self.message = "Write promote, or promote force."
        elif status["role"] != "twin":
            self.message = "%s is no twin; only a twin can be promoted." % name
        elif status["link"]["state"] == UP and not force:
            self.message = (
                "%s is connected with %s: that board is there, and would be fenced for good. "
                "If that is what you want, write promote force." % (name, status["link"]["peer"])
            )
        else:
            self.view, self.text = QUESTION, _question(status)
            self._confirmed, self._asked_ms = self._promote_now, self._now_ms

    def _promote_now(self) -> None:
        self.message = "Promoting .."

        def done(report, error) -> None:
            self._tell(error, lambda: _report(self._board.facts()["name"], report))

        self._do(self._board.promote, True, done)

    def _pair(self, rest: str) -> None:
        pairing = getattr(self._board, "pairing", None)
        if pairing is None:
            self.message = _NO_KEYS
        elif not rest:
            self._show_code(pairing)
        elif rest.lower() == "off":
            pairing.withdraw("it was made void")
            self.message = "No code is good now."
        else:
            self.message = "Pairing .."
            self._do(lambda text, done: _join(pairing, text, done), rest, self._paired)

    def _show_code(self, pairing) -> None:
        try:
            warning = _PAIRED if pairing.paired else ()
            code = pairing.show(self._paired)
        except Refused as error:
            self._tell(error, None)
            return
        lines = [line % code if "%" in line else line for line in _HOW_TO_PAIR]
        self.view, self.text = TEXT, tuple(lines) + warning

    def _paired(self, sentence, error) -> None:
        if self.view == TEXT:
            self._show(STATUS)
        self._tell(error, lambda: sentence + ".")

    def _unpair(self, rest: str) -> None:
        self._ask_about_keys(_UNPAIR, self._unpair_now)

    def _unpair_now(self) -> None:
        try:
            self._board.pairing.forget()
            self.message = "This board is not paired any more."
        except Refused as error:
            self._tell(error, None)

    def _password(self, rest: str) -> None:
        self._ask_about_keys(_NEW_PASSWORD, self._new_password)

    def _ask_about_keys(self, meaning: str, confirmed) -> None:
        if getattr(self._board, "pairing", None) is None:
            self.message = _NO_KEYS
            return
        self.view, self.text = QUESTION, (meaning,)
        self._confirmed, self._asked_ms = confirmed, self._now_ms

    def _new_password(self) -> None:
        try:
            password = self._board.pairing.new_password()
            self.view, self.text = TEXT, ("The password of the page, for any user name:", "", "    " + password)
        except Refused as error:
            self._tell(error, None)

    def _do(self, action, wish, done) -> None:
        try:
            action(wish, done)
        except Refused as error:
            done(None, error)

    def _tell(self, error, sentence) -> None:
        if error is None:
            self.message = sentence()
        else:
            words = str(error)
            self.message = words[:1].upper() + words[1:] + "."
        self._changed()


def _join(pairing, text: str, done) -> None:
    """`text`: a code, then maybe the address of the board that shows it. Raises Refused."""
    words = text.split()
    count = 1 if "-" in words[0] else 3  # who types spaces for hyphens means the same
    code, place = " ".join(words[:count]), words[count:]
    if len(place) > 1:
        raise Refused("write pair CODE, or pair CODE HOST:PORT")
    if place and (":" not in place[0] or place[0].endswith("]")):
        place[0] += _LINK_PORT
    pairing.join(code, address.parse(place[0]) if place else None, done)


def _question(status: dict) -> tuple:
    name, link = status["name"], status["link"]
    lines = [_MEANING % (name, name), "", "It would serve everything up to group %d." % status["group"]["durable"]]
    if link["state"] == UP:
        lines.append("It is connected with %s now: that board is there, and would be fenced." % link["peer"])
    else:
        lines.append("It does not reach the other board now; what was written there since is not here.")
    if not status["consistent"]:
        lines.append("Its first full copy is not complete: it has no whole disk, and will refuse.")
    return tuple(lines)


def _report(name: str, report: dict) -> str:
    text = "%s is promoted: generation %d, from group %d on." % (name, report["generation"], report["group"])
    lost = report["missing_groups"]
    if not lost:
        return text + " Nothing that it had heard of is missing."
    return text + " %d %s that the first board had told of %s missing." % (
        lost, "group" if lost == 1 else "groups", "is" if lost == 1 else "are",
    )  # fmt: skip


def body(commands: Commands, status: dict, events: list, now_ms: int, room: int) -> list:
    """The lines of the view that is to be shown."""
    if commands.view == LOG:
        return views.log(events, now_ms, room, status["language"])
    if commands.view == HELP:
        return views.manual(room)
    if commands.view in (QUESTION, TEXT):
        return views.paragraphs(commands.text, room)
    return views.live(status, events, now_ms, room)
