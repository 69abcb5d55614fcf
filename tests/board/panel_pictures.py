"""`python -m tests.board.panel_pictures [FOLDER]`: the card of the lights, and the display, as in the README."""

import sys
from pathlib import Path

from board.panel import card
from board.panel.pictures import pictures
from firmware.status.texts import LANGUAGES
from tests.unit.fakes_status import example

FOLDER = Path(__file__).resolve().parents[2] / "board" / "pictures"
SHOWN = (("safe", example("healthy")), ("outage", example("outage")), ("fr", example("copying", language="fr")))


def main(folder: Path) -> None:
    for name, board in SHOWN:
        pictures(board, name, str(folder))
    for language in LANGUAGES:
        (folder / ("lights-%s.svg" % language)).write_text(card.svg(language))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
