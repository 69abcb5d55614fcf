"""What nobody knows is shown as not known, on every part of the page, and never as 0 or as all well."""

import re

import pytest
from playwright.sync_api import expect

from tests.page import scenes

UNKNOWN = "not known"
ITS_GROUPS = {"bytes": 90 << 20, "groups": 210, "seconds": 7200}


def moods_become(page, writer: str, keeper: str) -> None:
    for place, each in enumerate((writer, keeper)):
        expect(page.locator("#pair .board").nth(place)).to_have_class(re.compile("mood-%s" % each))


@pytest.mark.parametrize(
    "scene, colour", [("held", "warn"), ("damaged", "bad"), ("failed", "bad"), ("fenced", "bad"), ("healthy", "good")]
)
def test_this_board_is_drawn_in_the_colour_of_its_verdict(show, scene, colour):
    page = show(scene)
    expect(page.locator("#hero")).to_have_class(re.compile("mood-%s" % colour))
    expect(page.locator("#pair .board.me")).to_have_class(re.compile("mood-%s" % colour))


def test_the_other_board_is_drawn_as_it_says_of_itself(show, mock):
    mock.change = lambda status: status["other"].update(state="mirroring", mood="bad")
    page = show("healthy")
    moods_become(page, "good", "bad")
    mock.change = lambda status: status["other"].pop("mood")  # an older board
    moods_become(page, "good", "calm")
    mock.change = lambda status: status["other"].update(mood="splendid", state="levitating")
    moods_become(page, "good", "calm")
    expect(page.locator("#pair-words")).to_contain_text("right: twin, levitating")
    expect(page.locator("#boards")).to_contain_text("Levitating")


def test_what_the_other_board_told_long_ago_is_not_drawn_as_what_it_does(show, mock):
    mock.change = lambda status: status["other"].update(state="mirroring", mood="good", age_s=300)
    page = show("twin")
    moods_become(page, "calm", ".*")
    expect(page.locator("#pair-words")).to_contain_text("left: primary, not known")
    expect(page.locator("#boards thead th").nth(1)).to_contain_text("5\u00a0min ago")


def test_a_backlog_whose_age_nobody_knows(show, mock):
    page = show("behind")
    loss = "128 groups of writes; of what time is not known"
    mock.change = lambda status: (status["backlog"].update(seconds=None), status["words"].update(loss=loss))
    expect(page.locator("#loss-figure")).to_have_text(loss)
    expect(page.locator("#loss-words")).to_be_empty()
    expect(page.locator("#lag-words")).to_contain_text("now not known")
    expect(page.locator("#boards")).to_contain_text("312\u00a0MiB, of unknown age")
    assert "NaN" not in page.locator("main").inner_text()


def test_a_board_that_does_not_run_knows_no_backlog(show):
    page = show("silent")
    expect(page.locator("#lag-words")).to_contain_text("now not known")
    expect(page.locator("#backlog-words")).to_contain_text("now not known")
    expect(page.locator("#journal-figure")).to_have_text("Not known yet")
    expect(page.locator("#boards tbody tr").first).to_be_visible()
    for name in ("Not sent yet", "Running for"):
        expect(page.get_by_role("rowheader", name=name)).to_have_count(0)


def test_the_loss_is_what_the_words_say(show, mock):
    mock.change = lambda status: status["words"].update(loss="everything: the twin has no whole copy yet")
    page = show("outage")  # with groups that the twin lacks
    expect(page.locator("#loss-figure")).to_have_text("Everything: the twin has no whole copy yet")
    expect(page.locator("#loss-words")).to_be_empty()


def test_the_chart_of_a_twin_goes_on_with_what_its_primary_says(show, mock):
    page = show("twin")
    expect(page.locator(".chart canvas")).to_have_count(2)  # what is written and sent is the primary's to tell
    mock.change = lambda status: status["other"].update(backlog=ITS_GROUPS)
    expect(page.locator("#lag-words")).to_contain_text("now 2\u00a0h")
    expect(page.locator("#backlog-words")).to_contain_text("now 90\u00a0MiB")
    mock.change = lambda status: status["other"].update(backlog=dict.fromkeys(ITS_GROUPS))
    expect(page.locator("#lag-words")).to_contain_text("now not known")
    mock.change = lambda status: status["other"].update(backlog=ITS_GROUPS, age_s=300)
    expect(page.locator("#backlog-words")).to_contain_text("now not known")
    mock.change = lambda status: status.update(other=None)
    expect(page.locator("#lag-words")).to_contain_text("now not known")


def test_a_promoted_twin_draws_what_it_sends(show, mock):
    page = show("twin")
    expect(page.locator(".chart canvas")).to_have_count(2)
    mock.scene = "promoted"
    expect(page.locator(".chart canvas")).to_have_count(3)


def test_a_link_that_is_up_to_a_board_that_says_nothing(show):
    page = show("twin_untold")
    words = page.locator("#pair-words")
    expect(words).to_contain_text("left: the other board, not known")
    expect(words).to_contain_text("backlog not known")
    expect(page.locator("#boards")).to_contain_text("It has told nothing of itself yet.")
    assert "not reached" not in page.locator("main").inner_text()


def test_a_twin_shows_what_its_primary_holds_back(show, mock):
    held = {"cap": 2000000, "held_bytes": 88 << 20, "quota": {"bytes": 0, "used": 0, "holds": False}}
    mock.change = lambda status: status["other"].update(backlog=ITS_GROUPS, link=held)
    page = show("twin")
    expect(page.locator("#pair-words")).to_contain_text("88\u00a0MiB held back")


def test_a_report_full_of_gaps(show, mock):
    """Every figure of the other board that it does not tell is a dash, and read out."""
    bare = scenes.other("right", "twin")
    gaps = {name: dict.fromkeys(each) if isinstance(each, dict) else each for name, each in bare.items()}
    gaps["link"]["quota"] = dict.fromkeys(bare["link"]["quota"])
    gaps["health"] |= {"card": {"used_percent": None}, "disk": {"ok": None, "sentence": None}}
    mock.change = lambda status: status.update(other=gaps | {"age_s": 1})
    page = show("healthy")
    expect(page.locator("#boards tbody tr").first).to_be_visible()
    for name in ("Journal", "Server", "Temperature", "Power"):
        row = page.locator("#boards tr", has=page.get_by_role("rowheader", name=name, exact=True))
        expect(row.locator("td").nth(1)).to_have_text("\u2013" + UNKNOWN)
    expect(page.locator("#pair")).to_contain_text("journal: not known")
    gaps["role"] = "primary"
    mock.change = lambda status: status.update(other=gaps | {"age_s": 1})
    row = page.locator("#boards tr", has=page.get_by_role("rowheader", name="Not sent yet"))
    expect(row.locator("td").nth(1)).to_have_text("\u2013" + UNKNOWN)


def test_a_server_of_which_the_other_board_does_not_tell(show, mock):
    mock.change = lambda status: status["other"].update(host={"attached": None})
    page = show("twin")
    expect(page.locator("#pair .server.idle .note").first).to_have_text(UNKNOWN)


def test_a_forecast_that_nobody_has_is_none(show, mock):
    mock.change = lambda status: status["forecast"].update(caught_up_s=None, lag_s=None)
    page = show("behind")
    expect(page.locator("#forecast")).to_be_empty()
    mock.change = lambda status: status["forecast"].update(caught_up_s=None)
    expect(page.locator("#forecast")).to_contain_text("Not caught up within a day")


def test_the_emblem_is_that_of_the_case(show, mock):
    """Two disks that lie one on the other, with a tick, are for what is safe."""
    emblem = show("twin").locator("#emblem")
    expect(emblem).to_have_class("emblem together")
    for case, form in (("unknown", "unsure"), ("unheard of", "unsure"), ("held", "shifted"), ("damaged", "broken")):
        mock.change = lambda status, case=case: status["words"].update(case=case)
        expect(emblem).to_have_class("emblem " + form)
