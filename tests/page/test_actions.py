"""What may be done: nothing by one careless touch, everything by the keyboard, every refusal where it belongs."""

import re
from contextlib import contextmanager

from playwright.sync_api import expect

from tests.page import scenes
from tests.page.mock import PASSWORD, TOKEN

REFUSED = r"40[019] \("
LOOKS = re.compile(r"/api/update\?")


@contextmanager
def unanswered(page):
    """Meanwhile the page is not told what the board does with an update, so that its line stays as a click left it."""
    held = []
    page.route(LOOKS, lambda route: held.append(route) if route.request.method == "GET" else route.continue_())
    while not held:  # the page looks again when the look before was answered: from now on there is none
        page.wait_for_timeout(20)
    yield
    held.pop().continue_()
    page.unroute(LOOKS)


def test_a_promotion_says_what_it_means_and_wants_the_name(show, mock):
    page = show("lost_primary")
    page.locator("#view-now").get_by_role("button", name="Promote this board").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("From then on right takes the server's writes")
    expect(dialog).to_contain_text("left takes no more writes once it meets right again; this cannot be taken back")
    send = dialog.get_by_role("button", name="Promote right")
    expect(send).to_be_disabled()
    dialog.get_by_role("textbox").fill("left")
    expect(send).to_be_disabled()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert mock.posts == []
    page.locator("#view-now").get_by_role("button", name="Promote this board").click()
    expect(dialog.get_by_role("textbox")).to_have_value("")
    dialog.get_by_role("textbox").fill("right")
    send.click()
    expect(page.locator("#verdict")).to_have_text("No twin.")
    expect(page.locator("#notice")).to_contain_text("3 groups that the other board wrote never arrived")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#notice")).to_be_empty()
    assert mock.posts == [("/api/promote", {"force": True}, None)]
    expect(page.locator("#view-now").get_by_role("button", name="Promote this board")).to_be_hidden()


def test_a_promotion_names_what_the_board_knows_to_lack(show, mock):
    mock.change = lambda status: status.update(missing_groups=12)
    page = show("lost_primary")
    page.locator("#view-now [data-open=promote]").click()
    expect(page.get_by_role("dialog")).to_contain_text("At least 12 groups that left had told of are not here.")


def test_a_promotion_while_the_other_board_is_there_says_so(show):
    page = show("twin")
    expect(page.locator("#view-now [data-open=promote]")).to_be_hidden()
    page.get_by_role("link", name="Manage").click()
    page.locator("#view-manage [data-open=promote]").click()
    expect(page.get_by_role("dialog")).to_contain_text("left is reached right now: it is not lost.")


def test_a_refused_promotion_stays_open_and_says_why(show, mock, visitor):
    visitor.allowed = REFUSED
    mock.answers["POST", "/api/promote"] = (409, {"error": "right holds only a part of the disk yet"})
    page = show("lost_primary")
    page.locator("#view-now [data-open=promote]").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("right")
    page.keyboard.press("Enter")
    expect(page.locator("#promote-refusal")).to_have_text("Right holds only a part of the disk yet.")


def test_a_primary_offers_no_promotion(show):
    page = show("healthy")
    expect(page.get_by_role("button", name="Promote this board")).to_have_count(0)


def test_the_token_of_the_session_goes_with_every_action(show, mock):
    mock.look, mock.logged_in = "login", True
    page = show("healthy")
    page.get_by_role("button", name="Set a mark").first.click()
    page.get_by_role("dialog").get_by_role("textbox").fill("before the upgrade")
    page.keyboard.press("Enter")
    expect(page.locator("#notice p")).to_have_text("The mark before the upgrade is set.")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert mock.posts == [("/api/mark", {"name": "before the upgrade"}, TOKEN)]


def test_a_button_that_is_touched_at_once_works_a_moment_later(show):
    page = show("healthy")
    page.evaluate("document.querySelector('[data-open=mark]').click()")
    expect(page.locator("#mark-name")).to_be_focused()


def test_who_is_not_logged_in_is_asked_first(show, mock):
    mock.look = "anyone"
    page = show("lost_primary")
    page.locator("#view-now [data-open=promote]").click()
    expect(page.locator("#login-form")).to_be_visible()
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_be_visible()


def test_a_setting_is_saved_and_a_refusal_stands_at_its_field(show, mock, visitor):
    visitor.allowed = REFUSED
    page = show("healthy", fragment="settings")
    field = page.get_by_label("Cap of the link", exact=True)
    save = page.get_by_role("button", name="Save: Cap of the link")
    expect(field).to_have_value("20M")
    expect(save).to_be_disabled()  # in sight, so that it is known before anything is typed
    field.fill("nonsense")
    save.click()
    said = page.locator("#setting-rate-said")
    expect(said).to_have_text("This is not a rate; write for example 2M.")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert field.get_attribute("aria-describedby").split()[-1] == "setting-rate-said"
    field.fill("2M 08:00-19:00, 0")
    page.keyboard.press("Enter")
    expect(said).to_have_text("Saved; it counts from now on.")
    expect(save).to_be_disabled()
    assert mock.settings["rate"] == "2M 08:00-19:00, 0"


def test_alerts_are_tried_by_a_button(show, mock):
    mock.channels = [
        scenes.receiver("mail", "me@example.org", "ok", last_ms=1767258000000),
        scenes.receiver("push", "https://ntfy.example/...", "failing", "ntfy.example does not answer"),
    ]
    page = show("healthy", fragment="alerts")
    expect(page.locator("#channels li")).to_have_count(2)
    expect(page.locator("#channels")).to_contain_text("ntfy.example does not answer")
    page.get_by_role("button", name="Send a test").click()
    outcome = page.locator("#channels [role=status] li")
    expect(outcome).to_have_text([each["sentence"] + "." for each in scenes.tested()])  # addresses as they are
    assert [each.get_attribute("class") for each in outcome.all()] == ["done", "refusal"]
    assert mock.posts == [("/api/alerts/test", {}, None)]


def test_a_receiver_that_was_saved_is_there_to_be_tried(show):
    page = show("healthy", fragment="alerts")
    expect(page.locator("#channels")).to_have_text("Nobody is told. Fill in one of the settings below.")
    page.locator("#setting-alert_webhook").fill("http://127.0.0.1:9000/alerts")
    page.get_by_role("button", name="Save: Alerts to a webhook").click()
    expect(page.locator("#channels li")).to_have_text(re.compile("http://127.0.0.1:9000/alerts"))
    expect(page.get_by_role("button", name="Send a test")).to_be_visible()
    expect(page.locator("#setting-alert_webhook")).to_be_focused()
    expect(page.locator("#setting-alert_webhook-said")).to_have_text("Saved; it counts from now on.")


def test_an_update_goes_up_whole_and_the_restart_takes_two_steps(show, mock, tmp_path):
    file = tmp_path / "sosie.raucb"
    with file.open("wb") as sparse:
        sparse.truncate(48 << 20)
    page = show("healthy", fragment="update")
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("Choose the update file first.")).to_be_visible()
    page.get_by_label("Update file").set_input_files(file)
    with unanswered(page):
        page.get_by_role("button", name="Send it").click()
        expect(page.get_by_text("The update was received whole and is being checked.")).to_be_visible(timeout=40000)
    assert mock.uploaded == 48 << 20
    mock.update |= {"state": "ready to restart", "sentence": "0.3.0 is installed and waits for a restart"}
    restart = page.locator("#update").get_by_role("button", name=re.compile("Restart"))
    expect(restart).to_be_visible()
    with unanswered(page):
        restart.click()
        expect(restart).to_have_text(re.compile("without its disk for half a minute"))
        assert mock.posts == []
        restart.click()
        expect(page.get_by_text("The board restarts into the update.")).to_be_visible()
    assert mock.posts == [("/api/update/restart", {}, None)]


def test_a_board_that_takes_no_updates_has_no_such_part(show, mock, visitor):
    visitor.allowed = r"404 \("
    mock.answers["GET", "/api/update"] = (404, {"error": "this board takes no updates here"})
    page = show("healthy", fragment="manage")
    expect(page.locator("#settings")).to_be_visible()
    expect(page.locator("#update")).to_be_hidden()


def test_everything_by_the_keyboard_alone(show, mock):
    page = show("lost_primary")
    expect(page.locator("#charts canvas").first).to_be_attached()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.open || document.activeElement.id || "
                                     "document.activeElement.getAttribute('href')"))  # fmt: skip
        if reached[-1] == "promote":
            break
    assert reached[-1] == "promote", reached
    page.keyboard.press("Enter")
    expect(page.locator("#promote-name")).to_be_focused()
    page.keyboard.type("right")
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_have_text("No twin.")
    expect(page.get_by_role("dialog")).to_be_hidden()  # the stream may tell of it before the answer comes
    page.locator("input[name=span]").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("input[value=week]")).to_be_checked()
