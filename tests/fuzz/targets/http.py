"""The status API's HTTP: byte 0 cuts the stream in pieces, byte 1 says whether the client hangs up; then the stream."""

from tests.fuzz.test_fuzz_http import PROMOTE, check_response, converse
from tests.unit.test_http import GET, POST

MAX_INPUT = 10000


def seeds() -> list:
    mark = PROMOTE.replace(b"promote", b"mark").replace(b'{"force": true}', b'{"name": "abc"}')
    streams = [mark, GET, POST, PROMOTE, GET.replace(b"GET", b"HEAD")]
    streams += [PROMOTE.replace(b"X: y", b"Expect: 100-continue")]
    streams += [GET.replace(b"/1.1", b"/1.0"), POST.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked")]
    fields = b"Cookie: a=b; __Host-sosie-8080=" + b"A" * 43
    fields += b"\r\nX-Sosie-Token: abc\r\nAccept-Encoding: gzip;q=0, br\r\n"
    fields += b'If-None-Match: W/"x", *\r\nConnection: keep-alive\r\nSec-Fetch-Mode: cors\r\nAuthorization: Basic YTpi'
    streams += [GET.replace(b"?x=1", b"?lang=f%72&since=+1&a").replace(b"Accept: */*", fields)]
    return [bytes([cut, cut % 2]) + stream for stream in streams for cut in (0, 7)]


def one(data: bytes) -> None:
    if len(data) < 2:
        return
    got, board = converse(data[2:], [1 + data[0] * 8], hangs_up=bool(data[1] & 1))
    status = check_response(got)
    assert bool(board.forces or board.names) <= (status == 200)
