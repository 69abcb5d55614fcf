"""What is shown says how old it is; a board that is gone comes back by itself; logging in and out."""

import re

from playwright.sync_api import expect

from tests.page.mock import PASSWORD

REFUSED = r"net::ERR_|401 \("


def test_silence_is_told_at_once_and_plainly(show, mock):
    page = show("healthy")
    expect(page.locator("#heard-text")).to_have_text("Live")
    mock.silent = True
    expect(page.locator("#heard-text")).to_have_text(re.compile(r"Last heard \d.s ago"))
    expect(page.locator("#as-of")).to_have_text(re.compile(r"As it was at \d\d:\d\d:\d\d:"))
    expect(page.locator("#lost")).to_be_hidden()
    mock.silent = False
    expect(page.locator("#heard-text")).to_have_text("Live")
    expect(page.locator("#as-of")).to_be_hidden()


def test_a_board_that_is_gone_and_returns(show, mock, visitor):
    visitor.allowed = REFUSED
    page = show("healthy")
    mock.stop()
    expect(page.locator("#lost")).to_have_text(re.compile("left is not reached"), timeout=15000)
    expect(page.locator("#verdict")).to_have_text("Safe.")
    expect(page).to_have_title("left · Sosie")
    assert "stale" in page.locator("body").get_attribute("class")
    mock.scene = "behind"
    mock.start()
    expect(page.locator("#verdict")).to_have_text("Behind.", timeout=20000)
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#heard-text")).to_have_text("Live")
    expect(page.locator("#say")).to_contain_text("left")


def test_a_page_whose_login_ran_out_asks_for_it(show, mock, visitor):
    visitor.allowed = REFUSED
    mock.look, mock.logged_in = "login", True
    page = show("healthy")
    mock.logged_in = False
    mock.stop()
    mock.start()
    expect(page.locator("#login-form")).to_be_visible(timeout=15000)
    expect(page.locator("#view-now")).to_be_hidden()


def test_login_wrong_then_right_then_logout(show, mock, visitor):
    visitor.allowed = REFUSED
    mock.look = "login"
    page = show("healthy", fragment="now")
    expect(page.locator("#password")).to_be_focused()
    expect(page.get_by_role("link", name="Overview")).to_be_hidden()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#login-refusal")).to_have_text("This is not the password.")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_have_text("Safe.")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#login-form")).to_be_visible()
    assert mock.posts[-1] == ("/api/logout", {}, "token-of-this-session")
    assert page.locator("#verdict").is_hidden()


def test_looking_without_login_and_acting_with(show, mock):
    mock.look = "anyone"
    page = show("twin")
    expect(page.locator("#verdict")).to_have_text("Safe.")
    page.get_by_role("link", name="Manage").click()
    expect(page.locator("#login-form")).to_be_visible()
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_without_keys_nobody_is_asked(show):
    page = show("healthy")
    expect(page.get_by_role("link", name="Log in")).to_be_hidden()
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()


def test_the_stream_stops_for_a_page_that_nobody_sees(show, mock):
    """What it costs the board: nothing. Chromium's clock is turned, not waited for."""
    page = show("healthy", reduced_motion="reduce")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
                  "window.later = []; const real = setTimeout; window.setTimeout = (what, ms) => ms === 10000 ?"
                  " window.later.push(what) : real(what, ms);"
                  "document.dispatchEvent(new Event('visibilitychange'))")  # fmt: skip
    page.evaluate("window.later.forEach((what) => what())")
    expect(page.locator("#heard-text")).to_have_text(re.compile("Last heard"))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
                  "document.dispatchEvent(new Event('visibilitychange'))")  # fmt: skip
    expect(page.locator("#heard-text")).to_have_text("Live")
