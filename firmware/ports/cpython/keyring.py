"""The keys folder of a running board, as pairing and the API use it; a worker for a lane as well."""

import time

from . import keyfolder, keys

SOON_S = 180 * 86400


class Keyring:
    """Every method raises Refused, with nothing changed then. For a folder that Credentials has opened, which finds by
    itself what is changed here.

    The library that makes keys takes 20 MB and its time to load, so nothing here does before it must.
    """

    def __init__(self, folder: str, name: str):
        self._folder = folder
        self._name = name

    @property
    def paired(self) -> bool:
        """Whether another board is trusted."""
        return keyfolder.is_paired(self._folder)

    @property
    def certificate(self) -> bytes:
        """DER of what this board shows."""
        return keyfolder.own_certificate(self._folder)

    def aging(self, now_s: int) -> str:
        """A sentence when a certificate of the link is good for less than half a year from `now_s` (since 1970) on."""
        newest = keyfolder.peers(self._folder)[-1:]
        for whose, der in [("this", self.certificate)] + [("the other", der) for der in newest]:
            until_s = keys.valid_until(der)
            if until_s - now_s < SOON_S:
                day = time.strftime("%Y-%m-%d", time.gmtime(until_s))
                return "the certificate of %s board is good until %s only: use `sosie pair renew`" % (whose, day)
        return ""

    def admit(self, certificate: bytes) -> None:
        """Refused when pin() would be."""
        keyfolder.admit(self._folder, certificate)

    def pin(self, certificate: bytes) -> None:
        """Trusts the board with this (DER) certificate, and no other."""
        keyfolder.pair(self._folder, certificate)

    def saw(self, certificate: bytes) -> None:
        """The other board has shown this certificate on the link: older ones of it are trusted no more."""
        keyfolder.seen(self._folder, certificate)

    def unpair(self) -> None:
        """Trusts no other board any more."""
        keyfolder.unpair(self._folder)

    def work(self, op: str, *args):
        """Any of these by its name, for a lane."""
        yield
        return getattr(self, op)(*args)

    # What the operator asks for, over the API

    def facts(self) -> dict:
        """What is trusted, in fingerprints: `certificate` of this board, `pinned` of the other one, the newest last,
        `revoked`."""
        pinned = [keys.fingerprint(der) for der in keyfolder.peers(self._folder)]
        revoked = sorted(keyfolder.revoked(self._folder))
        return {"certificate": keys.fingerprint(self.certificate), "pinned": pinned, "revoked": revoked}

    def renew(self) -> str:
        """The certificate (PEM) that this board will show from switch() on."""
        return keys.pem_of(keyfolder.prepare_next(self._folder, self._name)).decode()

    def pin_next(self, pem: str) -> None:
        """Trusts this certificate of the other board beside the one it shows now."""
        keyfolder.pin_also(self._folder, keys.only_der(pem.encode()))

    def switch(self) -> None:
        """Shows the certificate of renew() from now on."""
        keyfolder.use_next(self._folder)

    def revoke(self, fingerprint: str) -> None:
        """Never again trusts the certificate with this fingerprint."""
        keyfolder.revoke(self._folder, fingerprint)

    def new_password(self) -> str:
        """What the page takes from now on."""
        password = keys.new_password()
        keyfolder.set_password(self._folder, password)
        return password
