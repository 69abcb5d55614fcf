"""Tells the receivers of a board what is wrong with it, once, and when that is over.

Looks at the snapshot once a second: watch.py says what stands, channel.py what each receiver lacks of it. All that
takes long is the post's: `post.send(place, letter, done)` calls done(error, remark) later, once: error is None or what
it failed with (Undelivered), remark a sentence when not all is well though it was taken.
"""

from firmware.alerts import memory
from firmware.alerts.channel import Channel
from firmware.alerts.heartbeat import Heartbeat
from firmware.alerts.holding import Holding
from firmware.alerts.notice import TEST, Notice
from firmware.alerts.place import PING
from firmware.alerts.policy import urgent
from firmware.alerts.trial import Trial
from firmware.alerts.watch import WARNING, Episode, Watch
from firmware.errors import Damaged, Refused, Undelivered

LOOK_MS = 1000
_SAVE_AGAIN_MS = 60000
_REACHED = "alerts reach receiver %d of %s again"
_REMARKED = "alerts reach receiver %d of %s, but not as they should; `sosie alert status` says why"
_FAILS = "alerts do not reach receiver %d of %s; `sosie alert status` says why"
_SILENT = "no ping goes out, on purpose: %s"
_UNREACHED = "alerts have not reached receiver %d of %s for minutes; `sosie alert status` says why"


class Alerts:
    """`post` as above; `writer` writes letters (letter.py); `show()` is the snapshot, `clock` has now_ms() and
    wall_ms(), `note(sentence)` takes what happened; `save(data, done)` keeps bytes, done(error) later, or is None."""

    def __init__(self, post, writer, show, clock, note, save=None):
        self.writer = writer
        self.channels = []
        self.trouble = ""  # why what was told cannot be kept, a sentence
        self._post = post
        self._show = show
        self._clock = clock
        self._wall_ms = clock.wall_ms
        self._note = note
        self._save = save
        self._watch = Watch()
        self._holding = Holding()
        self._heartbeat = Heartbeat()
        self._silence = ""  # why no ping goes out
        self._pings_ms = {}  # Place.key -> monotonic ms of the next one
        self._status = None
        self.now_ms = 0
        self._link = None
        self._kept = None  # what the file says, in short
        self._saving = None
        self._save_at_ms = 0
        self._trial = None
        self._forgotten = {}

    @property
    def standing(self) -> dict:
        """condition -> Episode of what stands now."""
        return self._watch.standing

    def receive(self, places: list) -> None:
        """From now on these are the receivers; those that stay know what they were told."""
        known = {channel.place.key: channel for channel in self.channels}
        self.channels = []
        for place in places:
            channel = known.get(place.key)
            if channel is None:
                channel = Channel(place)
                self._remind(channel)
            channel.place = place
            channel.again_ms = None  # what lets us in may be right now
            self.channels.append(channel)

    def recall(self, data: bytes) -> None:
        """What was told before the board was stopped: the bytes of its file. Before the first look."""
        try:
            standing, told = memory.unpack(data)
        except Damaged as error:
            self._note("what was told of alerts is forgotten, so they may come once more: %s" % error)
            return
        names = {episode.name for episode in standing}
        for by_name, _, _, _ in told.values():
            for name, each in by_name.items():
                if each.over is None and name not in names:
                    names.add(name)
                    standing.append(Episode(name, each.level, name, each.since_ms))
        self._watch.restore(standing)
        self._forgotten = told
        for channel in self.channels:
            self._remind(channel)

    def _remind(self, channel) -> None:
        before = self._forgotten.pop(channel.place.key, ({}, {}, None, False))
        channel.told, channel.passed, channel.last_ms, channel.unreached = before

    def unread(self, error) -> None:
        """What was told cannot be known; until it can be kept again, that is trouble."""
        self.trouble = str(error)

    # Every second

    def look(self) -> None:
        """Looks at the board, and tells what is to be told."""
        now_ms, wall_ms = self._clock.now_ms(), self._wall_ms()
        status = self._status = self._show()
        self.now_ms = now_ms
        held = self._holding.look(status)
        unknown, conditions = status.get("unknown", ()), status.get("conditions", [])
        over = self._watch.look(conditions, now_ms, wall_ms, held, unknown, urgent(status))
        if self._watch.jump_ms:
            for channel in self.channels:
                channel.shift(self._watch.jump_ms)
        self._hurry(status["link"]["state"])
        for channel in self.channels:
            if channel.place.kind == PING:
                continue
            for episode in over:
                channel.over(episode)
            channel.follow(self._watch.standing)
        self._silence = self._heartbeat.look(status, now_ms)
        for channel in self.channels:
            if self.silence(channel):
                channel.excuse(wall_ms)
            channel.look(wall_ms)
            if channel.may_try(now_ms) or (channel.sending is None and self._is_on_trial(channel)):
                self._tell(channel, now_ms, wall_ms)
        if self._trial is not None:
            self._trial.look(now_ms)
        self._keep(now_ms)

    def _hurry(self, link: str) -> None:
        """When the other board is back, so may be the receivers."""
        if link == "up" and self._link not in (None, "up"):
            self._hurry_all()
        self._link = link

    def _hurry_all(self) -> None:
        for channel in self.channels:
            channel.hurry(self.now_ms)

    def _is_on_trial(self, channel) -> bool:
        return self._trial is not None and self._trial.wants(channel)

    def _tell(self, channel, now_ms: int, wall_ms: int) -> None:
        if self._is_on_trial(channel):
            self._try(channel, wall_ms)
        elif channel.place.kind == PING:
            if not self._silence and now_ms >= self._pings_ms.get(channel.place.key, 0):
                self._deliver(channel, _test_notice(wall_ms))
        else:
            notice = channel.next(self._watch.standing, wall_ms)
            if notice is not None:
                self._deliver(channel, notice)

    def _try(self, channel, wall_ms: int) -> None:
        """Its part of the test. A ping that stays away says that the board is not well: one would take that back."""
        self._trial.asked(channel)
        silence = self.silence(channel)
        if silence:
            self._trial.answered(channel, _SILENT % silence)
        else:
            self._deliver(channel, _test_notice(wall_ms))

    def _deliver(self, channel, notice) -> None:
        letter = self.writer.write(notice, self._status, self._wall_ms())
        self._post.send(channel.place, letter, lambda error, remark: self._delivered(channel, notice, error, remark))
        channel.sending = notice

    def _delivered(self, channel, notice, error, remark) -> None:
        if error is None:
            self._taken(channel, notice, remark)
        else:
            self._failed(channel, notice, error)
        self._keep(self.now_ms)  # at once: should the board be killed before, it would be told once more
        if self._trial is not None and notice.event == TEST:
            self._trial.answered(channel, error)

    # The channel first: one that is left in the midst of sending would never be told anything again.

    def _taken(self, channel, notice, remark: str) -> None:
        failed, trouble = channel.failed_ms is not None, channel.trouble
        channel.taken(_lasting(notice), remark, self._wall_ms())
        self._pings_ms[channel.place.key] = self.now_ms + channel.place.every_ms
        if failed:
            self._hurry_all()
            self._note_of(channel, _REACHED)
        if remark and remark != trouble:
            self._note_of(channel, _REMARKED)

    def _failed(self, channel, notice, error) -> None:
        is_news, refused = channel.failed_ms is None, isinstance(error, Undelivered) and error.refused
        channel.failed(_lasting(notice), str(error), refused, self.now_ms, self._wall_ms())
        if is_news:
            self._note_of(channel, _FAILS)

    def _note_of(self, channel, sentence: str) -> None:
        if channel in self.channels:  # it was not taken out of the settings meanwhile
            self._note(sentence % self._named(channel))

    def _named(self, channel) -> tuple:
        """(number, key of board.conf), what it is called where anybody may look: neither its address nor what others
        answer is for strangers."""
        same = [each for each in self.channels if each.place.name == channel.place.name]
        return same.index(channel) + 1, channel.place.name

    def unreached(self) -> str:
        """The first receiver that has not been reached for so long that somebody has to look, in a sentence, or ""."""
        for channel in self.channels:
            if channel.unreached:
                return _UNREACHED % self._named(channel)
        return ""

    def id_of(self, channel) -> str:
        """What programs call it; not its address, for anybody may look."""
        known = channel in self.channels  # no longer, when it was taken out of the settings meanwhile
        return "%s-%d" % (channel.place.kind, self.channels.index(channel)) if known else channel.place.kind

    # The file

    def _keep(self, now_ms: int) -> None:
        if self._save is None or self._saving is not None or now_ms < self._save_at_ms:
            return
        gist = memory.gist(self._watch.standing, self.channels)
        if gist == self._kept:
            return
        data = memory.pack(self._watch.standing, self.channels)
        self._saving = gist
        try:
            self._save(data, self._saved)
        except Exception as error:  # there is not even a thread for it
            self._saved(error)

    def _saved(self, error) -> None:
        gist, self._saving = self._saving, None
        if error is None:
            self._kept, self.trouble = gist, ""
            return
        self.trouble = str(error)
        self._save_at_ms = self.now_ms + _SAVE_AGAIN_MS

    # A test

    def test(self, done) -> None:
        """Sends a notice to every receiver now; done([(channel, None or a sentence)], None) within TRIAL_MS (trial.py).
        Raises Refused."""
        if not self.channels:
            raise Refused("nobody is to be told: name a receiver first, for example alert_mail")
        if self._trial is not None:
            raise Refused("a test is under way; wait until it has ended")

        def ended(outcome) -> None:
            self._trial = None
            done(outcome, None)

        self.look()
        self._trial = Trial(self.channels, self.now_ms, ended)
        for channel in self.channels:
            if channel.sending is None:
                self._tell(channel, self.now_ms, self._wall_ms())

    def waiting(self, channel) -> int:
        """How many notices it has not taken yet."""
        return len(channel.due(self.standing, self._wall_ms()))

    def silence(self, channel) -> str:
        """Why a ping's receiver hears nothing; empty for the others."""
        return self._silence if channel.place.kind == PING else ""


def _lasting(notice) -> "Notice | None":
    """What a channel keeps in mind of it."""
    return None if notice.event == TEST else notice


def _test_notice(wall_ms: int) -> Notice:
    notice = Notice(TEST, "test", WARNING, "", wall_ms)
    notice.thread = "test-%d" % wall_ms
    notice.id = notice.thread
    return notice
