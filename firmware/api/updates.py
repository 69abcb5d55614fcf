"""Updates over the web: a signed file comes in, the installer takes it from there, and its report is passed on.

    POST /api/update           the file itself, application/octet-stream; answers when it is stored and checked next
    GET  /api/update           {"state", "sentence", "version", "slot", "percent"}
    POST /api/update/restart   restarts the board into an update that is ready

Nothing is judged here: the installer checks who signed the file before it does anything with it.
"""

from firmware.api.upload import Upload
from firmware.errors import Refused
from firmware.httpd.answer import error_answer, json_answer
from firmware.quantity import size_text

OCTETS = "application/octet-stream"
MAX_UPDATE = 1 << 30
READY = "ready to restart"
_BUSY = ("checking", "installing")
_IDLE = "no update was sent to this board"


class Updates:
    """`submit(done, op, *args)` is the lane of an Inbox (ports/inbox.py), `version()` says what runs here, `note` tells
    the board's log. Call `look()` now and then."""

    def __init__(self, submit, version, note):
        self._submit = submit
        self._version = version
        self._note = note
        self._upload = None
        self._told = None
        submit(_nothing, "abandon")  # of a life before this one

    # Routes

    def report(self, request, answer) -> None:
        """GET /api/update."""

        def done(result, error) -> None:
            answer(json_answer(200, self._judged(*(({}, False) if error is not None else result))))

        self._submit(done, "report")

    def restart(self, wish, done) -> None:
        """POST /api/update/restart: done(sentence, None), or done(None, an error)."""

        def judge(result, error) -> None:
            report = None if error is not None else self._judged(*result)
            if error is not None:
                done(None, error)
            elif report["state"] != READY:
                done(None, Refused("no update waits for a restart: " + report["sentence"]))
            else:
                self._submit(asked, "ask_for_restart")

        def asked(result, error) -> None:
            done(None if error is not None else "the board restarts into the update", error)

        self._submit(judge, "report")

    def admit(self, request, decided) -> None:
        """POST /api/update: decided(a sink, or an Answer that refuses)."""
        refusal = self._refusal(request)
        if refusal is not None:
            decided(refusal)
            return

        def judge(result, error) -> None:
            # A file that waits is no reason to refuse: should nobody take it, another one may be what helps.
            if error is None and (self._upload is not None or result[0].get("state") in _BUSY):
                decided(error_answer(409, "another update is under way: " + self._judged(*result)["sentence"]))
                return
            self._upload = Upload(self._submit, request.length, self._ended)
            self._note("an update of %s is coming in" % size_text(request.length))
            decided(self._upload)

        self._submit(judge, "report")

    def _refusal(self, request):
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        if kind != OCTETS:
            return error_answer(415, "send the update file as " + OCTETS)
        if request.length > MAX_UPDATE:
            return error_answer(413, "an update has at most %d bytes" % MAX_UPDATE)
        if not request.length:
            return error_answer(400, "the update file is empty")
        return None

    def _ended(self, sentence: str) -> None:
        self._upload = None
        self._note("the update did not arrive: " + sentence if sentence else "the update was received")

    # The report

    def _judged(self, said: dict, waits: bool) -> dict:
        report = {"state": "idle", "sentence": _IDLE, "version": self._version(), "slot": None}
        report.update(said)
        report["state"], report["sentence"] = str(report["state"]), str(report["sentence"])
        upload = self._upload
        if upload is not None:
            report["state"], report["percent"] = "receiving", 100 * upload.taken // upload.length
            report["sentence"] = "an update is coming in: %d %% of it is here" % report["percent"]
        elif waits and report["state"] not in _BUSY:
            report["state"], report["sentence"] = "checking", "the update was received and is being checked"
        return report

    # The board's log

    def look(self) -> None:
        """Tells the board's log what the installer says."""
        self._submit(self._heard, "report")

    def _heard(self, result, error) -> None:
        sentence = "" if error is not None else str(result[0].get("sentence", ""))
        if self._told is None:  # what was said before this life is no event of it
            self._told = sentence
        if sentence != self._told:
            self._told = sentence
            self._note("update: %s" % sentence)


def _nothing(result, error) -> None:
    pass
