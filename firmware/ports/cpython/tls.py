"""Whom this board trusts, and the TLS sessions that follow from it. What the keys folder holds is in keyfolder.py.

Whoever proves that it has the key of a certificate that is pinned byte by byte, not revoked and within its time, is
the other board. Nobody vouches for anybody: a certificate that a pinned one has issued is as unknown as any other. Only
TLS 1.3 is spoken, and nothing is resumed: every connection proves it anew. While a board has no clock that anybody set,
its certificates' time is not looked at: without a battery and a time server it has to mirror all the same.
"""

import os
import ssl

from ...errors import Refused
from ..files import clock_is_set, reason
from . import keyfolder
from .session import Session

_OTHERS = 0o007
_FILES = (keyfolder.OWN_KEY, keyfolder.OWN_CERTIFICATE, keyfolder.PEER, keyfolder.REVOKED)
# A client that asks for ChaCha20 first has no hardware for AES: it gets it, whatever this board likes best.
_PRIORITIZE_CHACHA = 1 << 21
_NO_CHECK_TIME = 1 << 21  # of the X509_V_FLAGs


class Credentials:
    """What the keys folder says. Raises Refused, with one sentence, when there is none.

    One that is damaged closes what it is needed for, the link or the page too, until refresh() finds it mended: no
    disk is lost because of keys, and nothing is opened with fewer of them.

    `certificate`: this board's own (DER) on the link, None before the folder was whole. `pinned`: the other board's
    that are trusted (DER). `version` grows when anything changes. `trouble`: why the folder could not be kept up to
    date, or "". `busy()`: whether somebody is writing it just now, so that it is to be left alone; set by who wires.
    """

    def __init__(self, folder: str):
        self.folder = folder
        self.version = 0
        self.trouble = ""
        self.certificate = None
        self.pinned = self._known = ()
        self._seen = self._page = None
        self._links = ()
        self._shown = None  # by the other board, and still to be kept
        self._damage = ""
        self.busy = _never
        self._find()
        try:
            self.refresh()
        except Refused:
            pass  # whoever opens a session hears it, and refresh() says it again

    @property
    def paired(self) -> bool:
        """Whether there is another board that is trusted."""
        return bool(self.pinned)

    def refresh(self) -> bool:
        """Reads the folder again if it was changed; whether it was. After a Refused all that was read before stays
        in force, and the next call tries again."""
        if self.busy():
            return False
        self._keep_shown()
        seen = [_state(self._path(name)) for name in _FILES]
        if seen == self._seen:
            return False
        try:
            self._read()
        except Refused as sentence:
            self._damage = str(sentence)
            raise
        self._damage, self._seen = "", seen
        self.version += 1
        return True

    def _find(self) -> None:
        if not os.path.isdir(self.folder):  # settle() would make one where, for example, a card is missing
            raise Refused("there is no folder %s; make it with `sosie pair install`, or flash this card anew"
                          % self.folder)

    def _read(self) -> None:
        self._find()
        keyfolder.settle(self.folder)
        own = keyfolder.own_certificate(self.folder)
        (self._page,) = self._make_contexts((True, None))  # it needs no more than these
        known = tuple(keyfolder.peers(self.folder))
        revoked = keyfolder.revoked_certificates(self.folder, known)
        self._links = self._make_contexts((True, known), (False, known))
        self.certificate, self._known = own, known
        self.pinned = tuple(each for each in known if each not in revoked)

    def link_session(self, server: bool) -> Session:
        """A TLS session with the other board, which proves that it is that. Raises Refused while there is none."""
        if not self._known:
            raise Refused(self._damage or "this board is not paired yet: pair it with the other one")
        context = self._links[0 if server else 1]
        if clock_is_set() is False:
            context.verify_flags |= _NO_CHECK_TIME
        else:
            context.verify_flags &= ~_NO_CHECK_TIME
        return Session(self, context, server, True)

    def page_session(self) -> Session:
        """The server's side of a TLS session with anybody. Raises Refused while this board cannot say who it is."""
        if self._page is None:
            raise Refused(self._damage)
        return Session(self, self._page, True, False)

    def objection(self, certificate: bytes) -> str:
        """Why the other side is not trusted with this certificate (DER), although TLS proved its key; "" if it is."""
        if certificate in self.pinned:
            return ""
        if certificate in self._known:
            return "the other board's certificate is revoked: pair the boards anew if that was a mistake"
        return "the other board's certificate is not one that this board is paired with: pair the boards anew"

    def saw(self, certificate: bytes) -> None:
        """The other board has proved that it has the key of this certificate: it needs its older ones no more."""
        self._shown = certificate
        if not self.busy():
            self._keep_shown()

    def _keep_shown(self) -> None:
        certificate, self._shown = self._shown, None
        if certificate is not None and len(self._known) > 1:
            try:
                keyfolder.seen(self.folder, certificate)
                self.trouble = ""
            except Refused as sentence:
                self.trouble = "the other board's old certificate is still trusted: %s" % sentence

    def _path(self, name: str) -> str:
        return self.folder + "/" + name

    # OpenSSL

    def _make_contexts(self, *kinds: tuple) -> tuple:
        """One for each kind: (server, whose certificates are asked for; None for anybody's)."""
        key = self._path(keyfolder.OWN_KEY)
        keyfolder.read(self.folder, keyfolder.OWN_KEY)  # refuses what is no file: OpenSSL would wait for a pipe
        try:
            if os.stat(key).st_mode & _OTHERS:
                raise Refused("%s can be read by everybody: chmod 600 it, or pair this board anew" % key)
            return tuple(self._context(server, known) for server, known in kinds)
        except (ssl.SSLError, ValueError):
            raise Refused("%s is damaged, or own.crt or peer.crt beside it, or they do not belong together: "
                          "flash this card anew, or copy the folder from a backup" % key) from None
        except OSError as error:
            raise Refused("%s cannot be read (%s)" % (key, reason(error))) from None

    def _context(self, server: bool, known: "tuple | None") -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False  # the whole certificate says who it is
        own = self._path(keyfolder.OWN_CERTIFICATE), self._path(keyfolder.OWN_KEY)
        context.load_cert_chain(*own, password=_no_password)
        if server:
            context.num_tickets = 0
            context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | _PRIORITIZE_CHACHA
        context.verify_mode = ssl.CERT_NONE if known is None else ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # or of two with the same name it finds only one
        for each in known or ():  # the revoked as well: to be told as such, they have to come through
            context.load_verify_locations(cadata=each)
        return context


def _state(path: str) -> "tuple | None":
    """What changes when the file does."""
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def _never() -> bool:
    return False


def _no_password() -> str:
    raise ValueError("the key asks for a password")  # OpenSSL would ask for it on the terminal
