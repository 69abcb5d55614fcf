"""Phone and large screen, light and dark, French: nothing scrolls sideways, axe finds nothing, pictures are taken."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from firmware.status.texts import fr
from tests.page.scenes import SCENES

STANDARDS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
             "resultTypes": ["violations"]}  # fmt: skip


def settle(page):
    """Until everything that comes later is there, and what moves into place has done so."""
    page.wait_for_selector("#charts canvas, #update h2", state="attached")
    page.wait_for_selector("#boards td, #settings label", state="attached")
    page.wait_for_timeout(300)


def violations(page) -> list:
    found = Axe().run(page, options=STANDARDS).response["violations"]
    return [(each["id"], node["target"], node["failureSummary"]) for each in found for node in each["nodes"]]


def sideways(page) -> list:
    """What makes the page wider than its window."""
    return page.evaluate("""() => {
      const width = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= width) return [];
      const wide = [...document.querySelectorAll("*")].filter((node) => node.getBoundingClientRect().right > width + 1);
      const told = (node) => node.tagName + " " + node.id + " " + node.textContent.slice(0, 40);
      return [document.documentElement.scrollWidth, ...wide.map(told)];
    }""")


def cut_off(page) -> list:
    """Texts of the drawing that leave it, are cut or meet another or a disk; elements whose text is wider than they."""
    return page.evaluate("""() => {
      const box = document.getElementById("pair").getBoundingClientRect(), found = [];
      for (const text of document.querySelectorAll("#pair text")) {
        const own = text.getBoundingClientRect();
        const inside = own.left > box.left - 1 && own.right < box.right + 1 && own.bottom < box.bottom + 1;
        if (own.width && (!inside || text.textContent.endsWith("…"))) found.push(text.textContent);
      }
      const drawn = [...document.querySelectorAll("#pair text, #pair .disk")];
      for (const text of drawn) for (const other of drawn) {
        const a = text.getBoundingClientRect(), b = other.getBoundingClientRect();
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        const meet = text !== other && text.textContent && across > 1 && down > 6;
        if (meet) found.push(text.textContent + " on " + (other.textContent || "a disk"));
      }
      for (const node of document.querySelectorAll("h1, h2, p, button, td, th, figcaption, nav a, label, li")) {
        const wide = node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 1;
        if (wide) found.push(node.textContent.trim().slice(0, 60));
      }
      return found;
    }""")


PHONE, DESK = (360, "dark", "fr-FR"), (1280, "light", "en-GB")
ON_A_DESK = ("healthy", "twin", "outage", "copying", "failed", "fenced")


@pytest.mark.parametrize("scene, width, look, locale", [(scene, *PHONE) for scene in SCENES]
                         + [(scene, *DESK) for scene in ON_A_DESK])  # fmt: skip
def test_every_situation(show, pictures, scene, width, look, locale):
    page = show(scene, width=width, color_scheme=look, locale=locale, reduced_motion="reduce")
    settle(page)
    assert sideways(page) == []
    assert cut_off(page) == []
    page.screenshot(path=pictures / ("%s-%d-%s.png" % (scene, width, look)), full_page=True)
    assert violations(page) == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_a_picture_of_a_twin_that_nobody_knows(show, mock, width, locale):
    mock.change = lambda status: status["link"].update(peer="")
    page = show("fenced", width=width, locale=locale, reduced_motion="reduce")
    settle(page)
    assert cut_off(page) == []


@pytest.mark.parametrize("width, look, locale", [(360, "light", "fr-FR"), (768, "dark", "en-GB")])
def test_managing(show, mock, pictures, width, look, locale):
    mock.channels = [{"id": "2", "kind": "push", "name": "alert_push", "to": "https://ntfy.example/a-topic-of-some-length",
                      "state": "failing", "sentence": "ntfy.example does not answer", "last_ms": None}]  # fmt: skip
    mock.update |= {"state": "ready to restart", "sentence": "0.3.0 is installed and waits for a restart"}
    page = show("twin", width=width, color_scheme=look, locale=locale, fragment="manage")
    settle(page)
    assert sideways(page) == []
    page.screenshot(path=pictures / ("manage-%d-%s.png" % (width, look)), full_page=True)
    assert violations(page) == []


@pytest.mark.parametrize("look", ["light", "dark"])
def test_dialogs_and_login(show, mock, pictures, look):
    page = show("lost_primary", width=360, height=740, color_scheme=look)
    settle(page)
    page.locator("#view-now [data-open=promote]").click()
    expect(page.locator("#promote-name")).to_be_focused()
    page.wait_for_timeout(300)
    page.screenshot(path=pictures / ("promote-360-%s.png" % look))
    assert sideways(page) == []
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("[data-open=mark]").first.click()
    expect(page.locator("#mark-name")).to_be_focused()
    assert violations(page) == []
    mock.look = "login"
    page = show("healthy", width=360, height=740, color_scheme=look, fragment="now")
    expect(page.locator("#login-form")).to_be_visible()
    page.screenshot(path=pictures / ("login-360-%s.png" % look))
    assert sideways(page) == []
    assert violations(page) == []


@pytest.mark.parametrize("locale, width", [("en-US", 1440), ("en-US", 320), ("fr-FR", 360)])
def test_the_command_for_the_password_stands_on_a_line_of_its_own(show, mock, locale, width):
    mock.look = "login"
    page = show("healthy", width=width, locale=locale, fragment="now")
    command = page.locator("#login-form code")
    expect(command).to_have_text(re.compile("^sosie pair show [A-Z]+ --password$"))
    assert command.bounding_box()["height"] < 30
    assert sideways(page) == []
    assert command.evaluate("node => node.scrollWidth") <= command.bounding_box()["width"] + 1


def test_an_old_page_looks_old_and_stays_readable(show, mock, visitor, pictures):
    visitor.allowed = "ERR_"
    page = show("healthy", width=390, height=844)
    settle(page)
    mock.stop()
    expect(page.locator("#lost")).to_be_visible(timeout=40000)
    page.wait_for_timeout(1000)  # it fades
    page.screenshot(path=pictures / "old-390-light.png")
    assert sideways(page) == []
    assert violations(page) == []
    heard = page.locator("#heard").bounding_box()
    assert heard["height"] < 32, heard  # a word beside the name, no box of its own


def test_light_and_dark_by_the_switch_and_kept(show):
    page = show("healthy", color_scheme="light")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.locator("select#look").select_option("dark")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    page.wait_for_selector("#verdict:not(:empty)")
    assert page.evaluate(ground) == dark
    page.locator("select#look").select_option("auto")
    assert page.evaluate(ground) == light
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-look", "dark")
    assert page.evaluate(ground) == dark


def test_french_by_the_browser_and_english_by_the_switch(show):
    page = show("outage", locale="fr-CA")
    expect(page.locator("#verdict")).to_have_text(fr.WORDS["verdict.no_link"].capitalize() + ".")
    expect(page.get_by_role("heading", name="La paire")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.get_by_label("Langue").select_option("en")
    expect(page.locator("#verdict")).to_have_text("Not mirrored.")
    expect(page.get_by_role("heading", name="The pair")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="The pair")).to_be_visible()


TEXTS_BESIDE = """() => {
  const write = CanvasRenderingContext2D.prototype.fillText;
  window.beside = [];
  window.written = [];
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...more) {
    const width = this.measureText(text).width, at = this.getTransform().e;
    const left = at + x - { center: width / 2, right: width, end: width }[this.textAlign] || 0;
    window.written.push(text);
    if (left < 0 || left + width > this.canvas.width) window.beside.push([text, left, width, this.canvas.width]);
    write.call(this, text, x, y, ...more);
  };
}"""


@pytest.mark.parametrize("locale", ["en-US", "en-GB", "fr-FR"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_time_leaves_a_chart(show, locale, width):
    """A clock of twelve hours has long times."""
    page = show("healthy", locale=locale, width=width, device_scale_factor=2)
    page.add_init_script("(%s)()" % TEXTS_BESIDE)
    page.clock.install(time=(time.time() // 3600 + 1) * 3600 + 8)  # so that an hour stands at the right edge
    page.reload()
    settle(page)
    assert len(page.evaluate("written")) > 6
    assert page.evaluate("beside") == []


def test_nothing_moves_where_no_motion_is_wanted(show):
    page = show("healthy", reduced_motion="reduce")
    page.wait_for_selector("#pair .flow", state="attached")
    assert page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("zoom_width", [320])
def test_four_hundred_percent(show, zoom_width):
    page = show("outage", width=zoom_width, height=256)
    settle(page)
    assert sideways(page) == []
