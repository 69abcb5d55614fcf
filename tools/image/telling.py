"""What a person is told while packages are loaded and installed: every step, and now and then a package."""

import time

EVERY_S = 5.0


class Telling:
    """Hears the lines of mmdebstrap and of the apt and dpkg that it runs; `say(sentence)`."""

    def __init__(self, say, clock=time.monotonic):
        self._say = say
        self._clock = clock
        self._said_s = clock()

    def hear(self, line: str) -> None:
        """One line came."""
        if line.startswith("I: "):
            self._tell(line[len("I: ") :].strip())
        elif self._clock() - self._said_s >= EVERY_S and _package(line):
            self._tell(_package(line))

    def _tell(self, sentence: str) -> None:
        self._said_s = self._clock()
        self._say(sentence)


def _package(line: str) -> str:
    """What is being done with which package, "" when the line does not say."""
    words = line.split()
    if line.startswith("Get:") and len(words) > 4 and not words[4].startswith("["):  # Get:7 URL SUITE ARCH PACKAGE ..
        return "loading " + words[4]
    for begin, verb in (("Unpacking ", "unpacking "), ("Setting up ", "setting up ")):
        if line.startswith(begin) and len(words) > len(begin.split()):
            return verb + words[len(begin.split())]
    return ""
