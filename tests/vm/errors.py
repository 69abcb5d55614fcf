"""What the bench says to its caller when it cannot do its work."""


class Refused(Exception):
    """One sentence: what is wrong and what to do."""
