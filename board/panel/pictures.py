"""The screens of the display as pictures for the README, of boards as they may be."""

import os

from PIL import Image

from firmware.status.snapshot import snapshot

from .draw import draw
from .screens import alarms, screens
from .viewer import Frame

_SCALE, _EDGE = 3, 8
_LIT, _DARK = (150, 220, 255), (8, 12, 20)
_ADDRESS = ("192.0.2.10",)


def pictures(board, name: str, folder: str, first: int = 6) -> list:
    """Writes `display-NAME.png`: the screens of `board` side by side, two in a row. Returns its path, in a list."""
    status = snapshot(board)
    shown = (alarms(status) + screens(status, _ADDRESS))[:first]
    frames = [draw(Frame(each, True, None)) for each in shown]
    path = os.path.join(folder, "display-%s.png" % name)
    sheet(frames).save(path, optimize=True)
    return [path]


def sheet(frames: list) -> Image.Image:
    """Pictures of the display, larger, in the light of an OLED."""
    wide, high = frames[0].width * _SCALE + 2 * _EDGE, frames[0].height * _SCALE + 2 * _EDGE
    rows = (len(frames) + 1) // 2
    whole = Image.new("RGB", (min(2, len(frames)) * wide, rows * high), (255, 255, 255))
    for number, frame in enumerate(frames):
        large = Image.new("RGB", (wide - _EDGE, high - _EDGE), _DARK)
        pixels = frame.resize((frame.width * _SCALE, frame.height * _SCALE))
        large.paste(Image.new("RGB", pixels.size, _LIT), (_EDGE // 2, _EDGE // 2), pixels)
        whole.paste(large, (number % 2 * wide + _EDGE // 2, number // 2 * high + _EDGE // 2))
    return whole.quantize(8)
