"""What `sosie usb status` is answered."""

import json

MOST_STATUS = 4096  # bytes that hosts take in one control transfer
_LESS = (("other", None), ("conditions", []))  # what is left out before an alarm is, and says the same as one


def packed(status: dict) -> bytes:
    """The status as JSON, with as much of it as a host can read: of the alarms, the most urgent ones come first."""
    alarms = list(status["alarms"])
    data = json.dumps(status).encode()
    for word, instead in _LESS:
        if len(data) > MOST_STATUS and word in status:
            status = dict(status, **{word: instead})
            data = json.dumps(status).encode()
    while len(data) > MOST_STATUS and alarms:
        alarms.pop()
        data = json.dumps(dict(status, alarms=alarms)).encode()
    return data
