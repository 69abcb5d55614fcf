"""The keys folder of a running board, as pairing and the API use it. `changed()` is called after every change."""

from . import keyfolder, keys


class Keyring:
    """Every method raises Refused, with nothing changed then."""

    def __init__(self, folder: str, name: str, changed):
        self._folder = folder
        self._name = name
        self._changed = changed
        keyfolder.settle(folder)
        keyfolder.check(folder)

    @property
    def paired(self) -> bool:
        """Whether another board is trusted."""
        return keyfolder.is_paired(self._folder)

    @property
    def certificate(self) -> bytes:
        """DER of what this board shows."""
        return keyfolder.own_certificate(self._folder)

    def admit(self, certificate: bytes) -> None:
        """Refused when pin() would be."""
        keyfolder.admit(self._folder, certificate)

    def pin(self, certificate: bytes) -> None:
        """Trusts the board with this (DER) certificate, and no other."""
        self._change(keyfolder.pair, certificate)

    def saw(self, certificate: bytes) -> None:
        """The other board has shown this certificate on the link: older ones of it are trusted no more."""
        if keyfolder.seen(self._folder, certificate):
            self._changed()

    # What the operator asks for, over the API

    def renew(self) -> str:
        """The certificate (PEM) that this board will show from switch() on."""
        return keys.pem_of(keyfolder.prepare_next(self._folder, self._name)).decode()

    def pin_next(self, pem: str) -> None:
        """Trusts this certificate of the other board beside the one it shows now."""
        self._change(keyfolder.pin_also, keys.only_der(pem.encode()))

    def switch(self) -> None:
        """Shows the certificate of renew() from now on."""
        self._change(keyfolder.use_next)

    def revoke(self, fingerprint: str) -> None:
        """Never again trusts the certificate with this fingerprint."""
        self._change(keyfolder.revoke, fingerprint)

    def set_password(self, password: str) -> None:
        """The page takes this one from now on."""
        self._change(keyfolder.set_password, password)

    def _change(self, action, *args) -> None:
        action(self._folder, *args)
        self._changed()
