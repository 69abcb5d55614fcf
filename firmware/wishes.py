"""Settings that are changed while the board runs, on its page: kept in a file of their own, `settings = PATH`.

    GET  /api/settings   {"settings": {key: text, ""}, "sentence"}: the sentence says why nothing can be changed, or ""
    POST /api/settings   {key: text, ..}, "" to go back to board.conf; answers as GET, or {"error", "key"}

The file has lines as board.conf has, and each of them counts more than board.conf's. A person may edit it: what cannot
be understood is an alarm that names the line, board.conf's value counts in its place, and the line stays until somebody
changes that very setting.
"""

from firmware import config, flatjson
from firmware.api import actions
from firmware.conf.lines import mark
from firmware.errors import ProtocolError, Refused, Unkept
from firmware.httpd.answer import error_answer, json_answer

MOST_BYTES = 64 << 10
MOST_VALUE = 2000
_NO_FILE = "what is changed here has no place to be kept: add a line settings = PATH to board.conf"


class Wishes:
    """`settings` is what board.conf says; `submit(done, op, *args)` the lane of a Notebook (ports/notebook.py) with the
    file, None without one; `note` tells the board's log, `alarm(sentence)` the board.

    Who can do with a changed value announces it, and begin() is called with the file's bytes when all have.
    """

    def __init__(self, settings, submit, note, alarm):
        self._settings = settings
        self._submit = submit
        self._note = note
        self._alarm = alarm
        self._applies = {}  # key -> what to call with its value
        self._basis = {}  # key -> (text, value) of board.conf
        self._texts = {}  # key -> its text, as it counts now

    def announce(self, key: str, apply=None) -> None:
        """`key` may be changed from now on; apply(value) is called when it was, and the attribute has it before."""
        text = self._settings.texts.get(key, "")
        self._applies[key] = apply
        self._basis[key] = (text, getattr(self._settings, key))
        self._texts[key] = text

    def begin(self, data: "bytes | None", error=None) -> None:
        """What the file holds, None: there is none; or why it cannot be read, a sentence."""
        if error is not None:
            self._alarm("%s; until then board.conf counts" % error)
        else:
            self._take(read_all(data or b"", self._applies), False)

    # The file

    def _take(self, content: tuple, told: bool) -> None:
        found, trouble = content
        self._alarm("%s, %s; board.conf counts" % (self._settings.settings, trouble) if trouble else "")
        for key in sorted(self._applies):
            text, value = found.get(key, self._basis[key])
            if text != self._texts[key]:
                self._texts[key] = text
                self._put(key, value)
                if told:
                    self._note("the setting %s is now: %s" % (key, config.shown(key, text) or "as in board.conf"))

    def _put(self, key: str, value) -> None:
        setattr(self._settings, key, value)
        if self._applies[key] is None:
            return
        try:
            self._applies[key](value)
        except Exception as error:  # of a surface: it is not worth the mirror
            self._alarm("%s could not be changed (%s); restart the board" % (key, error))

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
            content.append(read_all(whole, self._applies))  # in the lane: somebody may have put a long file there
            return whole

        def done(data, error) -> None:
            if error is None:
                self._take(content[0], True)
                self._tell(request, answer)
            elif isinstance(error, Unkept):
                answer(error_answer(507, "%s; nothing was changed" % error))
            elif isinstance(error, Refused):
                answer(error_answer(409, str(error)))
            else:
                answer(error_answer(507, "the settings could not be kept (%s); nothing was changed" % error))

        self._submit(done, "change", change)


def read_all(data: bytes, keys) -> tuple:
    """({key: (text, value)}, what is wrong with the first line that cannot be understood, or "") of a settings file."""
    found, seen, trouble = {}, {}, ""
    if len(data) > MOST_BYTES:
        return found, "this file has more than %d bytes and cannot be a settings file" % MOST_BYTES
    for index, line in enumerate(config.split(data)):
        try:
            setting = config.read_line(index + 1, line, seen, not trouble)
            if setting is not None and setting[0] not in keys:
                raise Refused("line %d: %s cannot be changed while the board runs" % (index + 1, setting[0]))
        except Refused as error:
            trouble = trouble or str(error)
            continue
        if setting is not None:
            found[setting[0]] = setting[1:]
    return found, trouble


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
