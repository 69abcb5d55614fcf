"""Settings that are changed while the board runs, on its page: kept in a file of their own, `settings = PATH`.

    GET  /api/settings   {"settings": {key: text, ""}, "sentence"}: the sentence says why nothing can be changed, or ""
    POST /api/settings   {key: text, ..}, "" to go back to board.conf; answers as GET, or {"error", "key"}

The file has lines as board.conf has, and each of them counts more than board.conf's. A person may edit it, also while
the board runs: it is looked at again and again. Each line that cannot be understood is an alarm, board.conf's value
counts in its place, and it stays until somebody changes that very setting.
"""

from firmware import config, flatjson
from firmware.api import actions
from firmware.conf.lines import mark
from firmware.errors import ProtocolError, Refused, Unkept
from firmware.httpd.answer import error_answer, json_answer

MOST_BYTES = 64 << 10
MOST_VALUE = 2000
MOST_NAMED = 3  # lines that cannot be understood
MOST_ALARMS = MOST_NAMED + 2  # those, how many more there are, and what could not be changed
LOOK_MS = 5000
_NO_FILE = "what is changed here has no place to be kept: add a line settings = PATH to board.conf"
_NO_SETTINGS = "%s has more than %d bytes and cannot be a settings file; board.conf counts"
_BAD_LINE = "%s, %s; that line does not count, and for what no line says board.conf counts"
_BROKEN = "%s could not be changed (%s); restart the board"
_MORE_LINES = "%s: %d more lines there cannot be understood, and do not count"


class Wishes:
    """`settings` is what board.conf says; `submit(done, op, *args)` the lane of a Notebook (ports/notebook.py) with the
    file, None without one; `note` tells the board's log, `alarm(sentences)` the board all that is wrong, at most
    MOST_ALARMS of them.

    Who can do with a changed value announces it, and begin() is called with the file's bytes when all have. From
    start() to stop() the file is looked at, by the timer call_after.
    """

    def __init__(self, settings, submit, note, alarm, call_after=None):
        self._settings = settings
        self._submit = submit
        self._note = note
        self._alarm = alarm
        self._call_after = call_after
        self._running = self._looking = False
        self._taken = self._seen = None  # bytes of the file: those that count, and those of the last look
        self._applies = {}  # key -> what to call with its value
        self._basis = {}  # key -> (text, value) of board.conf
        self._texts = {}  # key -> its text, as it counts now
        self._broken = {}  # key -> why its value does not count, though it should
        self._troubles = []  # with the lines of the file that counts
        self._unread = ""  # why it cannot be read

    def announce(self, key: str, apply=None) -> None:
        """`key` may be changed from now on; apply(value) is called when it was, and the attribute has it before."""
        text = self._settings.texts.get(key, "")
        self._applies[key] = apply
        self._basis[key] = (text, getattr(self._settings, key))
        self._texts[key] = text

    def begin(self, data: "bytes | None", error=None) -> None:
        """What the file holds, None: there is none; or why it cannot be read, a sentence."""
        if error is not None:
            self._refuse("%s; until then board.conf counts" % error)
        else:
            self._take(data or b"", self._read_all(data or b""), False)

    def start(self) -> None:
        """The board runs now."""
        self._running = self._submit is not None and self._call_after is not None
        self._look()

    def stop(self) -> None:
        """It ends."""
        self._running = False

    # The file

    def _look(self) -> None:
        if not self._running:
            return
        self._call_after(LOOK_MS, self._look)
        if not self._looking:
            self._looking = True
            self._submit(self._looked, "read")

    def _looked(self, data: "bytes | None", error) -> None:
        self._looking = False
        if error is not None:
            if not self._unread:
                self._refuse("%s; until then what counted before counts" % error)
            return
        before, self._seen = self._seen, data or b""
        if self._seen == before and self._seen != self._taken:  # twice the same: nobody is in the midst of saving it
            self._take(self._seen, self._read_all(self._seen), True)
        elif self._unread and self._seen == self._taken:
            self._refuse("")

    def _refuse(self, sentence: str) -> None:
        """The file cannot be read, and so nobody knows what is wrong in it; "" when it can again."""
        self._unread = sentence
        self._complain()

    def _read_all(self, data: bytes) -> tuple:
        return read_all(data, self._applies, self._settings.settings)

    def _take(self, data: bytes, content: tuple, told: bool) -> None:
        self._taken = data
        found, troubles = content
        for key in sorted(self._applies):
            text, value = found.get(key, self._basis[key])
            if text != self._texts[key]:
                self._texts[key] = text
                self._put(key, value)
                if told:
                    self._note("the setting %s is now: %s" % (key, config.shown(key, text) or "as in board.conf"))
        self._troubles, self._unread = troubles, ""
        self._complain()

    def _complain(self) -> None:
        self._alarm(self._unchanged() + ([self._unread] if self._unread else self._troubles))

    def _unchanged(self) -> list:
        """One sentence, also for several: each alarm has its place (MOST_ALARMS)."""
        if not self._broken:
            return []
        return [_BROKEN % (", ".join(sorted(self._broken)), ", ".join(sorted(set(self._broken.values()))))]

    def _put(self, key: str, value) -> None:
        setattr(self._settings, key, value)
        self._broken.pop(key, None)
        if self._applies[key] is None:
            return
        try:
            self._applies[key](value)
        except Exception as error:  # of a surface: it is not worth the mirror
            self._broken[key] = str(error)

    # The API

    def routes(self) -> dict:
        """For Api's `more`."""
        return {"/api/settings": {"GET": self._tell, "POST": self._change}}

    def _tell(self, request, answer) -> None:
        texts = {key: config.shown(key, text) for key, text in self._texts.items()}
        answer(json_answer(200, {"settings": texts, "sentence": "" if self._submit is not None else _NO_FILE}))

    def _change(self, request, answer) -> None:
        try:
            actions.check_kind(request)
            wishes = flatjson.parse(request.body)
        except actions.NotJson:
            answer(error_answer(415, "send the settings as application/json"))
            return
        except ProtocolError as error:
            answer(error_answer(400, str(error)))
            return
        lines = {}
        for key in sorted(wishes):
            try:
                self._check(key, wishes[key], lines)
            except Refused as error:
                answer(json_answer(400, {"error": str(error), "key": key}))
                return
        self._keep(lines, request, answer)

    def _check(self, key: str, text, lines: dict) -> None:
        """Puts the line for the file into `lines`, None for none; nothing where nothing would change."""
        if key not in self._applies:
            raise Refused("%s cannot be changed while the board runs" % key[:60])
        if not isinstance(text, str):
            raise Refused("send the value of %s as a text" % key)
        if len(text) > MOST_VALUE:
            raise Refused("a value has at most %d characters" % MOST_VALUE)
        text = text.strip(" \t")
        if text == config.shown(key, self._texts[key]):
            return  # also where it shows less than it is
        lines[key] = _line(key, text) if text else None

    def _keep(self, lines: dict, request, answer) -> None:
        if not lines:
            self._tell(request, answer)
            return
        if self._submit is None:
            answer(error_answer(409, _NO_FILE))
            return

        content = []

        def change(data: "bytes | None") -> bytes:
            whole = rewritten(data or b"", lines)
            content.append(self._read_all(whole))  # in the lane: somebody may have put a long file there
            return whole

        def done(data, error) -> None:
            if error is None:
                self._take(data, content[0], True)
                self._tell(request, answer)
            elif isinstance(error, Unkept):
                answer(error_answer(507, "%s; nothing was changed" % error))
            elif isinstance(error, Refused):
                answer(error_answer(409, str(error)))
            else:
                answer(error_answer(507, "the settings could not be kept (%s); nothing was changed" % error))

        self._submit(done, "change", change)


def read_all(data: bytes, keys, path: str) -> tuple:
    """({key: (text, value)}, [what is wrong with the first lines that are, and how many more there are])"""
    found, seen, troubles, more = {}, {}, [], 0
    if len(data) > MOST_BYTES:
        return found, [_NO_SETTINGS % (path, MOST_BYTES)]
    for index, line in enumerate(config.split(data)):
        try:
            setting = config.read_line(index + 1, line, seen, len(troubles) < MOST_NAMED)
            if setting is not None and setting[0] not in keys:
                raise Refused("line %d: %s cannot be changed while the board runs" % (index + 1, setting[0]))
        except Refused as error:
            if len(troubles) < MOST_NAMED:
                troubles.append(_BAD_LINE % (path, error))
            else:
                more += 1
            continue
        if setting is not None:
            found[setting[0]] = setting[1:]
    return found, troubles + ([_MORE_LINES % (path, more)] if more else [])


def rewritten(data: bytes, lines: dict) -> bytes:
    """The file with these lines, {key: bytes, or None for none}, in place of what it had for them; all else stays."""
    if len(data) > MOST_BYTES:
        raise Refused("the settings file has more than %d bytes and cannot be one; look at it" % MOST_BYTES)
    kept, left = [], dict(lines)
    for line in config.split(data):
        key = line.partition(b"=")[0].strip(b" \t").decode("utf-8", "replace") if b"=" in line else ""
        if key not in lines:
            kept.append(line)
        elif left.get(key) is not None:
            kept.append(left.pop(key))
    while kept and not kept[-1].strip():
        kept.pop()
    kept += [left[key] for key in sorted(left) if left[key] is not None]
    whole = mark(data) + b"\n".join(kept) + b"\n" if kept else b""
    if len(whole) > MOST_BYTES:
        raise Refused("the settings file would have more than %d bytes; delete what is not needed there" % MOST_BYTES)
    return whole


def _line(key: str, text: str) -> bytes:
    """The line for a file; Refused when it does not say that."""
    line = ("%s = %s" % (key, text)).encode()
    try:
        found = None if b"\n" in line else config.read_line(1, line, {})
    except Refused as error:
        raise Refused(str(error).partition("line 1: ")[2] or str(error))
    if found is None or found[1] != text:
        raise Refused("%s: a value is one line, and # begins a comment in it" % key)
    return line
