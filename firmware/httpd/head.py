"""The head of a request on its way in: bytes until the empty line, no more than MAX_HEAD of them."""

from firmware.httpd.request import MAX_HEAD, BadRequest, parse_head


class Head:
    """Gathers one head. `rest` is what had come behind the request before it."""

    def __init__(self, rest: bytes = b""):
        self.buffer = memoryview(bytearray(MAX_HEAD))
        self.filled = 0
        self.end = 0  # where the body begins
        self._rest = rest

    def wanted(self) -> memoryview:
        """Where the next bytes go."""
        return self.buffer[self.filled :]

    def begin(self) -> "object | None":
        """The request that had come already; None when there is none, or a part of one."""
        rest, self._rest = self._rest, b""
        if not rest:
            return None
        self.buffer[: len(rest)] = rest
        return self.received(len(rest))

    def received(self, n: int) -> "object | None":
        """The Request, once its head is whole; raises BadRequest."""
        start = max(0, self.filled - 3)  # where the empty line behind the head may begin at the earliest
        self.filled += n
        if not 65 <= self.buffer[0] <= 90:  # no method begins so: a TLS greeting, say
            raise BadRequest(400, "this is not an HTTP request")
        place = bytes(self.buffer[start : self.filled]).find(b"\r\n\r\n")
        if place < 0:
            if self.filled == MAX_HEAD:
                raise BadRequest(431, "the head of a request has at most %d bytes here" % MAX_HEAD)
            return None
        self.end = start + place + 4
        return parse_head(bytes(self.buffer[: self.end - 4]))

    def early(self, length: int) -> bytes:
        """What came of a body of `length` bytes together with the head."""
        return bytes(self.buffer[self.end : min(self.end + length, self.filled)])

    def behind(self, length: int) -> bytes:
        """What came behind that body: the next request, or its beginning."""
        return bytes(self.buffer[min(self.end + length, self.filled) : self.filled])
