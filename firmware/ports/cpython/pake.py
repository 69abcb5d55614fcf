"""SPAKE2: two sides that know a short code agree on a key; whoever guesses at the code has one guess an exchange."""

import hmac

from ...errors import ProtocolError, Refused


class Exchange:
    """One exchange. `element` goes to the other side; finish() takes the other's; then tags can be made and checked.

    Raises Refused where the library is missing.
    """

    def __init__(self, code: str, calls: bool):
        try:
            from spake2 import SPAKE2_A, SPAKE2_B
        except ImportError:
            raise Refused("pairing by a code needs the Python package spake2 (python3-spake2); install it")
        side = SPAKE2_A if calls else SPAKE2_B
        self._spake = side(code.encode(), idA=b"sosie pairing 1 caller", idB=b"sosie pairing 1 host")
        self._key = b""
        self.element = self._spake.start()

    def finish(self, element: bytes) -> None:
        """Takes the other side's element; raises ProtocolError for what is none."""
        try:
            self._key = self._spake.finish(bytes(element))
        except Exception as error:  # the library has several kinds for what a stranger may send, AssertionError too
            raise ProtocolError("what came is no element of the exchange: %r" % error)

    def tag(self, label: bytes, body: bytes) -> bytes:
        """32 bytes that only who knows the key can make for this label and body."""
        assert len(self._key) == 32
        return hmac.digest(self._key, bytes([len(label)]) + label + body, "sha256")

    def is_tag(self, label: bytes, body: bytes, tag: bytes) -> bool:
        """Whether tag(label, body) of the other side is `tag`."""
        return hmac.compare_digest(self.tag(label, body), tag)
