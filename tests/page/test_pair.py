"""The page of real boards: a pair as processes behind TLS and a login, its link in between to be cut."""

import random
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from firmware.status.texts import fr
from tests.page.test_looks import sideways, violations
from tests.process.boards import MIB
from tests.process.keyed import PASSWORD, KeyedPair
from tests.process.oracle import History
from tests.process.relay import Relay
from tests.process.writer import Writer

PROVOKED = r"401 \(|400 \(|net::ERR_"
LONG_MS = 60000


class LivePair(KeyedPair):
    """Its boards keep settings and a chronicle, and its link goes through a relay."""

    def __init__(self, folder: Path):
        super().__init__(folder, journal_size="256M")
        self.relay = Relay(self.port)
        for board in (self.left, self.right):
            own = folder / board.name
            board.write_conf(settings="%s.settings" % own, chronicle="%s.chronicle" % own)
        self.left.write_conf(peer="127.0.0.1:%d" % self.relay.port)
        self.introduce().start()
        self.wait_up()

    def cut(self) -> None:
        self.relay.open = False
        self.relay.cut()

    def mend(self) -> None:
        self.relay.open = True

    def end(self) -> None:
        super().end()
        self.relay.end()


@pytest.fixture
def pair(tmp_path):
    pair = LivePair(tmp_path)
    yield pair
    pair.end()


@pytest.fixture
def enter(visitor, pair):
    """enter(board, ..): its page, logged in."""
    visitor.allowed = PROVOKED

    def enter(board, **options):
        page = visitor.open("https://127.0.0.1:%d/" % board.web, ignore_https_errors=True, **options)
        page.set_default_timeout(LONG_MS)
        page.locator("#password").fill(board.password)
        page.keyboard.press("Enter")
        page.wait_for_selector("#verdict:not(:empty)")
        return page

    yield enter
    visitor.hosts = set()  # two boards are two hosts; that a page asks only its own is seen in the tests of one


def until(locator, text):
    expect(locator).to_have_text(text, timeout=LONG_MS)


def test_numbers_change_the_link_is_cut_and_returns(pair, enter, visitor, pictures):
    page = enter(pair.left)
    until(page.locator("#verdict"), "Safe.")
    until(page.locator("#boards thead th").nth(1), "right")
    # Short writes, or the journal may be full before all is seen: then nothing changes any more, and no flush ends.
    writer = Writer(pair.left, History(32 * MIB), random.Random(7), longest=1).start()
    expect(page.locator("#pair .flow")).to_have_count(2, timeout=LONG_MS)
    expect(page.locator("#pair-words")).to_contain_text(re.compile("iB/s"), timeout=LONG_MS)
    pair.cut()
    until(page.locator("#verdict"), "Not mirrored.")
    expect(page.locator("#loss-figure")).to_contain_text("The writes of the last", timeout=LONG_MS)
    before = page.locator("#loss-words").inner_text()
    expect(page.locator("#loss-words")).not_to_have_text(before, timeout=LONG_MS)
    expect(page.locator("#events")).to_contain_text("The link to right is lost", timeout=LONG_MS)
    writer.stop()
    expect(page.locator(".chart canvas")).to_have_count(3)
    page.screenshot(path=pictures / "live-cut.png", full_page=True)
    assert violations(page) == []
    pair.mend()
    until(page.locator("#verdict"), "Safe.")
    until(page.locator("#loss-figure"), "Nothing")
    assert visitor.hosts == {"127.0.0.1:%d" % pair.left.web}


def test_login_settings_marks_and_french(pair, visitor, pictures):
    visitor.allowed = PROVOKED
    page = visitor.open("https://127.0.0.1:%d/" % pair.left.web, ignore_https_errors=True, width=360, locale="fr-FR")
    page.set_default_timeout(LONG_MS)
    expect(page.locator("#login-form")).to_be_visible()
    page.locator("#password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.locator("#login-refusal")).not_to_be_empty(timeout=LONG_MS)
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="La paire")).to_be_visible()
    expect(page.locator("#sentence")).to_have_text(fr.WORDS["sentence.safe"], timeout=LONG_MS)
    page.get_by_role("link", name="Gérer").click()
    rate = page.locator("#setting-rate")
    rate.fill("nonsense")
    page.keyboard.press("Enter")
    expect(page.locator("#setting-rate-said")).to_have_class("refusal")
    rate.fill("20M")
    page.keyboard.press("Enter")
    expect(page.locator("#setting-rate-said")).to_have_class("done")
    page.locator("#view-manage [data-open=mark]").click()
    page.locator("#mark-name").fill("avant la mise à niveau")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("est posé")
    assert sideways(page) == []
    page.get_by_role("link", name="Aperçu").click()
    expect(page.locator("#pair-words")).to_contain_text("au plus 20", timeout=LONG_MS)
    expect(page.locator("#events")).to_contain_text("avant la mise à niveau", timeout=LONG_MS)
    page.screenshot(path=pictures / "live-360-fr.png", full_page=True)
    page.get_by_role("button", name="Déconnexion").click()
    expect(page.locator("#login-form")).to_be_visible()
    assert pair.left.status()["link"]["cap"] == 20000000


def test_a_site_burns_and_the_twin_is_promoted(pair, enter, pictures):
    page = enter(pair.right)
    until(page.locator("#verdict"), "Safe.")
    pair.left.kill()
    until(page.locator("#verdict"), "Not mirrored.")
    page.locator("#view-now [data-open=promote]").click()
    expect(page.locator("#promote-name")).to_be_focused()
    page.keyboard.type("right")
    page.keyboard.press("Enter")
    until(page.locator("#verdict"), "No twin.")
    expect(page.locator("#notice")).to_contain_text("right was promoted and serves its disk.")
    assert pair.right.status()["role"] == "primary"
    pair.left.start()
    old = enter(pair.left)
    until(old.locator("#verdict"), "Fenced.")
    assert violations(old) == []
    page.screenshot(path=pictures / "live-promoted.png", full_page=True)


def test_a_board_that_is_restarted_is_found_again(pair, enter):
    page = enter(pair.left)
    until(page.locator("#verdict"), "Safe.")
    pair.left.kill()
    expect(page.locator("#lost")).to_be_visible(timeout=LONG_MS)
    pair.left.start()
    expect(page.locator("#lost")).to_be_hidden(timeout=LONG_MS)
