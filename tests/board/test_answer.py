"""What `sosie usb status` is answered fits into what a host reads."""

import json

from board.usb.answer import MOST_STATUS, packed
from firmware.status.snapshot import snapshot
from tests.unit.fakes_status import EXAMPLES, example


def test_every_situation_fits_whole():
    for word in EXAMPLES:
        for language in ("en", "fr"):
            status = snapshot(example(word), language)
            data = packed(status)
            assert json.loads(data) == status and len(data) <= MOST_STATUS


def test_of_what_is_too_much_the_most_urgent_alarms_stay():
    troubles = {"surface %d" % number: "it burns " * 25 + str(number) for number in range(40)}
    status = snapshot(example("outage", troubles=troubles, alarms=list(troubles.values()), other={"name": "right"}))
    said = json.loads(packed(status))
    assert len(packed(status)) <= MOST_STATUS and said["words"] == status["words"]
    assert said["other"] is None and said["conditions"] == []
    assert 1 < len(said["alarms"]) < 40 and said["alarms"] == status["alarms"][: len(said["alarms"])]
