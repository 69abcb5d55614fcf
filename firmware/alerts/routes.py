"""What the API says of alerts.

    GET  /api/alerts        {"channels": [{id, kind, name, to, state, waiting, sentence, last_ms, failed_ms, next_s}],
                             "standing": [{name, level, sentence, since_ms}], "sentence"}
    POST /api/alerts/test   {}: a notice to every receiver now; answers when all have been tried
                            {"sentence", "channels": [{id, kind, name, to, taken, sentence}]}

A channel is one receiver: `name` the key of board.conf behind it, `to` where it is, without what lets us in. `state` is
untried, ok, failing, or silent (a ping that stays away, since the mirror stands still); `waiting`: what it has not been
told yet; `last_ms`: when it took something, `failed_ms`: since when it does not, both ms since 1970 or null; `next_s`:
seconds until it is tried again. `standing` is what is wrong for so long that it is told; the last `sentence` why what
was told cannot be kept, or "".
"""

from firmware.alerts.place import PING
from firmware.api import actions
from firmware.httpd.answer import json_answer
from firmware.status.texts import known, say
from firmware.status.translation import translate

UNTRIED, OK, FAILING, SILENT = "untried", "ok", "failing", "silent"


class Routes:
    """`alerts` is an Alerts; language(): that of the answers, where the request asks for none (`?lang=fr`)."""

    def __init__(self, alerts, language):
        self._alerts = alerts
        self._language = language

    def routes(self) -> dict:
        """For Api's `more`."""
        return {"/api/alerts": {"GET": self._tell}, "/api/alerts/test": {"POST": self._test}}

    def _tell(self, request, answer) -> None:
        alerts, language = self._alerts, self._wanted(request)
        answer(json_answer(200, {
            "channels": self.channels(language),
            "standing": [_standing(alerts.standing[name]) for name in sorted(alerts.standing)],
            "sentence": translate(language, alerts.trouble),
        }))  # fmt: skip

    def channels(self, language: str) -> list:
        """How it stands with every receiver, as above."""
        return [self._channel(number, language) for number in range(len(self._alerts.channels))]

    def _wanted(self, request) -> str:
        wish = request.query.get("lang")
        return known(wish) if wish else self._language()

    def _channel(self, number: int, language: str) -> dict:
        alerts, channel = self._alerts, self._alerts.channels[number]
        silence = alerts.silence(channel)
        state = SILENT if silence else FAILING if channel.failed_ms is not None else OK
        if state == OK and channel.last_ms is None:
            state = UNTRIED
        next_s = None
        if channel.again_ms is not None:
            next_s = max(0, channel.again_ms - alerts.now_ms) // 1000
        return dict(
            _name(alerts.id_of(channel), channel),
            state=state,
            waiting=0 if channel.place.kind == PING else alerts.waiting(channel),
            sentence=translate(language, silence or channel.trouble),
            last_ms=channel.last_ms,
            failed_ms=None if silence else channel.failed_ms,
            next_s=next_s,
        )

    def _test(self, request, answer) -> None:
        def report(outcome: list) -> dict:
            return _outcome(self._wanted(request), outcome)

        actions.act(request, answer, actions.nothing, lambda wish, done: self._alerts.test(done), report)


def _outcome(language: str, outcome: list) -> dict:
    channels, failed = [], 0
    for number, (channel, trouble) in enumerate(outcome):
        sentence = say(language, "alert.channel.taken") if trouble is None else translate(language, trouble)
        told = "%s: %s" % (channel.place.to, sentence)
        name = _name("%s-%d" % (channel.place.kind, number), channel)
        channels.append(dict(name, taken=trouble is None, sentence=told))
        failed += trouble is not None
    whole = "alert.all_taken" if not failed else "alert.not_all_taken"
    return {"sentence": say(language, whole), "channels": channels}


def _name(identity: str, channel) -> dict:
    place = channel.place
    return {"id": identity, "kind": place.kind, "name": place.name, "to": place.to}


def _standing(episode) -> dict:
    return {name: getattr(episode, name) for name in ("name", "level", "sentence", "since_ms")}
