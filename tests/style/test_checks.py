"""The style checks can fail: each is shown a file that breaks its rule."""

import pytest

from tests.style import directions, subset

BROKEN = [
    ("try:\n    pass\nexcept FileNotFoundError:\n    pass\n", "FileNotFoundError"),
    ("x = 5\nx.bit_length()\n", ".bit_length"),
    ("import struct\nstruct.Struct('<I')\n", "struct.Struct"),
    ("import time\ntime.monotonic()\n", "time.monotonic"),
    ("import functools\n", "functools"),
    ("import zlib\n", "inside try"),
    ("def f(e):\n    raise ValueError() from e\n", "raise ... from"),
    ("x = f'{1}' '{}'\n", "formatted as one"),
    ("x = f'{1!a}'\n", "!a"),
]
SOUND = [
    "import struct\nimport binascii\nx = struct.pack('<I', 1)\n",
    "try:\n    import zlib\nexcept ImportError:\n    zlib = None\n",
    "x = f'{1}' 'plain'\ny = '{}'\n",
    "def f():\n    raise ValueError() from None\n",
]


@pytest.mark.parametrize(("source", "says"), BROKEN)
def test_subset_finds(source, says):
    found = subset.findings(source)
    assert len(found) == 1 and says in found[0]


@pytest.mark.parametrize("source", SOUND)
def test_subset_accepts(source):
    assert subset.findings(source) == []


@pytest.fixture
def firmware(tmp_path, monkeypatch):
    monkeypatch.setattr(directions, "FIRMWARE", tmp_path)
    for package in ("log", "host", "ports"):
        (tmp_path / package).mkdir()

    def write(name, source):
        (tmp_path / name).write_text(source)
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("log/a.py", "import socket\n"),
        ("log/a.py", "def f():\n    import time\n"),
        ("log/a.py", "from firmware.disk import volume\n"),
        ("log/a.py", "from ..disk.volume import Volume\n"),
        ("host/a.py", "from firmware.log import layout\n"),
        ("host/a.py", "import tools.sosie\n"),
        ("board.py", "import os\n"),
        ("board.py", "import board.led\n"),
        ("board.py", "def f():\n    import board.led\n"),
        ("appliance.py", "import board.led\n"),
        ("board.py", "from firmware.ports import loop\n"),
        ("ports/a.py", "from tests import sim\n"),
    ],
)
def test_directions_find(firmware, name, source):
    assert len(directions.findings(firmware(name, source))) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("log/a.py", "import struct\nfrom firmware.checksum import crc32\nfrom .layout import Point\n"),
        ("board.py", "from firmware.log.journal import Journal\n"),
        ("ports/a.py", "import socket\nimport os\nfrom firmware.errors import Refused\n"),
        ("__main__.py", "import sys\nfrom firmware.ports import loop\n"),
        ("appliance.py", "from firmware import ports\ndef f():\n    from board.led import Led\n"),
    ],
)
def test_directions_accept(firmware, name, source):
    assert directions.findings(firmware(name, source)) == []


@pytest.fixture
def board(tmp_path, monkeypatch):
    folder = tmp_path / "board"
    (folder / "usb").mkdir(parents=True)
    monkeypatch.setattr(directions, "BOARD", folder)

    def write(name, source):
        (folder / name).write_text(source)
        return folder / name

    return write


@pytest.mark.parametrize(
    ("name", "source", "count"),
    [
        ("usb/a.py", "import os, ctypes\nfrom firmware.errors import Refused\nfrom firmware import ports\n", 0),
        ("usb/a.py", "from . import paths\nfrom .paths import Paths\nfrom ..usb import paths\n", 0),
        ("usb/disk.py", "from firmware.host.bot import Bot\n", 0),
        ("usb/a.py", "from firmware.host.bot import Bot\n", 1),
        ("usb/disk.py", "from firmware.log.journal import Journal\n", 1),
        ("usb/a.py", "from firmware import board\n", 1),
        ("usb/a.py", "import firmware\n", 1),
        ("usb/a.py", "def f():\n    from tests.board import kernel\n", 1),
        ("usb/a.py", "import logging\nimport tools.sosie\n", 2),
    ],
)
def test_directions_of_board(board, name, source, count):
    assert len(directions.board_findings(board(name, source))) == count


def test_acting_at_import_is_found(firmware):
    path = firmware("log/a.py", '"""Doc."""\nX = 1\nprint(X)\n')
    assert directions.acts_at_import(path) == ["line 3: acts at import"]
