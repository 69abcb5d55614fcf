"""The display: luma.oled itself on a fake SPI with a fake controller behind it, what is shown when, and what fails."""

import pytest
from PIL import Image

from board.panel.draw import HEIGHT, WIDTH, draw
from board.panel.screens import COLUMNS, LINES, alarms, pages, plain, screens
from board.panel.viewer import DIM_MS, SLEEP_MS, Frame, Viewer
from firmware.status.snapshot import snapshot
from firmware.status.texts import LANGUAGES, module
from tests.board.panels import Front, World
from tests.unit.fakes_status import EXAMPLES, example


def pixels(frame) -> list:
    picture = draw(frame)
    return [[bool(picture.getpixel((x, y))) for x in range(WIDTH)] for y in range(HEIGHT)]


# What it says


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("word", EXAMPLES)
def test_every_screen_of_every_situation_fits(word, language):
    status = snapshot(example(word, language=language))
    shown = screens(status, ("192.0.2.10", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")) + alarms(status)
    for each in shown:
        assert len(each.title) <= COLUMNS and len(each.lines) <= LINES
        assert all(len(line) <= COLUMNS for line in each.lines)
        assert "?" not in "".join((each.title,) + each.lines)
        assert not (each.big or each.percent is not None) or len(each.lines) < LINES
        assert draw(Frame(each, True, None)).size == (WIDTH, HEIGHT)
    text = " ".join(" ".join(each.lines) for each in shown)
    for said in [status["words"]["loss"], status["words"]["advice"]] + [c["sentence"] for c in status["conditions"]]:
        assert plain(said).replace(" ", "") in text.replace(" ", "")  # nothing of it is cut off


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_button_says_stands_on_one_screen(language):
    for key, text in module(language).WORDS.items():
        if key.startswith(("panel.again", "panel.hold", "panel.nothing", "panel.stop", "panel.promot", "panel.broken")):
            assert len(pages("x", text.replace("%s", "a-name-of-16-let"))) == 1, key


def test_letters_that_it_does_not_have():
    assert plain("d’œuf … 5\u00a0s — é €") == "d'oeuf .. 5 s - é EUR" and plain("日本") == "??"


# When it says it


def viewer(**facts):
    world = World()
    return world, Viewer(lambda: world.now_ms), example("healthy", **facts)


def test_a_press_goes_round_and_a_minute_later_it_is_the_first_again():
    world, it, board = viewer()
    status = snapshot(board)
    count = len(screens(status))
    seen = [it.frame(status).screen.title]
    for _ in range(count):
        it.press()
        seen.append(it.frame(status).screen.title)
    assert seen[0] == seen[-1] == "SAFE" and len(set(seen)) == count
    it.press()
    world.run(61000)
    assert it.frame(status).screen.title == "SAFE"


def test_it_dims_and_sleeps_and_a_press_only_wakes_it():
    world, it, board = viewer()
    status, places = snapshot(board), set()
    assert it.frame(status).bright
    world.run(DIM_MS)
    assert not it.frame(status).bright and it.frame(status).screen.lines
    world.run(SLEEP_MS - DIM_MS)
    for _ in range(30):
        frame = it.frame(status)
        assert (frame.screen.title, frame.screen.lines, frame.bright) == ("SAFE", (), False)
        places.add(frame.place)
        world.run(60000)
    assert len(places) == 30
    it.press()
    assert it.frame(status).screen.title == "SAFE" and it.frame(status).bright and it.frame(status).place is None


def test_nothing_burns_in_while_it_sleeps():
    screen = Viewer(lambda: 0).frame(snapshot(example("healthy"))).screen._replace(lines=())
    lit = [[0] * WIDTH for _ in range(HEIGHT)]
    for place in range(240):  # four hours
        for y, row in enumerate(pixels(Frame(screen, False, place))):
            for x, on in enumerate(row):
                lit[y][x] += on
    assert max(map(max, lit)) < 240 / 6


@pytest.mark.parametrize("word", [word for word in EXAMPLES if word not in ("healthy", "twin")])
def test_it_never_hides_an_alarm(word):
    """At any time of a day: what is wrong is shown within a turn of all screens, dim or not, and it never sleeps."""
    world, board = World(), example(word)
    it, status = Viewer(lambda: world.now_ms), snapshot(board)
    wanted = alarms(status)
    for hour in range(25):
        seen = set()
        for _ in range(len(wanted) + 2):
            frame = it.frame(status)
            assert frame.place is None
            seen.add(frame.screen)
            world.run(8000)
        assert set(wanted) <= seen and screens(status)[0] in seen
        if hour % 3 == 0:
            it.press()
        world.run(3600000)


def test_what_is_new_wakes_it_and_is_shown_first():
    world, it, board = viewer()
    it.frame(snapshot(board))
    world.run(SLEEP_MS + 60000)
    assert it.frame(snapshot(board)).place is not None
    board.facts().update(clock_set=False)
    frame = it.frame(snapshot(board))
    assert frame.bright and frame.screen == alarms(snapshot(board))[0]


def test_what_is_told_goes_away():
    world, it, board = viewer()
    status = snapshot(board)
    it.tell("a sentence that is so long that one screen of this size does not hold it: " + "word " * 20, 10000)
    first = it.frame(status).screen
    world.run(4000)
    assert first.title == "left" and it.frame(status).screen not in (first, screens(status)[0])
    world.run(6000)
    assert it.frame(status).screen == screens(status)[0]


# The device


@pytest.mark.parametrize("kind", ["ssd1306", "sh1106"])
def test_the_pixels_arrive(kind):
    front = Front(with_=("display",), kind=kind).start(3000)
    status = snapshot(front.board)
    assert front.spi.place == (0, 0) and front.spi.on and front.spi.max_speed_hz == 8000000
    assert front.picture() == pixels(Frame(screens(status)[0], True, None))
    front.board.set(link_state="connecting")
    front.world.run(1500)
    assert front.picture() == pixels(Frame(alarms(snapshot(front.board))[0], True, None))


def test_it_is_drawn_once_a_second_at_most_and_only_when_it_changed():
    front = Front().start(2000)
    count = len(front.spi.frames)
    front.world.run(60000)
    assert len(front.spi.frames) == count
    for number in range(100):
        front.board.set(link_state=("up", "connecting")[number % 2])
        front.world.run(250)
    spent = front.spi.frames[count:]
    assert len(spent) <= 26 and min(later - ms for ms, later in zip(spent, spent[1:])) >= 999


def test_it_dims_by_its_contrast():
    front = Front(with_=("display",)).start(2000)
    assert front.spi.contrast == 0xCF
    front.world.run(DIM_MS)
    assert front.spi.contrast == 0x01


def test_a_display_that_is_not_there_is_one_alarm_and_comes_back():
    front = Front(with_=("display", "lights"))
    front.spi.gone = True
    front.start(120000)
    assert [each[1:] for each in front.board.troubles] == [("display", (
        "the display does not work (SPI device not found): look at its wires, or write display = off"))]
    assert len([1 for _, op in front.lanes["display"].ops if op == "open"]) == 13
    front.spi.gone = False
    front.world.run(12000)
    assert front.board.alarms == {} and len(front.board.troubles) == 2
    assert front.picture() == pixels(Frame(screens(snapshot(front.board))[0], True, None))


def test_a_display_that_vanishes_and_comes_back():
    front = Front().start(3000)
    front.spi.gone = True
    front.board.set(link_state="connecting")
    front.world.run(30000)
    assert front.board.alarms["display"].startswith("the display does not work (Input/output error)") or (
        front.board.alarms["display"].startswith("the display does not work (SPI device not found)"))
    assert len([1 for each in front.board.troubles if each[1] == "display"]) <= 2
    front.spi.gone = False
    front.world.run(12000)
    assert front.board.alarms == {}


def test_a_display_that_hangs_holds_up_neither_lights_nor_button():
    front = Front().start(3000)
    front.lanes["display"].hangs = True
    front.board.set(link_state="connecting")
    front.world.run(2000)
    count = len(front.gpio.history)
    front.world.run(20000)
    assert len(front.gpio.history) - count > 20
    assert front.board.alarms["display"].startswith("the display does not work (it does not answer)")
    assert len([1 for ms, _ in front.lanes["display"].ops if ms > 5500]) == 0  # nothing piles up
    front.gpio.press(1000, 6000)
    front.gpio.press(8000, 300)
    front.world.run(12000)
    assert len(front.stops) == 1
    front.panel.close()
    assert front.lanes["display"].closed is None  # nobody waits for it


def test_what_stands_there_when_the_board_has_stopped():
    front = Front(language="fr").start(3000)
    front.panel.stop()
    front.world.run(1500)
    assert front.picture() == pixels(Frame(pages("left", "left s'arrête. Attendre ..")[0], True, None))
    front.panel.close()
    assert front.picture() == pixels(Frame(pages("left", "left est arrêté.")[0], True, None))
    assert front.spi.on and not front.spi.is_open


def test_what_it_says_last_outlives_the_process():
    front = Front(with_=("display",)).start(3000)
    shown = front.picture()
    front.lanes["display"].worker._panel.cleanup()  # as luma does when Python ends
    assert front.spi.on and front.picture() == shown


def test_without_its_driver_it_is_an_alarm(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "luma.oled", None)
    front = Front(with_=("display",)).start(3000)
    assert "luma.oled is not installed" in front.board.alarms["display"]


def test_a_bug_in_what_is_shown_is_an_alarm_and_no_more(monkeypatch):
    front = Front().start(3000)
    monkeypatch.setattr(front.panel.viewer, "frame", lambda *arguments: 1 / 0)
    front.world.run(5000)
    assert "has a bug" in front.board.alarms["bug of panel"]
    monkeypatch.undo()
    front.world.run(70000)
    assert "bug of panel" not in front.board.alarms
    assert len([1 for each in front.board.troubles if each[1] == "bug of panel"]) == 2


def test_what_it_shows_when_the_snapshot_cannot_be_made(monkeypatch):
    front = Front(language="fr").start(3000)
    safe = front.picture()
    monkeypatch.setattr(front.board, "facts", lambda: 1 / 0)
    front.world.run(1500)
    text = "État de left inconnu : c'est un bogue. Voir sa page ou sa console."
    assert front.picture() == pixels(Frame(pages("left", text)[0], True, None))
    front.world.run(300000)
    assert front.picture() == pixels(Frame(pages("left", text)[0], True, None))
    monkeypatch.undo()
    front.world.run(1500)
    assert front.picture() not in (safe, pixels(Frame(pages("left", text)[0], True, None)))  # the alarm of the bug
    front.world.run(70000)
    assert front.board.alarms == {} and front.picture() == safe


def test_a_screen_that_cannot_be_made_says_so(monkeypatch):
    front = Front().start(3000)
    monkeypatch.setattr(front.panel.viewer, "frame", lambda *arguments: 1 / 0)
    front.world.run(1500)
    text = "How left is cannot be told: this is a bug. Look at its page or console."
    assert front.picture() == pixels(Frame(pages("left", text)[0], True, None))


@pytest.mark.parametrize("after_ms", [0, 120000])
def test_it_stops_and_says_so_when_the_snapshot_cannot_be_made(after_ms, monkeypatch):
    front = Front().start(3000)
    monkeypatch.setattr(front.board, "facts", lambda: 1 / 0)
    front.world.run(after_ms)
    front.panel.stop()
    front.world.run(1500)
    assert front.picture() == pixels(Frame(pages("left", "left is stopping. Wait ..")[0], True, None))
    front.panel.close()
    assert front.picture() == pixels(Frame(pages("left", "left is stopped.")[0], True, None))
    assert front.lanes["display"].closed is not None and not front.spi.is_open


def test_a_display_that_comes_when_the_snapshot_cannot_be_made(monkeypatch):
    front = Front(with_=("display",))
    front.spi.gone = True
    front.start(3000)
    monkeypatch.setattr(front.board, "facts", lambda: 1 / 0)
    front.spi.gone = False
    front.world.run(12000)
    assert front.spi.is_open and any(map(any, front.picture()))


def test_a_snapshot_that_cannot_be_made_is_one_alarm_and_no_end(monkeypatch):
    front = Front().start(3000)
    monkeypatch.setattr(front.board, "facts", lambda: 1 / 0)
    front.gpio.press(1000, 400)
    front.world.run(30000)
    assert "has a bug" in front.board.alarms["bug of panel"] and len(front.board.troubles) == 1
    monkeypatch.undo()
    front.world.run(70000)
    assert front.board.alarms == {}


def test_the_pictures_of_the_readme_are_what_it_shows(tmp_path):
    from tests.board import panel_pictures

    panel_pictures.main(tmp_path)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == sorted(path.name for path in panel_pictures.FOLDER.iterdir() if path.name in made)
    for name in made:
        if name.endswith(".svg"):
            assert (tmp_path / name).read_text() == (panel_pictures.FOLDER / name).read_text()
        else:
            with Image.open(tmp_path / name) as one, Image.open(panel_pictures.FOLDER / name) as other:
                assert one.convert("RGB").tobytes() == other.convert("RGB").tobytes(), "make %s anew" % name
