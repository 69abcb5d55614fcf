"""An alarm that comes and goes all day must not push everything else out of the events, nor wear the card."""

ALLOWED = 5  # times within
SPAN_MS = 1800000
MOST = 64  # sentences looked at; of more than these at a time, the oldest is forgotten first


class _Repeated:
    def __init__(self, since_ms: int):
        self.since_ms = since_ms
        self.passed = 0
        self.held = 0


class Repeats:
    """Lets a sentence pass ALLOWED times in SPAN_MS, and counts it from then on until that time is over."""

    def __init__(self):
        self._known = {}
        self._over = []  # forgotten before their time

    def passes(self, sentence: str, now_ms: int) -> bool:
        """Whether it is told now; else it was counted. over() was asked before."""
        known = self._known.get(sentence)
        if known is None:
            known = self._begin(sentence, now_ms)
        if known.passed < ALLOWED:
            known.passed += 1
            return True
        known.held += 1
        return False

    def _begin(self, sentence: str, now_ms: int) -> _Repeated:
        if len(self._known) >= MOST:
            oldest = min(self._known, key=lambda each: self._known[each].since_ms)
            known = self._known.pop(oldest)
            if known.held:
                self._over = self._over[1 - MOST :] + [(oldest, known.held)]
        known = self._known[sentence] = _Repeated(now_ms)
        return known

    def over(self, now_ms: int) -> list:
        """[(sentence, how often it was counted)] of those whose time is over."""
        found, self._over = self._over, []
        for sentence in [each for each in self._known if now_ms - self._known[each].since_ms >= SPAN_MS]:
            known = self._known.pop(sentence)
            if known.held:
                found.append((sentence, known.held))
        return found

    def all(self) -> list:
        """The same of all, at the end."""
        found = self._over + [(each, known.held) for each, known in self._known.items() if known.held]
        self._known, self._over = {}, []
        return found
