"""The page and its files, from memory: `GET /` is index.html, `GET /web/NAME` one of the others.

They hold nothing of the board, so everybody may have them: who looks at a board that wants its password needs a page
to type it into. Names are looked up among the files that are there and never become a path.
"""

from firmware.errors import why
from firmware.httpd.answer import Answer, error_answer

INDEX = "index.html"
PLACE = "/web/"
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
    "webmanifest": "application/manifest+json",
}
# Nothing from anywhere else, and no script or style that stands in the text of a page.
POLICY = (
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = (
    POLICY, "Referrer-Policy: no-referrer", "Cross-Origin-Resource-Policy: same-origin", "Vary: Accept-Encoding",
    "Cache-Control: no-cache",
)  # fmt: skip


class File:
    """One of them: `data`, the same as `packed` by gzip (None where that does not help), and `tag`, some letters that
    change with it."""

    def __init__(self, data: bytes, packed: "bytes | None", tag: str):
        self.data = data
        self.packed = packed
        self.tag = tag


class Static:
    """`load(done)` reads the files, once somebody wants one: done({name: File}, None), or done(None, an error)."""

    def __init__(self, load):
        self._load = load
        self._files = None
        self._waiting = []  # what to do once they are there

    def index(self, request, answer) -> None:
        """GET /"""
        self._give(INDEX, request, answer)

    def file(self, request, answer) -> None:
        """GET /web/NAME"""
        self._give(request.path[len(PLACE) :], request, answer)

    def _give(self, name: str, request, answer) -> None:
        if self._files is not None:
            answer(_answer(self._files.get(name), name, request))
            return
        self._waiting.append((name, request, answer))
        if len(self._waiting) == 1:
            self._load(self._loaded)

    def _loaded(self, files, error) -> None:
        waiting, self._waiting = self._waiting, []
        self._files = files
        for name, request, answer in waiting:
            if error is not None:
                answer(error_answer(500, "the files of the page cannot be read (%s)" % why(error)))
            else:
                answer(_answer(files.get(name), name, request))


def _answer(file, name: str, request):
    if file is None:
        return error_answer(404, "there is no such file here; the page is at /")
    packed = file.packed is not None and "gzip" in request.encodings
    tag = '"%s%s"' % (file.tag, "-gzip" if packed else "")
    headers = _HEADERS + ("ETag: " + tag,)
    kind = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    if _is_known(tag, request.known_tags):
        return _kept(Answer(304, b"", kind, headers))
    if packed:
        headers += ("Content-Encoding: gzip",)
    return _kept(Answer(200, file.packed if packed else file.data, kind, headers))


def _kept(answer):
    answer.keeps = True  # a page has several files, and with keys each connection costs a handshake
    return answer


def _is_known(tag: str, tags: list) -> bool:
    return any(each == "*" or each == tag or each == "W/" + tag for each in tags)
