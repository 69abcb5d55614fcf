"""The head of an HTTP/1.1 request (RFC 9112), checked strictly, because what comes here may be anything.

Bytes in, a Request out. Whatever is wrong raises BadRequest, which carries the status to answer with.
"""

from firmware.errors import ProtocolError
from firmware.httpd import parameters

MAX_HEAD = 8 << 10
MAX_BODY = 64 << 10

_TOKEN = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TEXTS = (b"host", b"content-type", b"authorization", b"origin", b"x-sosie-token", b"sec-fetch-mode")
_READ = _TEXTS + (b"content-length", b"transfer-encoding", b"expect", b"cookie", b"connection")
_LISTS = (b"accept-encoding", b"if-none-match")  # these may stand there several times
_MOST_DIGITS = 12


class BadRequest(Exception):
    """A request that is answered with `status` and the sentence, and then the connection closes."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status


class Request:
    """One request.

    `method` and `path` (without the query) are text, `query` a dictionary of texts; `host`, `content_type`,
    `authorization`, `origin`, `token` (X-Sosie-Token), and `fetch_mode` (Sec-Fetch-Mode) text or None; `cookies` the
    bytes of its Cookie header; `encodings` and `known_tags` (If-None-Match) lists of texts; `length` the bytes of the
    body, `body` the body once it is there; `keeps`: the client may ask more on its connection. `caller` is the address
    that it came from, "" where nobody knows; still() says whether it would be let in now as well. `stays`: its
    connection is not to make room for another caller, for its sender knows the password, or that is being found out.
    """

    def __init__(self, method: str, path: str, query: "dict | None" = None):
        self.method = method
        self.path = path
        self.query = query or {}
        self.cookies = b""
        self.keeps = False
        self.caller = ""
        self.still = _always
        self.stays = False
        self.token = None
        self.fetch_mode = None
        self.encodings = []
        self.known_tags = []
        self.host = None
        self.content_type = None
        self.authorization = None
        self.origin = None
        self.length = 0
        self.expects_continue = False
        self.body = b""


def _always() -> bool:
    return True


def parse_head(head: bytes) -> Request:
    """The request whose head, up to and without its final empty line, is `head`."""
    lines = head.split(b"\r\n")
    method, target, version = _start(lines[0])
    fields = _fields(lines[1:])
    request = Request(method, *_parted(target))
    if b"host" not in fields and version == b"HTTP/1.1":
        raise BadRequest(400, "the Host header is missing")  # RFC 9112 section 3.2
    (
        request.host, request.content_type, request.authorization, request.origin, request.token, request.fetch_mode,
    ) = [_text(fields[name]) if name in fields else None for name in _TEXTS]  # fmt: skip
    request.cookies = fields.get(b"cookie", b"")
    request.keeps = version == b"HTTP/1.1" and fields.get(b"connection", b"").lower() != b"close"
    request.encodings, request.known_tags = [_elements(fields.get(name, b"")) for name in _LISTS]
    request.length = _length(method, fields)
    request.expects_continue = fields.get(b"expect", b"").lower() == b"100-continue"
    return request


def _start(line: bytes) -> tuple:
    parts = line.split(b" ")
    if len(parts) != 3 or not _is_token(parts[0]):
        raise BadRequest(400, "this is not an HTTP request")
    if parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise BadRequest(505 if parts[2].startswith(b"HTTP/") else 400, "this board speaks HTTP/1.1")
    return parts[0].decode(), parts[1], parts[2]


def _parted(target: bytes) -> tuple:
    """The path and the query of a request's target."""
    if not target.startswith(b"/") or not _is_visible(target):
        raise BadRequest(400, "the request target is not a path")
    path, _, words = target.partition(b"?")
    try:
        return path.decode(), parameters.parse(words)
    except ProtocolError as error:
        raise BadRequest(400, str(error))


def _fields(lines: list) -> dict:
    """The header fields that matter here; the others are only checked for their form."""
    fields = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _is_token(name) or _has_control(value):
            raise BadRequest(400, "a header line is malformed")
        name = name.lower()
        if name in _READ:
            if name in fields:
                raise BadRequest(400, "a header stands twice: " + name.decode())
            fields[name] = value.strip(b" \t")
        elif name in _LISTS:
            fields[name] = fields[name] + b"," + value if name in fields else value
    return fields


def _elements(value: bytes) -> list:
    """Of a list in a header; none where it is not plain ASCII, for what they ask for is never more than a favour."""
    if not all(31 < byte < 127 or byte == 9 for byte in value):
        return []
    found = []
    for each in value.decode().split(","):
        word, _, weight = each.replace(" ", "").partition(";")
        if weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):  # RFC 9110 section 12.4.2: not wanted
            found.append(word)
    return found


def _length(method: str, fields: dict) -> int:
    if b"transfer-encoding" in fields:
        raise BadRequest(411, "send the body with a Content-Length, not in chunks")
    if b"content-length" not in fields:
        if method == "POST":
            raise BadRequest(411, "a POST needs a Content-Length")
        return 0
    digits = fields[b"content-length"]
    if not digits or any(not 48 <= byte <= 57 for byte in digits):
        raise BadRequest(400, "the Content-Length is not a number")
    if len(digits) > _MOST_DIGITS:
        raise BadRequest(413, "a body has at most %d bytes here" % MAX_BODY)
    return int(digits.decode())


def _is_token(name: bytes) -> bool:
    return bool(name) and all(byte in _TOKEN for byte in name)


def _is_visible(text: bytes) -> bool:
    return all(32 < byte < 127 for byte in text)


def _has_control(value: bytes) -> bool:
    # Bytes above 127 are let through: cookies of other programs on this machine may hold them.
    return any((byte < 32 and byte != 9) or byte == 127 for byte in value)


def _text(value: bytes) -> str:
    if not all(31 < byte < 127 for byte in value):
        raise BadRequest(400, "a header holds bytes beyond ASCII")
    return value.decode()
