"""What a card may be asked to take. Measured on ext4 with the journal of its own that it has on a card: each time that
the file is touched its times are written as well, which is 17 KiB beside the 4 KiB of a page."""


class Allowance:
    """`most` at a time, and one more every `every_ms`."""

    def __init__(self, most: int, every_ms: int, now_ms: int):
        self._most = most
        self._every_ms = every_ms
        self._full_ms = now_ms  # when it is whole again

    def has(self, now_ms: int) -> bool:
        """Whether one can be taken."""
        return self._full_ms <= now_ms + (self._most - 1) * self._every_ms

    def spend(self, now_ms: int) -> None:
        """Takes all."""
        self._full_ms = now_ms + self._most * self._every_ms

    def take(self, now_ms: int) -> None:
        """Takes one."""
        self._full_ms = max(self._full_ms, now_ms) + self._every_ms
