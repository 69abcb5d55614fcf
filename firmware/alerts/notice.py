"""One thing to tell one receiver."""

FIRED, WORSE, REMINDER, RESOLVED, LOST, PASSED, TEST = (
    "fired", "worse", "reminder", "resolved", "lost", "passed", "test",
)  # fmt: skip


class Notice:
    """`event` is one of the constants above:

    FIRED     a condition stands
    WORSE     it was told as a warning, and is critical now
    REMINDER  it is critical, and was told a day ago
    RESOLVED  what was told is over
    LOST      what was told cannot be known any more, for a day
    PASSED    what could not be told in time came and is over; `times` of them, `lasted_ms` in all
    TEST      somebody wants to see whether this arrives

    `name`, `level` and `sentence` are the condition's; `since_ms` and `until_ms` wall clock; `came` how often it came
    in between. `id` is the same when the same thing is sent again, since it is not known whether it arrived, and
    another one for each reminder; `thread` the same for all that is told of one episode.
    """

    def __init__(self, event: str, name: str, level: str, sentence: str, since_ms: int, until_ms: "int | None" = None):
        self.event = event
        self.name = name
        self.level = level
        self.sentence = sentence
        self.since_ms = since_ms
        self.until_ms = until_ms
        self.came = 1
        self.times = 1
        self.lasted_ms = 0
        self.id = ""
        self.thread = ""


def of_episode(event: str, episode) -> Notice:
    """A Notice of an Episode (watch.py)."""
    notice = Notice(event, episode.name, episode.level, episode.sentence, episode.since_ms, episode.until_ms)
    notice.came = episode.came
    if episode.until_ms is not None:
        notice.lasted_ms = episode.until_ms - episode.since_ms
    return notice
