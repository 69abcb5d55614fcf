"""What was told to whom, as the bytes of a small file: a restart tells nothing twice and leaves nothing open.

    {"sosie": "alerts 1",
     "standing": [{"name", "level", "sentence", "since_ms", "came", "lost"}],
     "channels": {KEY: {"last_ms": null or when it took something, and has not failed since,
                        "unreached": whether it fails for so long that this is an alarm,
                        "told": [{"name", "level", "since_ms", "at_ms", "over": null or an episode with "until_ms"}],
                        "passed": [{"name", "sentence", "level", "since_ms", "until_ms", "times", "lasted_ms"}]}}}

A file of an earlier version has no `lost`, `last_ms` and `unreached`. KEY is Place.key: no address, and
nothing that lets anybody in, is in the file.
"""

import json

from firmware.alerts.channel import Passed, Told
from firmware.alerts.place import PING
from firmware.alerts.watch import CRITICAL, MOST_CONDITIONS, WARNING, Episode
from firmware.errors import Damaged

_MARK = "alerts 1"
_MAX_TEXT = 240
_MOST_MS = 1 << 53


def pack(standing: dict, channels: list) -> bytes:
    """The file's bytes, the same for the same content."""
    kept = {}
    for channel in channels:
        kept[channel.place.key] = {
            "last_ms": _last_ms(channel),
            "unreached": channel.unreached,
            "told": [_told(name, channel.told[name]) for name in sorted(channel.told)],
            "passed": [_passed(name, channel.passed[name]) for name in sorted(channel.passed)],
        }
    whole = {"sosie": _MARK, "standing": [_episode(standing[name]) for name in sorted(standing)], "channels": kept}
    return json.dumps(whole).encode() + b"\n"


def gist(standing: dict, channels: list) -> tuple:
    """What has to change for the file to be written anew: sentences change all the time, and a card wears out."""
    stands = tuple([(name, standing[name].level) for name in sorted(standing)])
    kept = []
    for channel in channels:
        told = [(name, channel.told[name]) for name in sorted(channel.told)]
        told = [(name, each.level, each.at_ms, each.over is None) for name, each in told]
        passed = [(name, channel.passed[name].lasted_ms) for name in sorted(channel.passed)]
        kept.append((channel.place.key, _last_ms(channel), channel.unreached, tuple(told), tuple(passed)))
    return stands, tuple(kept)


def unpack(data: bytes) -> tuple:
    """(Episodes that stand, {key: ({condition: Told}, {condition: Passed}, last_ms, unreached)}); raises Damaged."""
    if not data.endswith(b"}\n"):  # not every runtime's JSON notices that the end is missing
        raise Damaged("its end is missing")
    try:
        whole = json.loads(data)
        if whole["sosie"] != _MARK:
            raise Damaged("it is not a file of this version")
        standing = [_read_episode(each) for each in _list(whole["standing"])]
        channels = {}
        for key, kept in whole["channels"].items():
            told = {each["name"]: _read_told(each) for each in _list(kept["told"])}
            passed = {each["name"]: _read_passed(each) for each in _list(kept["passed"])}
            last_ms = kept.get("last_ms")
            last_ms = None if last_ms is None else _number(last_ms)
            channels[key] = (told, passed, last_ms, bool(kept.get("unreached")))
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError):  # the last one: too deep
        raise Damaged("it is not what this board wrote")
    return standing, channels


def _last_ms(channel) -> "int | None":
    """Not of a ping: it is sent every few minutes, for which no card is to be written, and as soon as a board runs."""
    return None if channel.place.kind == PING or channel.failed_ms is not None else channel.last_ms


def _episode(episode) -> dict:
    kept = {name: getattr(episode, name) for name in ("name", "level", "since_ms", "until_ms", "came", "lost")}
    kept["sentence"] = episode.sentence[:_MAX_TEXT]
    return kept


def _told(name: str, told) -> dict:
    over = None if told.over is None else _episode(told.over)
    return {"name": name, "level": told.level, "since_ms": told.since_ms, "at_ms": told.at_ms, "over": over}


def _passed(name: str, passed) -> dict:
    kept = {each: getattr(passed, each) for each in ("level", "since_ms", "until_ms", "times", "lasted_ms")}
    kept["name"], kept["sentence"] = name, passed.sentence[:_MAX_TEXT]
    return kept


def _read_episode(kept: dict) -> Episode:
    episode = Episode(_text(kept["name"]), _level(kept["level"]), _text(kept["sentence"]), _number(kept["since_ms"]))
    episode.until_ms = None if kept["until_ms"] is None else _number(kept["until_ms"])
    episode.came = _number(kept["came"])
    episode.lost = bool(kept.get("lost"))  # a file of an earlier version does not say
    return episode


def _read_told(kept: dict) -> Told:
    _text(kept["name"])
    told = Told(_level(kept["level"]), _number(kept["since_ms"]), _number(kept["at_ms"]))
    if kept["over"] is not None:
        told.over = _read_episode(kept["over"])
        _number(told.over.until_ms)
    return told


def _read_passed(kept: dict) -> Passed:
    _text(kept["name"])
    numbers = [_number(kept[each]) for each in ("since_ms", "until_ms", "times", "lasted_ms")]
    return Passed(_text(kept["sentence"]), _level(kept["level"]), *numbers)


def _list(value) -> list:
    if not isinstance(value, list) or len(value) > MOST_CONDITIONS:
        raise ValueError
    return value


def _text(value) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise ValueError
    return value


def _level(value) -> str:
    if value not in (WARNING, CRITICAL):
        raise ValueError
    return value


def _number(value) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST_MS:
        raise ValueError
    return value
