"""The firmware's own errors, one class for each reader: the operator, the host, the peer, ourselves."""


class Refused(Exception):
    """For the operator: one sentence that says what is wrong and what to do. Nothing was changed."""


class Unkept(Refused):
    """What is to be kept cannot be: the medium, or what stands at its path, does not let us."""


class Undelivered(Exception):
    """For the operator: what was to be told somebody did not arrive, in one sentence.

    `refused`: who should get it does not want it as it is, so that waiting does not help.
    """

    def __init__(self, sentence: str, refused: bool = False):
        super().__init__(sentence)
        self.refused = refused


class Damaged(Exception):
    """Bytes of our own formats are not what was written; the message says where."""


class ProtocolError(Exception):
    """A peer or a client broke its protocol: its connection is closed and nothing else happens."""


class VolumeError(Exception):
    """For the host: why a command on the disk failed.

    `reason` is one of the class's constants; host layers turn it into their own codes
    (an NBD errno, SCSI sense).
    """

    BEYOND_END = "beyond end"
    UNALIGNED = "unaligned"
    READ_ONLY = "read only"
    FULL = "full"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"

    SENTENCES = {
        BEYOND_END: "the range reaches beyond the end of the disk",
        UNALIGNED: "offset and length must be multiples of 512 bytes",
        READ_ONLY: "this board takes no host writes",
        FULL: "the journal is full and the twin has not taken what it holds",
        UNCONFIRMED: "what was written was not confirmed in time",
        FAILED: "storage failed; the board takes no more writes",
    }

    def __init__(self, reason: str):
        super().__init__(self.SENTENCES[reason])
        self.reason = reason


def why(error: Exception) -> str:
    """What went wrong, for a sentence that a person reads: of a system's error its words, without its number."""
    return str(error.args[1]) if isinstance(error, OSError) and len(error.args) > 1 else str(error)
