"""What is read first is right in every situation, and follows what the board says."""

import re

import pytest
from playwright.sync_api import expect

from firmware.status.chronicle.layout import Event
from tests.page import scenes

BROKEN_WORDS = """() => {
  const found = [], texts = document.createTreeWalker(document.getElementById("boards"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const word of texts.currentNode.data.matchAll(/[^\\s/-]+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((each) => each.top)).size > 1) found.push(word[0]);
    }
  }
  return found;
}"""


def text(page, selector):
    return page.locator(selector).inner_text().replace("\u00a0", " ")


@pytest.mark.parametrize("scene, sentence, loss, advice", [
    ("healthy", "Safe. The twin has everything.", "Nothing", "Nothing"),
    ("twin", "Safe. This board has everything", "Nothing but what is on its way here", "Nothing"),
    ("behind", "Behind. The twin lacks 128 groups", "The writes of the last 94 s", "Nothing: at today"),
    ("outage", "Not mirrored. The twin lacks", "The writes of the last 12 min", "Bring the link or the twin back"),
    ("held", "Held back. The twin lacks 210 groups", "The writes of the last 5 min", "Nothing: at today's pace"),
    ("full", "Not mirrored. The twin lacks", "The writes of the last 2 days", "Bring the link or the twin back now"),
    ("damaged", "Damaged. The twin lacks", "The writes of the last 5 min", "Put right what is named"),
    ("copying", "Not safe yet. The first copy is at 42 %.", "Everything: the twin has no whole copy", "Nothing; leave"),
    ("failed", "Failed. This board takes no more writes.", "The writes of the last 4 s", "Put right what is named"),
    ("fenced", "Fenced. This board takes no more writes.", "12 groups of writes that", "Let the server use"),
    ("promoted", "No twin. This disk exists once.", "Everything: there is no twin", "Start a new pair"),
])  # fmt: skip
def test_the_first_sentence_the_loss_and_what_to_do(show, scene, sentence, loss, advice):
    page = show(scene)
    assert text(page, "#hero h1").startswith(sentence)
    assert text(page, "#loss-figure").startswith(loss)
    assert text(page, "#next-words").startswith(advice)
    assert page.title().startswith(sentence.split(".")[0])


def test_hours_until_the_journal_is_full(show):
    page = show("outage")
    expect(page.locator("#journal-figure")).to_have_text(re.compile(r"31.h \d+.min"))
    expect(page.locator("#journal-words")).to_have_text("23\u00a0GiB of 64\u00a0GiB in use.")
    page = show("healthy")
    expect(page.locator("#journal-figure")).to_have_text("It is not filling")


def test_numbers_change_without_a_touch(show, mock):
    page = show("outage")
    expect(page.locator("#loss-figure")).to_have_text("The writes of the last 12\u00a0min")
    expect(page.locator("#loss-words")).to_have_text("4312 groups of writes, 3.4\u00a0GiB.")
    mock.scene = "behind"
    expect(page.locator("#loss-figure")).to_have_text("The writes of the last 94\u00a0s")
    expect(page.locator("#loss-words")).to_have_text("128 groups of writes, 312\u00a0MiB.")
    mock.scene = "healthy"
    expect(page.locator("#loss-words")).to_be_empty()
    expect(page.locator("#verdict")).to_have_text("Safe.")
    expect(page.locator("#conditions")).to_be_hidden()


def test_what_needs_attention_the_critical_first_and_each_once(show):
    page = show("failed")
    items = page.locator("#conditions li")
    expect(items.nth(0)).to_contain_text("4\u00a0min ago")
    levels = [each.get_attribute("class") for each in items.all()]
    assert levels == sorted(levels) and levels[0] == "critical" and levels[-1] == "warning"
    assert sum("/dev/sda failed" in each.inner_text() for each in items.all()) == 1


def test_an_alarm_that_no_condition_tells_is_shown(show, mock):
    mock.change = lambda status: status.update(alarms=["the light on GPIO 17 cannot be used"])
    page = show("healthy")
    expect(page.locator("#conditions li")).to_have_count(1)


def test_what_the_verdict_says_is_not_said_twice(show, mock):
    page = show("outage")
    expect(page.locator("#conditions")).to_be_hidden()
    since_ms = scenes.now_ms() - 720000
    hot = {"name": "temperature", "level": "warning", "sentence": "the board is hot", "since_ms": since_ms}
    mock.change = lambda status: status["conditions"].append(hot)
    expect(page.locator("#conditions li")).to_have_count(1)
    expect(page.locator("#conditions li")).to_contain_text("12\u00a0min ago")
    mock.change = lambda status: status["words"].update(sentence=hot["sentence"].capitalize() + ".")
    expect(page.locator("#conditions li")).to_have_count(0)


@pytest.mark.parametrize("scene, said", [
    ("full", ["is full and the server waits.", "15\u00a0min"]),
    ("fenced", ["the 12 groups that it never sent stay in its journal"]), ("promoted", []),
])  # fmt: skip
def test_each_thing_that_needs_attention_is_told_once(show, scene, said):
    page = show(scene)
    expect(page.locator("#conditions li")).to_have_count(len(said))
    for place, each in enumerate(said):
        expect(page.locator("#conditions li").nth(place)).to_contain_text(each)
        expect(page.locator("#conditions li").nth(place)).to_have_class("critical")


def test_a_refusal_of_the_other_board_says_why(show, mock):
    why = {"name": "no_link", "level": "critical", "sentence": "right is of another pair", "since_ms": scenes.now_ms()}
    mock.change = lambda status: status.update(conditions=[why])
    page = show("outage")
    expect(page.locator("#conditions li")).to_contain_text("Right is of another pair.")


def test_until_the_journal_is_full_there_is_one_figure(show, mock):
    """The one that alerts and metrics go by, whatever the forecast and the pace of the last minutes are."""
    mock.change = lambda status: status["journal"].update(growth_bytes_per_s=None, full_in_s=None)
    page = show("outage")
    expect(page.locator("#journal-figure")).to_have_text("Not known yet")
    mock.change = lambda status: (status["journal"].update(growth_bytes_per_s=900.0, full_in_s=90000),
                                  status["forecast"].update(full_s=7200))  # fmt: skip
    expect(page.locator("#journal-figure")).to_have_text("25\u00a0h")
    mock.change = lambda status: (status["journal"].update(growth_bytes_per_s=9e9, full_in_s=None),
                                  status["forecast"].update(full_s=7200))  # fmt: skip
    expect(page.locator("#journal-figure")).to_have_text("Not in sight")
    mock.change = lambda status: status["journal"].update(growth_bytes_per_s=0, full_in_s=None)
    expect(page.locator("#journal-figure")).to_have_text("It is not filling")
    page = show("full")
    mock.change = lambda status: None
    expect(page.locator("#journal-figure")).to_have_text("It is full")


def condition(name, level) -> dict:
    return {"name": name, "level": level, "sentence": "%s is %s" % (name, level), "since_ms": scenes.now_ms()}


def test_the_journal_has_the_colour_of_its_condition(show, mock):
    mock.change = lambda status: status["journal"].update(used=61 * status["journal"]["size"] // 100)
    page = show("healthy")
    gauge = page.locator("#journal-gauge")
    expect(page.locator("#journal-words")).to_contain_text("39\u00a0GiB of 64\u00a0GiB")
    expect(gauge).to_have_class("good")
    colours = {
        ("journal_filling", "warning"): "warn", ("journal_filling", "critical"): "bad",
        ("temperature", "critical"): "good", ("journal_full", "critical"): "bad",
    }  # fmt: skip
    for told, colour in colours.items():
        mock.change = lambda status, told=told: status["conditions"].append(condition(*told))
        expect(gauge).to_have_class(colour)


def cells(page, name) -> list:
    """This board's and the other one's."""
    row = page.locator("#boards tr").filter(has=page.get_by_role("rowheader", name=name, exact=True))
    return [row.locator("td").nth(place) for place in (0, 1)]


@pytest.mark.parametrize("name, row, this, other", [
    ("temperature", "Temperature", {"temperature_c": 70}, [(74, ""), (75, "warn"), (80, "bad")]),
    ("card", "Card", {"card": {"used_percent": 70}}, [(79, ""), (80, "warn"), (100, "bad")]),
])  # fmt: skip
def test_a_figure_of_a_board_has_the_colour_of_its_level(show, mock, name, row, this, other):
    """This board's by its conditions alone, the other's by the same limits, for it tells none."""
    page = show("healthy")
    levels = ("", "warning", "critical")
    for level, colour, (value, its_colour) in zip(levels, ("", "warn", "bad"), other):
        its = {"card": {"used_percent": value}} if name == "card" else {"temperature_c": value}

        def change(status, level=level, its=its) -> None:
            status["health"].update(this)
            status["other"]["health"].update(its)
            status["conditions"] += [condition(name, level)] if level else []

        mock.change = change
        mine, others = cells(page, row)
        expect(others).to_contain_text(str(value))
        expect(mine).to_contain_text("70")
        for cell, wanted in ((mine, colour), (others, its_colour)):
            expect(cell).to_have_class(wanted)


def test_the_picture_of_the_pair_in_words_and_lines(show, mock):
    page = show("healthy")
    expect(page.locator("#pair .board")).to_have_count(2)
    expect(page.locator("#pair .flow").first).to_be_attached()
    words = page.locator("#pair-words")
    expect(words).to_contain_text("left: primary · this board, mirroring. right: twin")
    mock.scene = "outage"
    expect(page.locator("#pair .link.broken")).to_be_attached()
    expect(page.locator("#pair .board.unknown")).to_be_attached()
    expect(words).to_contain_text("There is no link. no link. for 12\u00a0min. 3.4\u00a0GiB waiting")


def test_the_writer_stands_first_on_either_board(show):
    for scene, first in (("healthy", "left"), ("twin", "left"), ("promoted", "right")):
        page = show(scene)
        assert page.locator("#pair .board .name").first.text_content() == first, scene


@pytest.mark.parametrize("width", [390, 1440])
def test_alarms_have_room_beneath_both_boards(show, mock, width):
    path = "/srv/sosie/boards/left/state/settings.of.this.board"
    told = "the settings %s cannot be written (No space left on device); make room there" % path
    mock.change = lambda status: status["other"].update(alarms=[told, "the clock is not set"])
    page = show("healthy", width=width)
    row = page.locator("#boards tr", has=page.get_by_role("rowheader", name="To put right"))
    expect(row.locator("td")).to_have_text("right: T" + told[1:] + ". The clock is not set.")
    table = page.locator("#boards").bounding_box()
    assert row.locator("td").bounding_box()["width"] > 0.6 * table["width"]
    assert page.evaluate(BROKEN_WORDS) == []


def test_no_row_of_alarms_where_there_are_none(show):
    """Beneath a condition in red it would be a strange "none"."""
    page = show("outage")
    expect(page.locator("#boards td").first).to_be_visible()
    expect(page.get_by_role("rowheader", name="To put right")).to_have_count(0)


def test_both_boards_side_by_side_and_one_alone(show, mock):
    page = show("twin")
    expect(page.locator("#boards thead th")).to_have_text(["right this board", "left"])
    expect(page.get_by_role("row", name="Temperature")).to_contain_text("45 °C".replace(" ", "\u00a0"))
    mock.scene = "lost_primary"
    expect(page.locator("#boards")).to_contain_text("Shown while the link is up.")


def test_a_server_that_is_not_there(show):
    page = show("nobody_attached")
    expect(page.locator("#pair .server.idle")).to_have_count(2)
    expect(page.locator("#pair")).to_contain_text("no server")


def test_a_board_that_does_not_run(show, mock, visitor):
    """The steward's page: no stream, no series, no events; what there is comes by asking."""
    visitor.allowed = r"404 \("
    for path in ("/api/live", "/api/series", "/api/events"):
        mock.answers["GET", path] = (404, {"error": "there is nothing here; look at /api/status"})
    page = show("silent")
    expect(page.locator("#verdict")).to_have_text("Failed.")
    expect(page.locator("#loss-figure")).to_have_text("Not known while this board does not run")
    expect(page.locator("#conditions")).to_contain_text("The disk /dev/sda is missing: attach it.")
    assert "[" not in page.locator("main").inner_text()


def test_a_board_that_says_little_is_no_error(show, mock):
    """What nobody tells is null or not there at all: an older board, a part that is off."""

    def bare(status):
        for name in ("health", "forecast", "host", "rpo_s", "conditions", "uptime_s"):
            del status[name]
        status["other"] = dict.fromkeys(status["other"]) | {"name": "right"}

    mock.change = bare
    page = show("healthy")
    expect(page.locator("#boards")).to_contain_text("right")
    expect(page.locator("#verdict")).to_have_text("Safe.")


def test_events_the_newest_first_by_day_and_live(show, mock):
    page = show("healthy")
    first = page.locator("#events .entry").first
    expect(first).to_contain_text("The rate is 2M from now on")
    expect(page.locator("#events .day").nth(1)).to_be_visible()
    mock.happen("the link to right is up")
    expect(first).to_contain_text("The link to right is up")
    mock.happen("it came and went", more=31, sure=False)
    expect(first).to_contain_text("It came and went (and 31 more times)")
    expect(first.locator("time")).to_contain_text("?")


def test_times_are_those_of_the_browser(show, mock):
    mock.events = [Event(1767258000000, "noon somewhere", id=1)]  # 2026-01-01 09:00 UTC
    page = show("healthy", timezone_id="Asia/Tokyo")
    expect(page.locator("#events .entry time")).to_have_text("18:00")
    page = show("healthy", timezone_id="America/New_York", locale="en-US")
    expect(page.locator("#events .entry time")).to_have_text("04:00 AM")


def test_charts_are_drawn_and_told(show, mock):
    page = show("healthy")
    expect(page.locator(".chart canvas")).to_have_count(3)
    expect(page.locator("#lag-words")).to_contain_text(re.compile(r"at most 7.min · target 15.min"))
    page.get_by_text("The same as a table").click()
    expect(page.locator("#charts-table tbody tr").nth(11)).to_be_visible()
    with page.expect_response(re.compile(r"/api/series\?span=week")):
        page.get_by_label("Week", exact=True).check()
    expect(page.locator(".chart canvas")).to_have_count(3)
    assert drawn(page, "#lag-chart canvas") > 500


def drawn(page, selector) -> int:
    """Points of a canvas that are not empty."""
    return page.eval_on_selector(
        selector,
        "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
        " for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }",
    )


def test_a_board_without_series_says_so(show, mock):
    mock.answers["GET", "/api/series"] = (200, scenes.series("hour", 600) | {"kept": False})
    page = show("healthy")
    expect(page.get_by_text("Kept in memory only")).to_be_visible()


def test_a_screen_reader_hears_changes_and_no_ticking(show, mock):
    page = show("healthy")
    page.evaluate("() => { window.said = []; new MutationObserver(() => window.said.push(document.getElementById('say')"
                  ".textContent)).observe(document.getElementById('say'), {childList: true}); }")  # fmt: skip
    page.wait_for_timeout(1500)
    mock.scene = "outage"
    expect(page.locator("#say")).not_to_be_empty()
    page.wait_for_timeout(1500)
    said = page.evaluate("window.said")
    assert len(said) == 1 and said[0].startswith("left: not mirrored. The other board is not reached"), said
