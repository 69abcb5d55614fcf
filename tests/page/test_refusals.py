"""Whatever a board refuses, and a board that is gone, is told in a sentence where the person looks."""

import re

import pytest
from playwright.sync_api import expect

from firmware.status.texts import en, fr

PROVOKED = r"net::ERR_|the server responded with a status of (401|403|409|429|500|502|503|507) \("
FULL = "the settings could not be kept (No space left on device); nothing was changed"
BUSY = "others are trying passwords here; try again in a second"
MARK = re.compile("mark-refusal")


@pytest.fixture(autouse=True)
def provoked(visitor):
    visitor.allowed = PROVOKED


def mark(page, name="before the upgrade"):
    page.locator("[data-open=mark]").first.click()
    page.locator("#mark-name").fill(name)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("status, said", [
    (409, "another mark is being set"), (429, BUSY), (500, "this is a bug of the board"), (507, FULL),
])  # fmt: skip
def test_an_action_that_is_refused_says_why(show, mock, status, said):
    mock.answers["POST", "/api/mark"] = (status, {"error": said})
    page = show("healthy")
    mark(page)
    expect(page.locator("#mark-refusal")).to_have_text(said[0].upper() + said[1:] + ".")
    expect(page.locator("#mark-name")).to_have_value("before the upgrade")  # what was typed stays
    expect(page.locator("#mark-form button.main")).to_be_enabled()


def test_a_refusal_without_a_sentence(show, mock):
    """As of a proxy in between, whose page is none of the board's."""
    mock.answers["POST", "/api/mark"] = (502, b"<h1>Bad Gateway</h1>")
    page = show("healthy")
    mark(page)
    expect(page.locator("#mark-refusal")).to_have_text("The board refused this without a reason (HTTP 502).")


def test_a_board_that_is_gone_in_the_middle_of_an_action(show, mock):
    """Whether it was done before the board went nobody knows."""
    page = show("healthy")
    page.locator("[data-open=mark]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    mock.stop()
    page.locator("#mark-name").fill("a")
    page.keyboard.press("Enter")
    expect(page.locator("#mark-refusal")).to_have_text(en.PAGE["unreached"])


def test_a_login_that_ran_out_in_the_middle_of_an_action(show, mock):
    mock.look, mock.logged_in = "anyone", True
    page = show("healthy")
    page.locator("[data-open=mark]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    mock.logged_in = False
    page.locator("#mark-name").fill("a")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#login-refusal")).to_have_text(en.PAGE["login.over"])
    expect(page.locator("#password")).to_be_focused()


def test_a_login_that_ran_out_before_the_settings_were_asked(show, mock):
    mock.look, mock.logged_in = "anyone", True
    mock.answers["GET", "/api/settings"] = (401, {"error": "log in first"})
    page = show("healthy")
    mock.logged_in = False
    page.get_by_role("link", name="Manage").click()
    expect(page.locator("#login-refusal")).to_have_text(en.PAGE["login.over"])


def test_a_login_that_is_put_off(show, mock):
    mock.look = "login"
    mock.answers["POST", "/api/login"] = (429, {"error": BUSY})
    page = show("healthy", fragment="now")
    page.locator("#password").fill("x")
    page.keyboard.press("Enter")
    expect(page.locator("#login-refusal")).to_have_text(BUSY.capitalize() + ".")


def test_a_setting_that_cannot_be_kept(show, mock):
    mock.answers["POST", "/api/settings"] = (507, {"error": FULL})
    page = show("healthy", fragment="settings")
    page.locator("#setting-rate").fill("3M")
    page.keyboard.press("Enter")
    expect(page.locator("#setting-rate-said")).to_have_text(FULL.capitalize().replace("no space", "No space") + ".")
    mock.stop()
    page.keyboard.press("Enter")
    expect(page.locator("#setting-rate-said")).to_have_text(en.PAGE["unreached"])


@pytest.mark.parametrize("path, where", [("settings", "#settings-refusal"), ("alerts", "#channels .refusal")])
def test_what_cannot_be_read_is_no_empty_page(show, mock, path, where):
    mock.answers["GET", "/api/" + path] = (503, {"error": "the board is busy with other questions of this kind"})
    page = show("healthy", fragment="manage")
    expect(page.locator(where)).to_have_text("The board is busy with other questions of this kind.")


def test_events_that_cannot_be_read_are_not_none(show, mock):
    mock.answers["GET", "/api/events"] = (503, {"error": "the board is busy"})
    mock.answers["GET", "/api/series"] = (500, {"error": "this is a bug of the board: 1"})
    page = show("healthy")
    expect(page.locator("#events")).to_have_text("The board is busy.")
    expect(page.locator("#charts-refusal")).to_have_text("This is a bug of the board: 1.")
    mock.happen("the link to right is up")
    expect(page.locator("#events")).to_contain_text("The link to right is up")


def test_a_language_that_cannot_be_had_now(show, mock):
    page = show("healthy")
    mock.stop()
    page.locator("#language").select_option("fr")
    expect(page.locator("#notice p")).to_have_text(en.PAGE["unread"])
    expect(page.locator("#language")).to_have_value("en")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#main")).to_be_focused()


def test_a_logout_that_did_not_happen(show, mock):
    mock.look, mock.logged_in = "login", True
    page = show("healthy")
    mock.stop()
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#notice p")).to_have_text(en.PAGE["unreached"])


def test_a_board_that_goes_between_its_page_and_its_session(visitor, mock):
    mock.answers["GET", "/api/session"] = (503, {"error": "busy"})
    page = visitor.open(mock.url, locale="fr-FR")
    expect(page.locator("#lost")).to_have_text(fr.PAGE["lost.never"].replace(" ;", "\u00a0;"))
    del mock.answers["GET", "/api/session"]
    expect(page.locator("#verdict")).not_to_be_empty(timeout=40000)
    expect(page.locator("#lost")).to_be_hidden()


def test_refusals_come_in_the_language_of_the_page(show, mock):
    page = show("healthy", locale="fr-FR", fragment="manage")
    with page.expect_request(re.compile(r"/api/alerts\?lang=fr")):
        page.reload()


def test_an_update_that_does_not_fit(show, mock, tmp_path):
    file = tmp_path / "sosie.raucb"
    file.write_bytes(b"0" * 1000)
    mock.answers["POST", "/api/update"] = (507, {"error": "there is no room for an update of 9 GiB"})
    page = show("healthy", fragment="update")
    page.get_by_label("Update file").set_input_files(file)
    page.get_by_role("button", name="Send it").click()
    refusal = page.locator("#update .refusal")
    expect(refusal).to_have_text("There is no room for an update of 9\u00a0GiB.")
    page.wait_for_timeout(3000)  # it has been asked since what the board does
    expect(refusal).to_have_text("There is no room for an update of 9\u00a0GiB.")
