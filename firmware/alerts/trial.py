"""A test of all receivers that is under way: who has been asked, and who took it."""

TRIAL_MS = 40000  # whoever has not answered by then did not take it
_NOT_IN_TIME = "it has not answered yet"


class Trial:
    """`done([(channel, None or why it did not take it)])` is called once, when all have answered or the time is up."""

    def __init__(self, channels: list, now_ms: int, done):
        self._channels = list(channels)
        self._until_ms = now_ms + TRIAL_MS
        self._done = done
        self._asked = []
        self._outcome = {}

    def wants(self, channel) -> bool:
        """Whether the channel is to be tested yet."""
        return channel in self._channels and channel not in self._asked

    def asked(self, channel) -> None:
        """It is on its way."""
        self._asked.append(channel)

    def answered(self, channel, error) -> None:
        """It was taken, or why not: an error or a sentence."""
        if channel in self._asked:
            self._outcome[channel.place.key] = None if error is None else str(error)
            self._end_if(len(self._outcome) == len(self._channels))

    def look(self, now_ms: int) -> None:
        """Time passes."""
        self._end_if(now_ms >= self._until_ms)

    def _end_if(self, over: bool) -> None:
        if over:
            self._done([(each, self._outcome.get(each.place.key, _NOT_IN_TIME)) for each in self._channels])
