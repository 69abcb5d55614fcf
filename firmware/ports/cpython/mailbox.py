"""Calls from other threads into the loop."""

import os
from collections import deque

from ..linux import POLLIN


class Mailbox:
    """post() may be called in any thread; what it was given is called by the loop, in order."""

    def __init__(self, loop):
        self._loop = loop
        self._calls = deque()
        self._signalled = False
        self._descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        loop.watch(self._descriptor, POLLIN, self._on_signal)

    def post(self, call, *args) -> None:
        self._calls.append((call, args))
        # The flag falls before the deque is emptied, so that no call is left without a signal.
        if not self._signalled:
            self._signalled = True
            os.eventfd_write(self._descriptor, 1)

    def deliver(self) -> None:
        """Call what has been posted so far."""
        calls = self._calls
        while calls:
            call, args = calls.popleft()
            call(*args)

    def close(self) -> None:
        if self._descriptor >= 0:
            self._loop.forget(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _on_signal(self, events: int) -> None:
        os.eventfd_read(self._descriptor)
        self._signalled = False
        self.deliver()
