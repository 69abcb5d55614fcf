"""What the `sosie` command's parts tell each other of failures."""


class BoardError(Exception):
    """A board did not do what was asked; the message is one sentence for the operator."""


class Unreachable(BoardError):
    """Nobody, or nobody we know, answers at that address."""
