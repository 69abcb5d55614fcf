"""The files of a keys folder (keyfolder.py says what each is), read and replaced whole. All raise Refused."""

import os
import ssl

from ...errors import Refused
from ..files import reason, replace_file, sync_folder
from ..smallfile import NoFile, read_file
from . import keys

OWN_KEY, OWN_CERTIFICATE, PEER = "own.key", "own.crt", "peer.crt"
REVOKED, PASSWORD = "revoked", "password"
NEXT_KEY, NEXT_CERTIFICATE = "next.key", "next.crt"
MAX_BYTES = 64 << 10


def read(folder: str, name: str) -> "bytes | None":
    """What the file holds; None when there is none. Whatever stands there, the loop does not wait for it."""
    try:
        data = read_file(os.path.join(folder, name), MAX_BYTES)
    except FileNotFoundError:
        return None
    except NoFile:
        raise Refused("%s/%s is no file; remove it" % (folder, name))
    except OSError as error:
        raise Refused("%s/%s cannot be read (%s)" % (folder, name, reason(error)))
    if len(data) > MAX_BYTES:
        raise Refused("%s/%s is too large to be what its name says; remove it" % (folder, name))
    return data


def certificates(folder: str, name: str) -> "list[bytes]":
    """DER of those in a file that must be there."""
    data = read(folder, name)
    if not (data or b"").strip():
        raise Refused("%s has no %s; flash this card anew, or copy the folder from a backup" % (folder, name))
    try:
        return keys.ders(data)
    except Refused as clause:
        raise Refused("%s/%s is damaged: %s; flash this card anew, or pair anew" % (folder, name, clause))


def fit(folder: str, key: str, certificate: str) -> bool:
    """Whether two files are a key and its certificate. keys.belong_together() finds the same in bytes, with a library
    that a board loads only when it must."""
    if read(folder, key) is None or read(folder, certificate) is None:  # OpenSSL would wait for a pipe
        return False
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_cert_chain(os.path.join(folder, certificate), os.path.join(folder, key), password=str)
        return True
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return False


def write(folder: str, name: str, data: bytes) -> None:
    """Replaces a file, durably."""
    with Refusing(folder):
        replace_file(os.path.join(folder, name), data)


def rename(folder: str, name: str, to: str) -> None:
    """Replaces one file by another one, durably."""
    with Refusing(folder):
        os.rename(os.path.join(folder, name), os.path.join(folder, to))
        sync_folder(os.path.join(folder, to))


class Refusing:
    """An OSError in it becomes Refused: the operator can do something about a full or read-only file system."""

    def __init__(self, folder: str):
        self._folder = folder

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace) -> None:
        if isinstance(error, OSError):
            raise Refused("%s cannot be written (%s)" % (self._folder, reason(error)))
