"""What a handler answers to an HTTP request, and its bytes."""

import json

_REASONS = {
    200: "OK",
    202: "Accepted",
    204: "No Content",
    302: "Found",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    507: "Insufficient Storage",
}
JSON = "application/json"


class Answer:
    """A status, bytes of a content type, further header lines. `keeps`: the client may ask more on its connection."""

    source = None  # of a Stream (stream.py)

    def __init__(self, status: int, body: bytes, content_type: str = JSON, headers: tuple = ()):
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers
        self.keeps = False

    def pack(self, with_body: bool, keeps: bool = False) -> bytes:
        """The whole response; without its body for HEAD. `keeps`: the connection stays."""
        lines = ["HTTP/1.1 %d %s" % (self.status, _REASONS[self.status])]
        if self.status != 304:
            lines.append("Content-Type: " + self.content_type)
        lines += self.length_lines()
        lines += ["Connection: " + ("keep-alive" if keeps else "close"), "X-Content-Type-Options: nosniff"]
        if not any(line.startswith("Cache-Control:") for line in self.headers):
            lines.append("Cache-Control: no-store")
        lines += self.headers
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return head + self.body if with_body else head

    def length_lines(self) -> list:
        """The header lines by which a client knows where it ends."""
        return [] if self.status == 304 else ["Content-Length: %d" % len(self.body)]


def json_answer(status: int, content: dict, headers: tuple = ()) -> Answer:
    """An Answer with `content` as JSON."""
    return Answer(status, json.dumps(content).encode(), JSON, headers)


def error_answer(status: int, sentence: str, headers: tuple = ()) -> Answer:
    """An Answer that says what is wrong: {"error": sentence}."""
    return json_answer(status, {"error": sentence}, headers)
