"""Somebody who is not the other board at the ports of a board: with all kinds of certificates, or in a crowd."""

import contextlib
import socket
import ssl
import time
from pathlib import Path

from tests.process.keyed import client_hello

_GREETING = b"SosieLnk\1\0\0\0"
_LIMIT_S = 120.0
_PATIENCE_S = 0.05


def is_answered(port: int, version=None, certificate: tuple[bytes, bytes] | None = None, folder: Path | None = None,
                says: bytes = _GREETING) -> bool:  # fmt: skip
    """Whether a byte comes back, inside of TLS, for one with at most this version of it, and this key and certificate
    (PEM), which are put into a file in `folder`, or none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.maximum_version = version
    if certificate:
        (folder / "stranger.pem").write_bytes(b"".join(certificate))
        context.load_cert_chain(folder / "stranger.pem")
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_LIMIT_S) as plain:
            with context.wrap_socket(plain) as secure:
                secure.sendall(says)
                return bool(secure.recv(1))
    except (ssl.SSLError, ConnectionError):
        return False


def answer_to(port: int, data: bytes) -> bytes:
    """All that comes back for these bytes, without TLS, until the board closes."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=_LIMIT_S) as plain:
        with contextlib.suppress(ConnectionError):
            plain.sendall(data)
            while piece := plain.recv(65536):
                answer += piece
    return answer


@contextlib.contextmanager
def crowd(port: int, count: int):
    """So many callers who go no further: silent ones, and such that stop in the middle of TLS's first word."""
    hello = client_hello()
    with contextlib.ExitStack() as stack:
        for place in range(count):
            each = stack.enter_context(_connect(port))
            with contextlib.suppress(ConnectionError):
                each.sendall((b"", hello[:1], hello[:100], hello)[place % 4])
        yield


def _connect(port: int) -> socket.socket:
    """QEMU holds one caller at a time that it has not passed on yet; a second one would try again a second later."""
    deadline = time.monotonic() + _LIMIT_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        except TimeoutError:
            assert time.monotonic() < deadline, "nobody listens at port %d" % port
