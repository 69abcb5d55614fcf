"""Hysteresis: which conditions stand long enough to be told, and are gone long enough to be called over.

For each condition:

    evidence that it is there grows while it is, and shrinks as fast while it is not; when it holds for `hold`, the
        condition stands (its level is critical when the evidence of that alone holds as long)
    it is over when it was gone for `gone` without a break; each time that it comes again within a day, `gone` is four
        times as long, up to two hours: what flaps is told once, and summed up when it is over
    one that speaks of what the twin lacks is over once nothing was held back for half a minute, beside that; not for
        `gone`: with a rate that each hour's burst has to wait for, that may never be

Nothing is counted of a time in which nobody looked, or could know: evidence is what was seen. But what nobody could
know for a day is not waited for any longer: a new disk may never tell what the old one did.
"""

from firmware.alerts.policy import policy, worse

WARNING, CRITICAL = "warning", "critical"
MOST_CONDITIONS = 64
LONGEST_GONE_MS = 2 * 3600000
FORGET_MS = 24 * 3600000
LOST_MS = 24 * 3600000
FREE_MS = 30000
_LONGEST_LOOK_MS = 5000  # a board that was held up for longer has not looked
_JUMP_MS = 2000


class Episode:
    """A condition from when it stands until it is over.

    `since_ms`: wall clock at which it came; `until_ms`: at which it went for good, None while it stands; `came`: how
    often it came meanwhile, at least once; `sentence`: the last one; `lost`: it did not go, but nobody can know since.
    """

    def __init__(self, name: str, level: str, sentence: str, since_ms: int):
        self.name = name
        self.level = level
        self.sentence = sentence
        self.since_ms = since_ms
        self.until_ms = None
        self.came = 1
        self.lost = False
        self.ours = False  # it came in this run of the board, by its clock, which may be set later

    def copy(self) -> "Episode":
        """For who keeps it, and sets its times right, by itself."""
        made = Episode(self.name, self.level, self.sentence, self.since_ms)
        made.until_ms, made.came, made.lost, made.ours = self.until_ms, self.came, self.lost, self.ours
        return made


class _Track:
    """The evidence about one condition."""

    def __init__(self):
        self.there_ms = 0
        self.critical_ms = 0
        self.gone_ms = 0  # without a break
        self.calm_ms = 0  # likewise, of not being critical
        self.unknown_ms = 0  # likewise, of nobody being able to know
        self.present = False
        self.came = False  # with the last look
        self.first_ms = None  # monotonic: since when there is evidence
        self.repeats = 0
        self.over_ms = None  # monotonic: when it was over the last time


class Watch:
    """`standing`: name -> Episode; `jump_ms`: by how much the wall clock was set since the look before."""

    def __init__(self):
        self.standing = {}
        self.jump_ms = 0
        self._free_ms = 0  # for so long nothing was held back
        self._tracks = {}
        self._looked_ms = None
        self._offset_ms = None

    def restore(self, episodes: list) -> None:
        """What stood when the board was stopped stands until it is seen to be gone."""
        for episode in episodes:
            self.standing[episode.name] = episode
            track = self._tracks[episode.name] = _Track()
            track.present = True  # so that it does not come once more

    def look(self, conditions: list, now_ms: int, wall_ms: int, held: bool = False, unknown=(), urgent=()) -> list:
        """Takes the conditions of now; the Episodes that are over. While something is `held` back, and for FREE_MS from
        then on, no condition that speaks of what the twin lacks is called over; nor, before a day of that, is one of
        those that are `unknown` now, by name. Those that are `urgent` stand at once."""
        step_ms = 0 if self._looked_ms is None else max(0, min(now_ms - self._looked_ms, _LONGEST_LOOK_MS))
        self._looked_ms = now_ms
        self._follow_clock(wall_ms - now_ms)
        self._free_ms = 0 if held else self._free_ms + step_ms
        there = {}
        for each in conditions[:MOST_CONDITIONS]:
            there[each["name"]] = each
        over = []
        for name in sorted(set(self._tracks) | set(there)):
            if worse(name) in there:
                continue
            if name in unknown and name not in there:
                episode = self._doubt(name, self._tracks[name], step_ms, now_ms, wall_ms)
            else:
                if name not in self._tracks:
                    self._tracks[name] = _Track()
                hold_ms = 0 if name in urgent else policy(name)[0]
                episode = self._follow(name, self._tracks[name], there.get(name), hold_ms, step_ms, now_ms, wall_ms)
            if episode is not None:
                over.append(episode)
        return over

    def _follow_clock(self, offset_ms: int) -> None:
        """When the wall clock is set, what came in this run came by the new clock."""
        before, self._offset_ms = self._offset_ms, offset_ms
        self.jump_ms = 0 if before is None or abs(offset_ms - before) <= _JUMP_MS else offset_ms - before
        for episode in self.standing.values():
            if episode.ours:
                episode.since_ms += self.jump_ms

    def _doubt(self, name, track, step_ms, now_ms, wall_ms) -> "Episode | None":
        track.unknown_ms += step_ms
        episode = self.standing.get(name)
        if episode is None or track.unknown_ms < LOST_MS:
            return None
        episode.lost = True
        return self._end(episode, track, now_ms, wall_ms - track.unknown_ms)

    def _follow(self, name, track, condition, hold_ms, step_ms, now_ms, wall_ms) -> "Episode | None":
        most_ms, gone_ms, waits_for_all = policy(name)
        track.unknown_ms = 0
        _weigh(track, condition, step_ms, most_ms, now_ms)
        episode = self.standing.get(name)
        if episode is None:
            if condition is not None and track.there_ms >= hold_ms:
                self.standing[name] = self._begin(track, condition, hold_ms, now_ms, wall_ms)
            elif condition is None and not track.there_ms:
                self._forget(name, track, now_ms)
            return None
        patience_ms = min(gone_ms << (2 * min(track.repeats, 10)), LONGEST_GONE_MS)
        if condition is not None:
            self._go_on(episode, track, condition, hold_ms, patience_ms)
        elif track.gone_ms >= patience_ms and not (waits_for_all and self._free_ms < FREE_MS):
            return self._end(episode, track, now_ms, wall_ms)
        return None

    def _begin(self, track, condition, hold_ms, now_ms, wall_ms) -> Episode:
        if track.over_ms is not None and now_ms - track.over_ms >= FORGET_MS:
            track.repeats = 0
        since_ms, told_ms = wall_ms - (now_ms - track.first_ms), condition.get("since_ms")
        if told_ms is not None and told_ms < since_ms:
            since_ms = told_ms
        level = CRITICAL if track.critical_ms >= hold_ms and condition["level"] == CRITICAL else WARNING
        episode = Episode(condition["name"], level, condition["sentence"], since_ms)
        episode.ours = True
        return episode

    def _go_on(self, episode, track, condition, hold_ms, patience_ms) -> None:
        episode.sentence = condition["sentence"]
        if track.came:
            episode.came += 1
        if episode.level == WARNING and track.critical_ms >= hold_ms and condition["level"] == CRITICAL:
            episode.level = CRITICAL
        elif episode.level == CRITICAL and track.calm_ms >= patience_ms:
            episode.level = WARNING
            track.repeats += 1

    def _end(self, episode, track, now_ms, wall_ms) -> Episode:
        """`wall_ms`: of the last moment of which anything is known."""
        del self.standing[episode.name]
        episode.until_ms = max(episode.since_ms, wall_ms - track.gone_ms)
        track.there_ms = track.critical_ms = 0
        track.first_ms = None
        track.repeats += 1
        track.over_ms = now_ms
        return episode

    def _forget(self, name, track, now_ms) -> None:
        if track.over_ms is None or now_ms - track.over_ms >= FORGET_MS:
            del self._tracks[name]


def _weigh(track: _Track, condition, step_ms: int, hold_ms: int, now_ms: int) -> None:
    """Adds what the last `step_ms` have shown."""
    was = track.present
    track.present = condition is not None
    track.came = track.present and not was
    if track.present and track.first_ms is None:
        track.first_ms = now_ms
    # What is there now was there since the last look at most if it was seen then.
    there_ms = step_ms if track.present and was else -step_ms if not track.present else 0
    track.there_ms = max(0, min(track.there_ms + there_ms, hold_ms))
    critical = track.present and condition["level"] == CRITICAL
    critical_ms = step_ms if critical and was else -step_ms if not critical else 0
    track.critical_ms = max(0, min(track.critical_ms + critical_ms, hold_ms))
    track.gone_ms = 0 if track.present else track.gone_ms + step_ms
    track.calm_ms = 0 if critical else track.calm_ms + step_ms
    if not track.present and not track.there_ms:
        track.first_ms = None
