"""The keys folder of a board: who it is, whom it trusts, who may use its page. Every file is replaced whole.

    own.key    its private key, PEM PKCS#8 (EC P-256), 0600
    own.crt    the certificate of that key, self-signed
    peer.crt   the certificates of the other board; absent or empty: not paired yet. More than one while that board
               goes over to a new one, the newest last
    revoked    fingerprints (SHA-256 of the DER, hexadecimal) that are trusted no more, one a line, # comments
    password   of the page, as keys.hash_password() writes it; absent: nobody gets in
    next.key   a new key, and
    next.crt   its certificate, of which the other board may not know yet

Two files cannot be replaced at once. So a new pair stands ready as next.*, then next.key becomes own.key, then
next.crt becomes own.crt; settle() finishes what a power cut stopped between the two, and is called by whoever reads the
folder. peer.crt comes last when a board is paired: until it is there, the board is not paired, and may be once more.
"""

import os

from ...errors import Refused
from . import keys
from .keyfiles import (
    NEXT_CERTIFICATE,
    NEXT_KEY,
    OWN_CERTIFICATE,
    OWN_KEY,
    PASSWORD,
    PEER,
    REVOKED,
    Refusing,
    certificates,
    fit,
    read,
    rename,
    write,
)

START_OVER = (
    "this board is paired already; to start over, type unpair on its console, or use `sosie pair unpair` on its keys "
    "folder while it is stopped"
)
_MOST_PINNED = 4  # of one board: what it shows, what it will show, and what came of attempts that were given up


def make(folder: str, name: str) -> None:
    """Makes the folder with a key of its own for the board `name`, unless it has one. Raises Refused."""
    settle(folder)
    if read(folder, OWN_KEY) is not None and read(folder, OWN_CERTIFICATE) is not None:
        return
    if is_paired(folder):
        raise Refused("%s has no key any more, but is paired; flash this card anew" % folder)
    _set_own(folder, *keys.new_identity(name))


def is_paired(folder: str) -> bool:
    """Whether this folder pins another board. Raises Refused when that cannot be told."""
    return bool((read(folder, PEER) or b"").strip())


def own_certificate(folder: str) -> bytes:
    """DER of the certificate that this board shows. Raises Refused."""
    return certificates(folder, OWN_CERTIFICATE)[0]


def peers(folder: str) -> "list[bytes]":
    """DER of the certificates that are pinned, the newest last. Raises Refused."""
    return certificates(folder, PEER) if is_paired(folder) else []


def settle(folder: str) -> None:
    """Makes the folder if there is none, and finishes what a power cut stopped. Raises Refused."""
    with Refusing(folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    if read(folder, NEXT_CERTIFICATE) is None or read(folder, OWN_KEY) is None:
        return
    if not fit(folder, OWN_KEY, OWN_CERTIFICATE) and fit(folder, OWN_KEY, NEXT_CERTIFICATE):
        rename(folder, NEXT_CERTIFICATE, OWN_CERTIFICATE)


def check(folder: str) -> None:
    """Refused when the folder is not that of a board that may be paired or is: one sentence."""
    key, certificate = read(folder, OWN_KEY), read(folder, OWN_CERTIFICATE)
    if key is None or certificate is None:
        raise Refused("%s has no %s; flash this card anew, or copy the folder from a backup"
                      % (folder, OWN_KEY if key is None else OWN_CERTIFICATE))
    if not keys.belong_together(key, certificate):
        raise Refused("%s is damaged: %s and %s do not belong together; flash this card anew"
                      % (folder, OWN_KEY, OWN_CERTIFICATE))
    peers(folder)
    revoked(folder)


def take_over(source: str, folder: str) -> bool:
    """What a pairing file gave this board (own.key, own.crt, peer.crt and maybe password in `source`) is its own from
    now on; False when it was before. Raises Refused, with nothing changed, when it is paired otherwise."""
    check(source)
    given = {name: read(source, name) for name in (OWN_KEY, OWN_CERTIFICATE, PEER, PASSWORD)}
    if not given.get(PEER):
        raise Refused("%s has no %s; make it anew with `sosie pair install`" % (source, PEER))
    settle(folder)
    if is_paired(folder):
        if _same(folder, given):
            return False
        raise Refused(START_OVER)
    if given.get(PASSWORD) is not None:
        write(folder, PASSWORD, given[PASSWORD])
    _set_own(folder, given[OWN_KEY], given[OWN_CERTIFICATE])
    write(folder, PEER, given[PEER])
    return True


def _same(folder: str, given: dict) -> bool:
    with Refusing(folder):
        return (read(folder, OWN_KEY) == given[OWN_KEY]
                and set(keys.ders(given[PEER])) <= set(peers(folder)))


def admit(folder: str, certificate: bytes) -> None:
    """Refused when pair() would refuse this (DER) certificate: the board is paired with another one already."""
    keys.facts(certificate)
    if revoked_certificates(folder, [certificate]):
        raise Refused("the certificate of that board was revoked here; give it a new one first")
    if is_paired(folder) and certificate not in peers(folder):
        raise Refused(START_OVER)


def pair(folder: str, certificate: bytes) -> None:
    """Pins the (DER) certificate of another board. Raises Refused when this board is paired with one already."""
    admit(folder, certificate)
    if not is_paired(folder):
        write(folder, PEER, keys.pem_of(certificate))


def unpair(folder: str) -> None:
    """Forgets the other board. Raises Refused."""
    if read(folder, PEER) is not None:
        write(folder, PEER, b"")


# A new key for this board, while it is paired


def prepare_next(folder: str, name: str) -> bytes:
    """DER of the certificate that this board will show; the same until use_next(). Raises Refused."""
    settle(folder)
    key, certificate = read(folder, NEXT_KEY), read(folder, NEXT_CERTIFICATE)
    if key is None or certificate is None or not keys.belong_together(key, certificate):
        key, certificate = keys.new_identity(name)
        write(folder, NEXT_CERTIFICATE, certificate)
        write(folder, NEXT_KEY, key)
    return keys.ders(certificate)[0]


def use_next(folder: str) -> None:
    """From now on this board shows the certificate of prepare_next(). Raises Refused."""
    settle(folder)
    key, certificate = read(folder, NEXT_KEY), read(folder, NEXT_CERTIFICATE)
    if key is None:
        return  # done before, or there is nothing to do
    if certificate is None or not keys.belong_together(key, certificate):
        raise Refused("the new key of this board is damaged; renew it once more")
    rename(folder, NEXT_KEY, OWN_KEY)  # from here on settle() would do the rest
    rename(folder, NEXT_CERTIFICATE, OWN_CERTIFICATE)


def _set_own(folder: str, key: bytes, certificate: bytes) -> None:
    write(folder, NEXT_CERTIFICATE, certificate)
    write(folder, NEXT_KEY, key)
    use_next(folder)


# A new key of the other board


def pin_also(folder: str, certificate: bytes) -> None:
    """Trusts this certificate of the other board too, as its newest. Raises Refused."""
    pinned = peers(folder)
    if not pinned:
        raise Refused("this board is not paired; pair it first")
    if certificate in revoked_certificates(folder, [certificate]):
        raise Refused("that certificate was revoked; make another one with `sosie pair renew`")
    if certificate not in pinned:
        # The oldest stays in any case: it is the one that the other board shows (see seen()).
        _write_peers(folder, pinned[:1] + pinned[1:][2 - _MOST_PINNED :] + [certificate])


def seen(folder: str, certificate: bytes) -> bool:
    """The other board has shown this certificate: older ones are trusted no more. Whether that changed anything."""
    pinned = peers(folder)
    if certificate not in pinned[1:]:
        return False
    _write_peers(folder, pinned[pinned.index(certificate) :])
    return True


def _write_peers(folder: str, certificates: list) -> None:
    write(folder, PEER, b"".join(keys.pem_of(der) for der in certificates))


# Revoking


def revoked(folder: str) -> "set[str]":
    """The fingerprints that are trusted no more. Raises Refused."""
    found = set()
    for number, line in enumerate((read(folder, REVOKED) or b"").decode("utf-8", "replace").splitlines()):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        if not _fingerprint(word):
            raise Refused("%s/%s, line %d: this is not a fingerprint of 64 hexadecimal digits; correct it"
                          % (folder, REVOKED, number + 1))
        found.add(_fingerprint(word))
    return found


def _fingerprint(text: str) -> str:
    """A fingerprint as it is written here, "" when the text is none."""
    word = text.strip().lower().replace(":", "")
    return word if len(word) == 64 and not word.strip("0123456789abcdef") else ""


def revoked_certificates(folder: str, certificates: list) -> list:
    """Those of the (DER) certificates that are revoked."""
    fingerprints = revoked(folder)
    return [der for der in certificates if keys.fingerprint(der) in fingerprints]


def revoke(folder: str, fingerprint: str) -> None:
    """Trusts the certificate with this fingerprint never again. Raises Refused."""
    fingerprint = _fingerprint(fingerprint)
    if not fingerprint:
        raise Refused("a fingerprint has 64 hexadecimal digits, as `sosie pair show` prints it")
    found = revoked(folder)
    if fingerprint not in found:
        text = (read(folder, REVOKED) or b"").decode("utf-8", "replace")
        if text and not text.endswith("\n"):
            text += "\n"
        write(folder, REVOKED, (text + fingerprint + "\n").encode())


def set_password(folder: str, password: str) -> None:
    """The page takes this password from now on. Raises Refused."""
    write(folder, PASSWORD, (keys.hash_password(password) + "\n").encode())
