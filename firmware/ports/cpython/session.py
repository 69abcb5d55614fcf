"""One TLS session as firmware/link/secure.py takes it, over OpenSSL with both ends in memory."""

import ssl

from ...errors import ProtocolError, Refused

# AES-GCM leaves a margin of 2^-57 for 2^24.5 records of 16 KiB with the same keys (RFC 8446, 5.5), and OpenSSL does
# not change them by itself.
_MOST_BYTES = 1 << 38
_RECORD = 1 << 14
_TAKEN = 1 << 18

_UNKNOWN = "is not the one that this board is paired with: pair the boards anew, or look who is calling"
_VERDICTS = {  # OpenSSL's X509_V_ERR_*
    9: "is not valid yet: is the clock of this board right?",
    10: "has expired: is the clock of this board right? If it is, renew the keys (sosie pair renew)",
}
_THEIRS = {  # alerts of the other side about what we showed it
    "CERTIFICATE_EXPIRED": "as expired: are the clocks of both boards right? If they are, renew the keys",
    "BAD_CERTIFICATE": "as bad or not valid yet: is the clock of the other board right?",
    "UNKNOWN_CA": "as unknown: pair the boards anew",
    "CERTIFICATE_REQUIRED": "because there was none: pair the boards anew",
    "CERTIFICATE_REVOKED": "as revoked",
    "CERTIFICATE_UNKNOWN": "as unknown: pair the boards anew",
}


class Session:
    """`credentials` (tls.py) made `context`; `mutual`: the other side proves who it is."""

    def __init__(self, credentials, context: ssl.SSLContext, server: bool, mutual: bool):
        self._credentials = credentials
        self._server = server
        self._mutual = mutual
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=server)
        self._certificate = None
        self._version = None
        self._written_bytes = 0
        self._broken = False
        self.feed = self._in.write

    @property
    def cipher(self) -> str:
        """The cipher suite, once hands were shaken."""
        return self._tls.cipher()[0]

    @property
    def worn(self) -> bool:
        return self._written_bytes >= _MOST_BYTES

    def shake(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            self._fail(error)
        if self._mutual:
            self._certificate = self._tls.getpeercert(True)
            objection = self.objection()
            if objection:
                raise Refused(objection)
            self._credentials.saw(self._certificate)
        return True

    def objection(self) -> str:
        if self._version == self._credentials.version or not self._mutual:
            return ""
        self._version = self._credentials.version
        return self._credentials.objection(self._certificate)

    def read_into(self, view: memoryview) -> int:
        try:
            return self._tls.read(len(view), view) or -1
        except ssl.SSLWantReadError:
            return 0
        except ssl.SSLZeroReturnError:
            return -1
        except ssl.SSLError as error:
            return self._fail(error)

    def write(self, view: memoryview) -> None:
        try:
            count = self._tls.write(view)
        except ssl.SSLError as error:
            self._fail(error)
        assert count == len(view)
        self._written_bytes += max(count, _RECORD >> 4)  # a short record wears a key out, too

    def take(self) -> bytes:
        return self._out.read(_TAKEN)

    def close(self) -> None:
        if not self._broken:
            self._broken = True
            try:
                self._tls.unwrap()
            except ssl.SSLError:  # it wants the other side's close_notify, or there is no session to close
                pass

    def _fail(self, error: ssl.SSLError):
        self._broken = True
        sentence = _sentence(error)
        if sentence:
            raise Refused(sentence) from None
        words = "TLS failed (%s)" % (error.reason or "no reason given").lower().replace("_", " ")
        if not self._server and self._certificate is None:  # we dialled: it is our operator's business
            raise Refused(words + ": is it a board with keys that listens there?") from None
        raise ProtocolError(words) from None


def _sentence(error: ssl.SSLError) -> str:
    """What the operator should know of it, "" if nothing."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the other board's certificate " + _VERDICTS.get(error.verify_code, _UNKNOWN)
    name = error.reason or ""
    if name == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return "somebody without a certificate called: look who is calling, or pair the boards anew"
    if name in ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION"):
        return "the other side does not speak TLS 1.3: update the other board, or look who is calling"
    alert = name.partition("_ALERT_")[2]
    return "the other board refuses this board's certificate " + _THEIRS[alert] if alert in _THEIRS else ""
