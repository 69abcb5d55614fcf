"""A frame as a picture of 128x64 pixels, one bit each."""

from PIL import Image, ImageDraw

from .letters import write
from .viewer import Frame

WIDTH, HEIGHT = 128, 64
_LINE = 10
_TITLE, _BIG_TITLE = 13, 23


def draw(frame: Frame) -> Image.Image:
    """Mode "1", lit pixels are 1."""
    picture = Image.new("1", (WIDTH, HEIGHT))
    screen = frame.screen
    if frame.place is not None:
        word = write(screen.title)
        room = max(1, WIDTH - word.width), HEIGHT - word.height
        picture.paste(word, (frame.place * 37 % room[0], frame.place * 23 % room[1]))
        return picture
    top = _title(picture, screen)
    for number, line in enumerate(screen.lines):
        picture.paste(write(line), (1, top + number * _LINE))
    if screen.percent is not None:
        pencil = ImageDraw.Draw(picture)
        pencil.rectangle((0, HEIGHT - 9, WIDTH - 1, HEIGHT - 1), outline=1)
        pencil.rectangle((2, HEIGHT - 7, 2 + (WIDTH - 5) * screen.percent // 100, HEIGHT - 3), fill=1)
    return picture


def _title(picture: Image.Image, screen) -> int:
    """The title, dark on light; returns where the lines begin."""
    height = _BIG_TITLE if screen.big else _TITLE
    pencil = ImageDraw.Draw(picture)
    pencil.rectangle((0, 0, WIDTH - 1, height - 1), fill=1)
    word = write(screen.title)
    if screen.big:
        wide = 2 if word.width * 2 <= WIDTH else 1
        word = word.resize((word.width * wide, word.height * 2))
    dark = Image.new("1", word.size)
    picture.paste(dark, ((WIDTH - word.width) // 2, 0), word)
    return height + 1
