"""What one receiver has been told, and what it is to be told next.

Nothing is queued: a channel compares what it was told with what stands, so it never holds more than one thing for each
condition, however long its receiver is away. What came and went meanwhile is folded into one sentence.

    told     stands          due
    -        -               PASSED, when something came and went untold
    -        yes             FIRED
    warning  critical        WORSE
    critical critical        REMINDER, a day after it was told
    yes      over            RESOLVED, or LOST when nobody can know any more
    yes      over and again  nothing: it was told, and stands
"""

from firmware.alerts.notice import FIRED, LOST, PASSED, REMINDER, RESOLVED, WORSE, Notice, of_episode
from firmware.alerts.watch import CRITICAL, WARNING

REMIND_MS = 24 * 3600000
FIRST_PAUSE_MS = 5000
LONGEST_PAUSE_MS = 300000  # when the network is back, an alert is not much later
UNREACHED_MS = 300000  # several tries
LONGEST_REFUSED_MS = 3600000  # a server that is shown a wrong password all the time locks the account


class Told:
    """What a channel was told of a condition that is not over for it."""

    def __init__(self, level: str, since_ms: int, at_ms: int):
        self.level = level
        self.since_ms = since_ms
        self.at_ms = at_ms  # wall clock
        self.over = None  # the Episode, when it is over and that is not told yet
        self.ours = False  # told in this run of the board, by its clock, which may be set later


class Passed:
    """Episodes of one condition that were over before they could be told."""

    def __init__(self, sentence: str, level: str, since_ms: int, until_ms: int, times: int, lasted_ms: int):
        self.sentence = sentence
        self.level = level
        self.since_ms = since_ms
        self.until_ms = until_ms
        self.times = times
        self.lasted_ms = lasted_ms
        self.ours = False


class Channel:
    """One Place (place.py) and how it stands with it. Wall clock is marked so; the other times are monotonic ms."""

    def __init__(self, place):
        self.place = place
        self.told = {}  # condition -> Told
        self.passed = {}  # condition -> Passed
        self.sending = None  # the Notice that is on its way
        self.trouble = ""
        self.refused = False  # the receiver itself does not want it: waiting does not help
        self.last_ms = None  # wall clock of the last success
        self._last_ours = False  # that was in this run of the board, by its clock, which may be set later
        self.failed_ms = None  # wall clock since when it fails
        self.unreached = False  # it fails for so long that somebody has to look, perhaps since before this run
        self.again_ms = None  # when to try again
        self._pause_ms = 0
        self._late = None  # the Episode of `sending`, when it was over before that was taken
        self._tries = {}  # condition -> failures in turn, so that one that is never taken lets others pass

    # What happens

    def over(self, episode) -> None:
        """An episode is over."""
        episode = episode.copy()  # every channel shifts its own
        told, sending = self.told.get(episode.name), self.sending
        if told is not None:
            told.over = episode
        elif sending is not None and (sending.name, sending.event) == (episode.name, FIRED) and self._late is None:
            self._late = episode
        else:
            self._fold(episode)

    def _fold(self, episode) -> None:
        before = self.passed.get(episode.name)
        lasted_ms = episode.until_ms - episode.since_ms
        if before is None:
            passed = Passed(episode.sentence, episode.level, episode.since_ms, episode.until_ms, 1, lasted_ms)
            passed.ours = episode.ours
            self.passed[episode.name] = passed
            return
        before.sentence, before.until_ms = episode.sentence, episode.until_ms
        before.level = CRITICAL if CRITICAL in (before.level, episode.level) else WARNING
        before.times += 1
        before.lasted_ms += lasted_ms

    def follow(self, standing: dict) -> None:
        """Forgets what became moot: what was told, was over, and stands again was told."""
        for name, told in self.told.items():
            episode = standing.get(name)
            if episode is not None:
                told.over = None
                if episode.level == WARNING:
                    told.level = WARNING

    def shift(self, jump_ms: int) -> None:
        """The wall clock was set: what was told in this run was told by the new clock."""
        for told in self.told.values():
            if told.ours:
                told.since_ms += jump_ms
                told.at_ms += jump_ms
                if told.over is not None:
                    told.over.since_ms += jump_ms
                    told.over.until_ms += jump_ms
        for passed in self.passed.values():
            if passed.ours:
                passed.since_ms += jump_ms
                passed.until_ms += jump_ms
        if self._last_ours:
            self.last_ms += jump_ms
        self.failed_ms = None if self.failed_ms is None else self.failed_ms + jump_ms

    def next(self, standing: dict, wall_ms: int) -> "Notice | None":
        """What is to be told first; None: nothing."""
        best, best_rank = None, None
        for notice in self.due(standing, wall_ms):
            rank = (self._tries.get(notice.name, 0), notice.since_ms, notice.name)
            if best is None or rank < best_rank:
                best, best_rank = notice, rank
        return best

    def due(self, standing: dict, wall_ms: int) -> list:
        """All that is to be told."""
        notices = []
        for name in set(standing) | set(self.told) | set(self.passed):
            notice = self._due(name, standing.get(name), self.told.get(name), self.passed.get(name), wall_ms)
            if notice is not None:
                notice.thread = "%s-%d" % (name, notice.since_ms)
                notice.id = "%s-%s" % (notice.thread, notice.event)
                if notice.event in (WORSE, REMINDER):  # told again and again, each of them after another one
                    notice.id += "-%d" % self.told[name].at_ms
                notices.append(notice)
        return notices

    def _due(self, name, episode, told, passed, wall_ms) -> "Notice | None":
        if told is not None:
            return self._due_of_told(episode, told, wall_ms)
        if passed is not None:  # before what stands now, as it happened
            notice = Notice(PASSED, name, passed.level, passed.sentence, passed.since_ms, passed.until_ms)
            notice.times, notice.lasted_ms = passed.times, passed.lasted_ms
            return notice
        return of_episode(FIRED, episode)

    def _due_of_told(self, episode, told, wall_ms) -> "Notice | None":
        if episode is None:
            if told.over is None:
                return None
            notice = of_episode(LOST if told.over.lost else RESOLVED, told.over)
            notice.lasted_ms = max(0, notice.until_ms - told.since_ms)
        elif episode.level == CRITICAL and told.level == WARNING:
            notice = of_episode(WORSE, episode)
        elif episode.level == CRITICAL and wall_ms - told.at_ms >= REMIND_MS:
            notice = of_episode(REMINDER, episode)
        else:
            return None
        notice.since_ms = told.since_ms
        return notice

    # Deliveries

    def look(self, wall_ms: int) -> None:
        """Time passes."""
        if self.failed_ms is not None and wall_ms - self.failed_ms >= UNREACHED_MS:
            self.unreached = True

    def may_try(self, now_ms: int) -> bool:
        """Whether nothing is on its way and its pause is over."""
        return self.sending is None and (self.again_ms is None or now_ms >= self.again_ms)

    def taken(self, notice: "Notice | None", remark: str, wall_ms: int) -> None:
        """The receiver took it (None: what is not to be kept in mind); `remark`: what was not well about it."""
        self.sending, self.last_ms, self._last_ours, self.trouble = None, wall_ms, True, remark
        self.refused, self.failed_ms, self.again_ms, self._pause_ms = False, None, None, 0
        self.unreached = False
        if notice is not None:
            self._remember(notice, wall_ms)

    def _remember(self, notice: Notice, wall_ms: int) -> None:
        name, told = notice.name, self.told.get(notice.name)
        self._tries.pop(name, None)
        if notice.event in (RESOLVED, LOST):
            self.told.pop(name, None)  # should it stand again, that is news
        elif notice.event == PASSED:
            self._told_passed(name, notice)
        elif told is not None:
            told.level, told.at_ms = notice.level, wall_ms
        else:
            told = self.told[name] = Told(notice.level, notice.since_ms, wall_ms)
            told.over, self._late = self._late, None
            told.ours = True

    def _told_passed(self, name: str, notice: Notice) -> None:
        passed = self.passed.get(name)
        if passed is None or passed.times == notice.times:
            self.passed.pop(name, None)
            return
        passed.times -= notice.times  # more came while it was on its way
        passed.lasted_ms -= notice.lasted_ms
        passed.since_ms = notice.until_ms

    def failed(self, notice: "Notice | None", sentence: str, refused: bool, now_ms: int, wall_ms: int) -> None:
        """It did not work."""
        self.trouble, self.refused = sentence, refused
        if self.failed_ms is None:
            self.failed_ms = wall_ms
        self.sending = None
        if self._late is not None:
            late, self._late = self._late, None
            self._fold(late)
        if notice is not None:
            self._tries[notice.name] = self._tries.get(notice.name, 0) + 1
        longest_ms = LONGEST_REFUSED_MS if refused else LONGEST_PAUSE_MS
        self._pause_ms = min(longest_ms, max(FIRST_PAUSE_MS, 2 * self._pause_ms))
        self.again_ms = now_ms + self._pause_ms

    def excuse(self, wall_ms: int) -> None:
        """It is not tried now, on purpose: that is no time in which it fails."""
        self.unreached = False
        if self.failed_ms is not None:
            self.failed_ms = wall_ms

    def hurry(self, now_ms: int) -> None:
        """The network may be back."""
        if self.again_ms is not None and not self.refused:
            self.again_ms, self._pause_ms = now_ms, 0
