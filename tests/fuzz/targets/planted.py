"""No target: it has one fault of each kind, so that the driver itself is tested (SOSIE_PLANTED names the kind)."""

import os
import time

MAX_INPUT = 16
INPUT_LIMIT_S = 5
_KEPT = []


def seeds() -> list:
    return [b"seed"]


def one(data: bytes) -> None:
    kind = os.environ["SOSIE_PLANTED"]
    if data != b"seed":
        return
    if kind == "error":
        raise IndexError("planted")
    while kind == "hang":
        pass
    while kind == "memory":
        _KEPT.append(b"x" * (1 << 20))
        time.sleep(0.0005)  # its limit is looked at once a second: the machine must not be full before
