"""The console's commands: a line in, what is shown out. What changes something asks first."""

from firmware import address
from firmware.console import views
from firmware.errors import Refused
from firmware.status.phrases import groups
from firmware.status.snapshot import UP, snapshot
from firmware.status.texts import known, say
from firmware.status.translation import translate

STATUS, LOG, HELP, QUESTION, TEXT = "status", "log", "help", "question", "text"
QUESTION_MS = 60000  # who answers later may be somebody else

_LINK_PORT = ":7411"


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
        return self.say("sure") if self.view == QUESTION else "> "

    def poll(self, now_ms: int) -> None:
        """A question that nobody answers is withdrawn."""
        self._now_ms = now_ms
        if self.view == QUESTION and now_ms - self._asked_ms >= QUESTION_MS:
            self.cancel()
            self.message = self.say("withdrawn")

    def cancel(self) -> None:
        """Back to the live screen; a question is answered with no."""
        self._show(STATUS)

    @property
    def language(self) -> str:
        """That of those who look after this board."""
        return known(self._board.facts()["language"])

    def say(self, key: str, *places) -> str:
        """A text of the console."""
        return say(self.language, "console." + key, *places)

    def _lines(self, key: str, *places) -> tuple:
        return tuple(self.say(key, *places).split("\n"))

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
            self.message = self.say("unknown", word)

    def _answer(self, line: str) -> None:
        confirmed = self._confirmed
        self._show(STATUS)
        if line.lower() in ("yes", self.say("yes")):
            confirmed()
        else:
            self.message = self.say("nothing")

    # Commands

    def _status(self, rest: str) -> None:
        self._show(STATUS)

    def _log(self, rest: str) -> None:
        self._show(LOG)

    def _help(self, rest: str) -> None:
        self._show(HELP)

    def _mark(self, name: str) -> None:
        if not name:
            self.message = self.say("mark_name")
            return
        self.message = self.say("marking")

        def done(group, error) -> None:
            self._tell(error, lambda: self.say("marked", name, group))

        self._do(self._board.mark, name, done)

    def _promote(self, rest: str) -> None:
        status = snapshot(self._board)
        name = status["name"]
        force = rest.lower() == "force"
        if rest and not force:
            self.message = self.say("promote_how")
        elif status["role"] != "twin":
            self.message = self.say("no_twin", name)
        elif status["link"]["state"] == UP and not force:
            self.message = self.say("connected", name, status["link"]["peer"])
        else:
            self.view, self.text = QUESTION, self._question(status)
            self._confirmed, self._asked_ms = self._promote_now, self._now_ms

    def _question(self, status: dict) -> tuple:
        name, link = status["name"], status["link"]
        lines = [self.say("meaning", name, name), "", self.say("serves", status["group"]["durable"])]
        lines.append(self.say("is_there", link["peer"]) if link["state"] == UP else self.say("not_there"))
        if status["missing_groups"]:
            lines.append(self.say("lacks", groups(self.language, status["missing_groups"])))
        if not status["consistent"]:
            lines.append(self.say("no_copy"))
        return tuple(lines)

    def _report(self, report: dict) -> str:
        text = self.say("promoted", self._board.facts()["name"], report["generation"], report["group"])
        lost = report["missing_groups"]
        last = self.say("missing", groups(self.language, lost)) if lost else self.say("none_missing")
        return text + " " + last

    def _promote_now(self) -> None:
        self.message = self.say("promoting")

        def done(report, error) -> None:
            self._tell(error, lambda: self._report(report))

        self._do(self._board.promote, True, done)

    def _pair(self, rest: str) -> None:
        pairing = getattr(self._board, "pairing", None)
        if pairing is None:
            self.message = self.say("no_keys")
        elif not rest:
            self._show_code(pairing)
        elif rest.lower() == "off":
            pairing.withdraw("it was made void")
            self.message = self.say("void")
        else:
            self.message = self.say("pairing")
            self._do(lambda text, done: _join(pairing, text, done), rest, self._paired)

    def _show_code(self, pairing) -> None:
        try:
            warning = self._lines("paired") if pairing.paired else ()
            code = pairing.show(self._paired)
        except Refused as error:
            self._tell(error, None)
            return
        self.view, self.text = TEXT, self._lines("how_to_pair", code) + warning

    def _paired(self, sentence, error) -> None:
        if self.view == TEXT:
            self._show(STATUS)
        self._tell(error, lambda: translate(self.language, sentence) + ".")

    def _unpair(self, rest: str) -> None:
        self._ask_about_keys("unpair", self._unpair_now)

    def _unpair_now(self) -> None:
        self.message = self.say("changing")
        self._board.pairing.forget(lambda outcome, error: self._tell(error, lambda: self.say("unpaired")))

    def _password(self, rest: str) -> None:
        self._ask_about_keys("new_password", self._new_password)

    def _ask_about_keys(self, meaning: str, confirmed) -> None:
        if getattr(self._board, "pairing", None) is None:
            self.message = self.say("no_keys")
            return
        self.view, self.text = QUESTION, self._lines(meaning)
        self._confirmed, self._asked_ms = confirmed, self._now_ms

    def _new_password(self) -> None:
        self.message = self.say("changing")

        def done(password, error) -> None:
            self._tell(error, lambda: self._show_password(password))

        self._board.pairing.new_password(done)

    def _show_password(self, password: str) -> str:
        self._show(TEXT)
        self.text = self._lines("password", password)
        return ""

    def _do(self, action, wish, done) -> None:
        try:
            action(wish, done)
        except Refused as error:
            done(None, error)

    def _tell(self, error, sentence) -> None:
        if error is None:
            try:
                self.message = sentence()
            except Exception as bug:  # the board is in the midst of what it did
                self.message = self.say("bug", repr(bug))
        else:
            words = translate(self.language, str(error))
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


def body(commands: Commands, status: dict, events: list, now_ms: int, room: int) -> list:
    """The lines of the view that is to be shown."""
    if commands.view == LOG:
        return views.log(events, now_ms, room, status["language"])
    if commands.view == HELP:
        return views.manual(room, status["language"])
    if commands.view in (QUESTION, TEXT):
        return views.paragraphs(commands.text, room)
    return views.live(status, events, now_ms, room)
