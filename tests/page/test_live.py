"""What is shown says how old it is; a board that is gone comes back by itself; logging in and out."""

import re

from playwright.sync_api import expect

from tests.page.mock import PASSWORD

REFUSED = r"net::ERR_|401 \("
HEARD = """['heard-text', 'as-of', 'lost'].map((id) => document.getElementById(id))
           .map((node) => (node.hidden ? null : node.innerText))"""


def test_silence_is_told_at_once_and_plainly(show, mock):
    page = show("healthy")
    expect(page.locator("#heard-text")).to_have_text("Live")
    mock.silent = True
    heard = ""
    while not heard.startswith("Last heard"):
        page.wait_for_timeout(20)
        heard, as_of, lost = page.evaluate(HEARD)  # of one moment: some seconds later the board counts as gone
    assert re.fullmatch(r"Last heard \d.s ago", heard)
    assert re.match(r"As it was at \d\d:\d\d:\d\d:", as_of) and lost is None
    mock.silent = False
    expect(page.locator("#heard-text")).to_have_text("Live")
    expect(page.locator("#as-of")).to_be_hidden()


def test_a_board_that_is_gone_and_returns(show, mock, visitor):
    visitor.allowed = REFUSED
    page = show("healthy")
    mock.stop()
    expect(page.locator("#lost")).to_have_text(re.compile("left is not reached"), timeout=40000)
    expect(page.locator("#verdict")).to_have_text("Safe.")
    expect(page).to_have_title("left · Sosie")
    expect(page.locator("body")).to_have_class(re.compile(r"\bstale\b"))
    mock.scene = "behind"
    mock.start()
    expect(page.locator("#verdict")).to_have_text("Behind.", timeout=40000)
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
    expect(page.locator("#login-form")).to_be_visible(timeout=40000)
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
    expect(page.locator("#verdict")).to_be_hidden()


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


def hide(page):
    """Somebody looks at another tab, for so long that the stream is closed."""
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
                  "window.later = []; const real = setTimeout; window.setTimeout = (what, ms) => ms === 10000 ?"
                  " window.later.push(what) : real(what, ms);"
                  "document.dispatchEvent(new Event('visibilitychange'))")  # fmt: skip
    page.evaluate("window.later.forEach((what) => what())")


def look_again(page):
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true});"
                  "document.dispatchEvent(new Event('visibilitychange'))")  # fmt: skip


def test_the_stream_stops_for_a_page_that_nobody_sees(show, mock):
    """What it costs the board: nothing. Chromium's clock is turned, not waited for."""
    page = show("healthy", reduced_motion="reduce")
    hide(page)
    expect(page.locator("#heard-text")).to_have_text(re.compile("Last heard"))
    look_again(page)
    expect(page.locator("#heard-text")).to_have_text("Live")


def shown(page, *sentences):
    """Each stands in the list, and once."""
    for sentence in sentences:
        expect(page.locator("#events .entry", has_text=sentence)).to_have_count(1)


def test_what_happened_while_nobody_saw_the_page(show, mock):
    page = show("healthy")
    shown(page, "The rate is 2M")
    hide(page)
    mock.happen("somebody pulled the cable")
    look_again(page)
    shown(page, "Somebody pulled the cable", "The rate is 2M")
    mock.happen("the link to right is up again")
    shown(page, "The link to right is up again", "Somebody pulled the cable")


def test_what_happened_while_the_network_was_gone(show, mock, visitor):
    visitor.allowed = REFUSED
    page = show("healthy")
    shown(page, "The rate is 2M")
    mock.stop()
    mock.happen("somebody pulled the cable")
    mock.start()
    expect(page.locator("#events .entry").first).to_contain_text("Somebody pulled the cable", timeout=40000)
    shown(page, "Somebody pulled the cable", "The rate is 2M")


def test_what_happens_while_the_list_is_on_its_way(show, mock):
    """The list was made before it, the stream tells of it before the list comes; then both know of another."""
    page = show("healthy")
    shown(page, "The rate is 2M")
    hide(page)
    mock.happen("somebody pulled the cable")
    late = []
    page.route("**/api/events*", lambda route: late.append((route, route.fetch())))
    with page.expect_request("**/api/events*"):
        look_again(page)
    while not late:
        page.wait_for_timeout(20)
    mock.happen("the link to right is up again")
    shown(page, "The link to right is up again")
    late[0][0].fulfill(response=late[0][1])
    shown(page, "Somebody pulled the cable", "The link to right is up again")
    page.unroute("**/api/events*")
    hide(page)
    look_again(page)
    mock.happen("right is safe")
    shown(page, "Right is safe", "Somebody pulled the cable", "The link to right is up again")


def test_a_list_that_is_refused_is_asked_for_again(show, mock, visitor):
    visitor.allowed = r"503 \("
    page = show("healthy")
    shown(page, "The rate is 2M")
    hide(page)
    mock.happen("somebody pulled the cable")
    mock.answers["GET", "/api/events"] = (503, {"error": "the board is busy"})
    with page.expect_response("**/api/events*"):
        look_again(page)
    del mock.answers["GET", "/api/events"]
    shown(page, "Somebody pulled the cable", "The rate is 2M")
