"""Takes the keys that came on the card, in its folder pair, into the state, and from the card away.

Keys of a board that is paired already are never replaced. The folder on the card goes when all of it is durable
elsewhere: first it is renamed, so that what a power cut leaves of it is known for what it is.
"""

import os
import shutil

from board.files import write_whole
from firmware.errors import Refused

from .folders import Writable
from .machine import Machine

_FOLDER, _DONE = "pair", "pair-taken"
_SIGNER = "update.crt"
_MOST_BYTES = 64 << 10
_PAIRED = (
    "the card brings keys in its folder pair, but this board is paired already and keeps its own; to start over, put a "
    "file start-anew with the line `forget the keys` on the card, else delete the folder, and restart the board"
)
_OTHER_SIGNER = (
    "the card brings another certificate for updates than this board trusts, and it keeps its own; to start over, put "
    "a file start-anew with the line `forget the keys` on the card, else delete the folder pair, and restart the board"
)


def take(machine: Machine, name: str) -> None:
    """Imports what the card brings, if it brings something, and sees to it that the board has a key of its own.

    `name`: of the board. Raises Refused, and then nothing is changed.
    """
    kept = machine.state + "/keys"
    brought = "%s/%s" % (machine.card, _FOLDER)
    if os.path.exists("%s/%s" % (machine.card, _DONE)):
        _remove(machine, _DONE)
    is_brought = os.path.isdir(brought) and os.listdir(brought)
    if not is_brought and all(os.path.exists("%s/%s" % (kept, each)) for each in ("own.key", "own.crt")):
        return
    from firmware.ports.cpython import keyfolder  # at most boots nobody needs it, and it takes its time

    if is_brought:
        certificate = _new_signer(machine, "%s/%s" % (brought, _SIGNER))
        if set(os.listdir(brought)) & {keyfolder.OWN_KEY, keyfolder.OWN_CERTIFICATE, keyfolder.PEER}:
            _take_over(brought, kept)  # a card without keys, to be paired by a code, brings only a signer
        if certificate is not None:
            _trust(machine, certificate)
        _remove(machine, _FOLDER)
    keyfolder.make(kept, name)


def _take_over(brought: str, kept: str) -> None:
    from firmware.ports.cpython import keyfolder

    try:
        keyfolder.take_over(brought, kept)
    except Refused:
        keyfolder.check(brought)  # what is wrong with these comes first
        if keyfolder.is_paired(kept):
            raise Refused(_PAIRED) from None
        raise


def _new_signer(machine: Machine, brought: str) -> "bytes | None":
    """The certificate of who may sign updates, if the card brings one and there is none yet."""
    if not os.path.exists(brought):
        return None
    with open(brought, "rb") as file:
        certificate = file.read(_MOST_BYTES)
    if not os.path.exists(_signer(machine)):
        return certificate
    with open(_signer(machine), "rb") as file:
        if file.read() != certificate:
            raise Refused(_OTHER_SIGNER)
    return None


def _trust(machine: Machine, certificate: bytes) -> None:
    """It is root's alone, for whoever can replace it can put any system onto the board."""
    place = _signer(machine)
    os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
    write_whole(place, certificate)


def _signer(machine: Machine) -> str:
    return "%s/updater/%s" % (machine.state, _SIGNER)


def _remove(machine: Machine, name: str) -> None:
    done = "%s/%s" % (machine.card, _DONE)
    with Writable(machine):
        if name != _DONE:
            os.rename("%s/%s" % (machine.card, name), done)
            machine.run("sync", "-f", machine.card)
        shutil.rmtree(done)


def forget(machine: Machine) -> None:
    """The board is not paired any more, gets a new key, and takes another signer of updates. The password stays."""
    from firmware.ports.cpython import keyfolder

    kept = machine.state + "/keys"
    _remove_file(_signer(machine))
    keyfolder.unpair(kept)
    for name in (keyfolder.REVOKED, keyfolder.NEXT_KEY, keyfolder.NEXT_CERTIFICATE):
        _remove_file("%s/%s" % (kept, name))
    for name in (keyfolder.OWN_CERTIFICATE, keyfolder.OWN_KEY):
        _remove_file("%s/%s" % (kept, name))


def _remove_file(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
