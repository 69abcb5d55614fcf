"""A real Chromium, pages that remember what went wrong in them, and the stand-in of the board."""

import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.page.mock import Mock

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
LIMIT_MS = 30000  # no test waits for it to run out; a slow machine needs many seconds now and then
expect.set_options(timeout=LIMIT_MS)


@pytest.fixture(scope="session")
def browser():
    if not os.path.exists(CHROMIUM):
        pytest.skip("Debian's chromium is missing")
    with sync_playwright() as playwright:
        # No sandbox: in a container there is none. Everything else as it comes.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visitor:
    """Opens pages and collects what no page may do: errors in the console, requests to anybody else."""

    def __init__(self, browser):
        self.problems = []
        self.allowed = None  # a regular expression of errors that a test provokes
        self.hosts = set()
        self._browser = browser
        self._contexts = []

    def open(self, url, width=1280, height=900, fragment="", **options):
        options = {"locale": "en-GB", "timezone_id": "Europe/Paris", "color_scheme": "light"} | options
        context = self._browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(LIMIT_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append("error: %s" % error))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))
        page.goto(url + ("#" + fragment if fragment else ""))
        return page

    def _heard(self, message) -> None:
        if message.type in ("error", "warning"):
            self.problems.append("%s: %s" % (message.type, message.text))

    def end(self) -> None:
        for context in self._contexts:
            context.close()
        left = [each for each in self.problems if self.allowed is None or not re.search(self.allowed, each)]
        assert not left, left
        assert len(self.hosts) <= 1, self.hosts


@pytest.fixture
def visitor(browser, mock):  # the mock outlives the pages, which would miss it
    visitor = Visitor(browser)
    yield visitor
    visitor.end()


@pytest.fixture
def mock():
    mock = Mock()
    yield mock
    mock.stop()


@pytest.fixture
def show(visitor, mock):
    """show(scene, ..) opens the page on a board in that situation and waits until it is filled."""

    def show(scene="healthy", **options):
        mock.scene = scene
        page = visitor.open(mock.url, **options)
        if options.get("fragment", "") == "":
            page.wait_for_selector("#verdict:not(:empty)")
        return page

    return show


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Where screenshots go: SOSIE_PICTURES, else a folder that pytest forgets."""
    folder = Path(os.environ.get("SOSIE_PICTURES") or tmp_path_factory.mktemp("pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
