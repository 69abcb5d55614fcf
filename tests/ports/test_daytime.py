"""Local time in both runtimes, against Python's own calendar and time zones."""

import datetime
import os
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from firmware.ports.daytime import days

ROOT = Path(__file__).resolve().parents[2]
ZONES = ("UTC", "Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu")
EPOCH = datetime.datetime(1970, 1, 1)
# Around both changes of 2026 in Paris, a leap day, the end of a year, and the hour after 2038.
MOMENTS = [1774745999, 1774746000, 1774749600, 1792889999, 1792890000, 1792893600, 1709164800, 1767225599, 2147483648]
SCRIPT = """
import sys
sys.path.insert(0, %r)
from firmware.ports import local_minute
print([local_minute(second * 1000 + 999) for second in %r])
"""


def test_days_of_two_centuries():
    day = datetime.date(1970, 1, 1)
    for number in range(73050):
        assert days(day.year, day.month, day.day) == number
        day += datetime.timedelta(1)


def told(command, zone):
    script = SCRIPT % (str(ROOT), MOMENTS)
    run = subprocess.run([*command, "-c", script], capture_output=True, text=True, env=dict(os.environ, TZ=zone))
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.parametrize("runtime", ["cpython", "micropython"])
def test_minutes_on_the_wall(runtime):
    command = [sys.executable]
    if runtime == "micropython":
        found = subprocess.run([ROOT / "tests/micropython/interpreter"], capture_output=True, text=True)
        if found.returncode:
            pytest.skip(found.stderr.strip())
        command = [found.stdout.strip(), "-X", "heapsize=16M"]
    for zone in ZONES:
        walls = [datetime.datetime.fromtimestamp(moment, ZoneInfo(zone)).replace(tzinfo=None) for moment in MOMENTS]
        assert told(command, zone) == str([(wall - EPOCH) // datetime.timedelta(minutes=1) for wall in walls]), zone
