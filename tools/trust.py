"""Which board answers, and which password it may be told: pairing files, or what was met at an address before."""

import getpass
import glob
import hashlib
import os
import sys
import tempfile

from tools.errors import BoardError

FOLDER = os.path.join("~", ".config", "sosie")
KNOWN = "known"
PASSWORD_VARIABLE = "SOSIE_PASSWORD"


class Trust:
    """What this user knows of boards. `pair` is the path of a pairing file that has to know the board; without it all
    in the user's folder count, and else the certificate that was seen at the address the first time."""

    def __init__(self, pair: "str | None" = None, folder: str = FOLDER, environ=None, ask=None):
        self._pair = pair
        self._folder = os.path.expanduser(folder)
        self._environ = os.environ if environ is None else environ
        self._ask = ask or _ask
        self._passwords = {}  # of boards that were judged already: (address, certificate) -> password
        self._shown = {}  # address -> certificate

    def password(self, address: str, certificate: bytes) -> str:
        """The password for the board at `address` (HOST:PORT), which has proved that it has the key of `certificate`
        (DER). Raises BoardError for a board that is not the one expected there."""
        place = address, certificate
        self._shown[address] = certificate
        if place not in self._passwords:
            file = self._file_of(address, certificate)
            if file is None:
                self._recognize(address, fingerprint(certificate))
            elif self._pair is None:
                self._expect_again(address, fingerprint(certificate))
            given = file.password if file else self._environ.get(PASSWORD_VARIABLE)
            self._passwords[place] = given or self._ask(address)
        return self._passwords[place]

    def _file_of(self, address: str, certificate: bytes):
        """The pairing file that knows the certificate, or None."""
        from tools import pairfile

        if self._pair is not None:
            file = pairfile.load(self._pair)
            if certificate not in file.certificates():
                raise BoardError("What answers at %s is no board of %s (fingerprint %s): it was not told the password."
                                 % (address, self._pair, _short(fingerprint(certificate))))
            return file
        for path in sorted(glob.glob(os.path.join(glob.escape(self._folder), "*.pair"))):
            try:
                file = pairfile.load(path)
            except BoardError:
                continue  # it may be of another release; whoever needs it names it and hears why
            if certificate in file.certificates():
                return file
        return None

    def will_show(self, address: str, certificate: bytes) -> None:
        """The board at `address`, to which password() was told, is about to show this (DER) certificate."""
        old = self._shown[address]
        self._passwords[address, certificate] = self._passwords[address, old]
        file = self._file_of(address, old)
        if file is not None:
            file.expect(old, certificate)

    def shows(self, address: str, certificate: bytes) -> None:
        """It does, and what it showed before counts no more."""
        file = self._file_of(address, certificate)
        if file is not None:
            file.arrived(certificate)
        else:
            self._remember(self._known(), address, fingerprint(certificate))

    def _recognize(self, address: str, found: str) -> None:
        """Whether it is who was met at this address before; who is met there for the first time is remembered."""
        known = self._known()
        if address not in known:
            print("Met a board for the first time at %s; its certificate has the fingerprint %s."
                  % (address, _short(found)), file=sys.stderr)
            self._remember(known, address, found)
        elif known[address] != found:
            raise BoardError("What answers at %s is not who answered there before (fingerprint %s, not %s): it was not "
                             "told the password. If the board has a new key, delete its line in %s."
                             % (address, _short(found), _short(known[address]), self._path()))

    def _expect_again(self, address: str, found: str) -> None:
        """A board of a pairing file is met at this address: somebody else who answers there later is no new
        acquaintance, to whom the password could be typed."""
        known = self._known()
        if known.get(address) != found:
            self._remember(known, address, found)

    def _path(self) -> str:
        return os.path.join(self._folder, KNOWN)

    def _known(self) -> dict:
        try:
            with open(self._path(), encoding="utf-8") as file:
                rows = [line.split() for line in file]
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise BoardError("%s cannot be read (%s)." % (self._path(), error)) from None
        return {row[0]: row[1] for row in rows if len(row) == 2}

    def _remember(self, known: dict, address: str, found: str) -> None:
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            descriptor, aside = tempfile.mkstemp(prefix=KNOWN, dir=self._folder)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.writelines("%s %s\n" % row for row in {**known, address: found}.items())
            os.replace(aside, self._path())
        except OSError as error:
            raise BoardError("%s cannot be written (%s)." % (self._path(), error.strerror)) from None


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate (DER), 64 hexadecimal digits."""
    return hashlib.sha256(certificate).hexdigest()


def _short(text: str) -> str:
    """Enough of a fingerprint to compare it by eye: 20 digits in groups."""
    return " ".join(text[place : place + 4] for place in range(0, 20, 4))


def _ask(address: str) -> str:
    if not sys.stdin.isatty():
        raise BoardError("The board at %s wants its password: name the pairing file (--pair FILE), or set %s."
                         % (address, PASSWORD_VARIABLE))
    return getpass.getpass("Password of the board at %s: " % address)
