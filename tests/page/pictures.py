"""The pictures of the page in the README: python -m tests.page.pictures [FOLDER]"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.page.conftest import CHROMIUM
from tests.page.mock import Mock

FOLDER = Path(__file__).resolve().parents[2] / "board/pictures"
# name, scene, width, height, look, what is clicked
PICTURES = [
    ("page.png", "healthy", 1100, 960, "light", None),
    ("page-outage.png", "outage", 390, 844, "dark", None),
    ("page-promote.png", "lost_primary", 390, 844, "light", "#view-now [data-open=promote]"),
]


def take(browser, mock, folder, name, scene, width, height, look, click) -> None:
    mock.scene = scene
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=look, locale="en-GB", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(mock.url)
    page.wait_for_selector(".chart canvas", state="attached")
    page.wait_for_timeout(2500)  # rates are known after a while
    if click:
        page.locator(click).click()
        page.locator("#promote-name").fill("right")
    page.wait_for_timeout(300)
    page.screenshot(path=folder / name)
    context.close()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    mock = Mock()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for picture in PICTURES:
            take(browser, mock, folder, *picture)
        browser.close()
    mock.stop()


if __name__ == "__main__":
    main()
