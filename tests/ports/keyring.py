"""Keys folders of all kinds, good and bad, and a wire between two ends of TLS."""

import datetime
import functools
import ssl

from firmware.errors import ProtocolError
from firmware.link.secure import Secure
from firmware.ports.cpython import keys
from firmware.ports.cpython.tls import Credentials
from tests.unit.fakes_secure import FakeInner, Told

_DAY = datetime.timedelta(days=1)
AGE_DAYS = {"good": 0, "expired": 4000, "early": -30}


def identity(name: str, kind: str = "good") -> "tuple[bytes, bytes]":
    """(key, certificate) in PEM of the board `name`; made once for all tests. `kind`: good, expired, early."""
    return _identity(name, kind)


@functools.cache
def _identity(name: str, kind: str) -> "tuple[bytes, bytes]":
    return keys.new_identity(name, datetime.datetime.now(datetime.UTC) - AGE_DAYS[kind] * _DAY)


def der(pem: bytes) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.decode())


def folder(path, own, *pinned, revoked=()):
    """A keys folder at `path`: `own` and `pinned` come from identity(); `revoked` are such as well."""
    path.mkdir(parents=True, exist_ok=True)
    write(path / "own.key", own[0])
    write(path / "own.crt", own[1])
    write(path / "peer.crt", b"".join(each[1] for each in pinned))
    write(path / "revoked", "".join("%s  # lost\n" % keys.fingerprint(der(each[1])) for each in revoked).encode())
    return path


def write(path, data: bytes) -> None:
    """The file is replaced whole, as everybody does it."""
    aside = path.with_suffix(".new")
    aside.write_bytes(data)
    aside.chmod(0o600)
    aside.rename(path)


class End:
    """One end of the wire: a Secure with an inside that keeps what it hears."""

    def __init__(self, session, *says):
        self.inner, self.told, self.session = FakeInner(*says), Told(), session
        self.secure = Secure(self.inner, session, ended=self.told)
        self.error = None

    @property
    def heard(self) -> bytes:
        return bytes(self.inner.heard)

    @property
    def sentences(self) -> str:
        return "; ".join(sentence for sentence, _ in self.told.calls)

    @property
    def refused(self) -> bool:
        return any(refused for _, refused in self.told.calls)

    def take(self, most: int) -> bytes:
        out = self.secure.outgoing()
        if out is None:
            return b""
        data = bytes(out[:most])
        self.secure.sent(len(data))
        return data

    def put(self, data: bytes) -> None:
        while data and self.error is None:
            view = self.secure.wanted()
            if view is None:
                return
            count = min(len(view), len(data))
            view[:count] = data[:count]
            try:
                self.secure.received(count)
            except ProtocolError as error:
                self.error = str(error)
            data = data[count:]


class Raw:
    """An end that is nobody of ours: plain OpenSSL over memory. `complaint`: how it failed."""

    def __init__(self, context: ssl.SSLContext, server: bool = False):
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_side=server)
        self.heard, self.complaint, self.shaken = b"", "", False

    def take(self, most: int) -> bytes:
        self._go_on()
        return self._out.read(most)

    def put(self, data: bytes) -> None:
        self._in.write(data)
        self._go_on()

    def _go_on(self) -> None:
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            self.heard += self.tls.read(1 << 16)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self.complaint = self.complaint or error.reason or type(error).__name__


def converse(one, two, step: int = 1 << 20, turns: int = 100000) -> None:
    """Until nothing moves."""
    for _ in range(turns):
        moved = False
        for sender, receiver in ((one, two), (two, one)):
            data = sender.take(step)
            if data:
                receiver.put(data)
                moved = True
        if not moved:
            return
    raise AssertionError("the wire never comes to rest")


def pair(tmp_path, left=("left", "good"), right=("right", "good")) -> "tuple[Credentials, Credentials]":
    """Credentials of two boards that pin each other."""
    one, two = identity(*left), identity(*right)
    return Credentials(str(folder(tmp_path / "left", one, two))), Credentials(str(folder(tmp_path / "right", two, one)))
