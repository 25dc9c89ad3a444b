"""Photographs of every section at three widths: `python -m tests.browser.shots [slug …]`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from dashboard.pages import PAGES
from tests.browser.conftest import CONFIG, FLAGS, PASSWORD, watched
from tests.browser.install import executable
from tests.harness import ROOT, Deployment

FOLDER = ROOT / "docs" / "panel"
WIDTHS = {1440: 900, 768: 1024, 390: 844}
QUALITY = 80
HEIGHT_MAX = 4000


def main(wanted: list[str]) -> None:
    """Start a Purser on the sandbox, log in, and go round."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        deployment = Deployment(Path(folder), CONFIG, env={"PURSER_ADMIN_PASSWORD": PASSWORD})
        browser = play.chromium.launch(executable_path=executable(), args=FLAGS)
        with deployment.start("serve", measured=False) as purser:
            for width, height in WIDTHS.items():
                panel = watched(purser, browser, viewport={"width": width, "height": height})
                panel.page.goto(f"{panel.url}login")
                panel.page.screenshot(path=FOLDER / f"login-{width}.jpg", quality=QUALITY)
                panel.log_in()
                panel.page.locator("#content > *").first.wait_for()
                for page in PAGES:
                    if wanted and page.slug not in wanted:
                        continue
                    panel.page.set_viewport_size({"width": width, "height": height})
                    panel.open("" if page.slug == "overview" else page.slug)
                    panel.page.wait_for_load_state("networkidle")
                    # The whole height by the viewport: a full-page picture cuts the sky off.
                    whole = panel.page.evaluate("document.documentElement.scrollHeight")
                    tall = min(max(int(whole), height), HEIGHT_MAX)
                    panel.page.set_viewport_size({"width": width, "height": tall})
                    panel.page.screenshot(path=FOLDER / f"{page.slug}-{width}.jpg", quality=QUALITY)
                panel.context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
