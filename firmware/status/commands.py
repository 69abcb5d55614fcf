"""The console's commands: a line in, what is shown out. What changes something asks first."""

from firmware.errors import Refused
from firmware.status import views
from firmware.status.snapshot import UP, snapshot

STATUS, LOG, HELP, QUESTION = "status", "log", "help", "question"
QUESTION_MS = 60000  # who answers later may be somebody else

_MEANING = (
    "Promoting %s makes it the board that takes the server's writes, from now on. "
    "The other board, once it meets %s again, takes no more writes: it is fenced, and "
    "there is no way back yet. Do this when the first board or its site is lost."
)


class Commands:
    """Carries commands out on `board`. `view` is what is to be shown, `text` that of a question, `message` the
    answer to the last command; `changed()` is called when an answer comes later."""

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
            self._show(self.view)
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
        return views.log(events, now_ms, room)
    if commands.view == HELP:
        return views.manual(room)
    if commands.view == QUESTION:
        return views.paragraphs(commands.text, room)
    return views.live(status, events, now_ms, room)
