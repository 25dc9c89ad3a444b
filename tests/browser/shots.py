"""Pictures of every section at three widths: `python -m tests.browser.shots [slug …]`.

A Purser of its own is filled with the demo's history of two months, the same on every day of a
month; what is there is shown at its whole height, as far as a reader would scroll.
"""

import base64
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from playwright.sync_api import TimeoutError as TookTooLong

from app.demo.purser import FOLDER as DEMO
from dashboard.pages import PAGES
from tests.browser.conftest import FLAGS, PASSWORD, Panel, watched
from tests.browser.install import executable
from tests.harness import ROOT, Deployment

FOLDER = ROOT / "docs" / "panel"
WIDTHS = {1440: 900, 768: 1024, 390: 844}
MONTHS, SEED = 2, 7
QUALITY = 70
HEIGHT_MAX = 3000
FILL_S_MAX = 600.0
SETTLED_MS = 5_000
BYTES_MAX = 3_000_000


def main(wanted: list[str]) -> None:
    """Fill a Purser, log in, and go round."""
    began = time.monotonic()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        deployment = _filled(Path(folder))
        browser = play.chromium.launch(executable_path=executable(), args=FLAGS)
        with deployment.start("serve", measured=False) as purser:
            for width, height in WIDTHS.items():
                panel = watched(
                    purser,
                    browser,
                    viewport={"width": width, "height": height},
                    reduced_motion="reduce",
                )
                _go_round(panel, width, height, wanted)
                panel.context.close()
        browser.close()
    total = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{total / 1e6:.1f} MB in {FOLDER}, after {time.monotonic() - began:.0f} s")
    if total > BYTES_MAX:
        raise SystemExit(f"more than {BYTES_MAX / 1e6:.0f} MB: lower QUALITY")


def _filled(folder: Path) -> Deployment:
    deployment = Deployment(folder, env={"PURSER_ADMIN_PASSWORD": PASSWORD})
    try:
        made = deployment.cli(
            "demo", "--months", str(MONTHS), "--seed", str(SEED), seconds=FILL_S_MAX
        )
    finally:
        deployment.end_engines()
    if made.returncode:
        raise SystemExit(f"the demo's history could not be made:\n{made.stdout}{made.stderr}")
    demo = deployment.data_dir / DEMO
    deployment.env |= {"PURSER_CONFIG": str(demo / "purser.yaml"), "PURSER_DATA_DIR": str(demo)}
    return deployment


def _go_round(panel: Panel, width: int, height: int, wanted: list[str]) -> None:
    panel.page.goto(f"{panel.url}login")
    if not wanted:
        _shoot(panel.page, f"login-{width}")
    panel.log_in()
    panel.page.locator("#content > *").first.wait_for()
    for page in PAGES:
        if wanted and page.slug not in wanted:
            continue
        panel.page.set_viewport_size({"width": width, "height": height})
        panel.open("" if page.slug == "overview" else page.slug)
        _settle(panel.page)
        # The whole height by the viewport: a full-page picture cuts the sky off.
        whole = int(panel.page.evaluate("document.documentElement.scrollHeight"))
        panel.page.set_viewport_size({"width": width, "height": min(whole, HEIGHT_MAX)})
        _settle(panel.page)
        _shoot(panel.page, f"{page.slug}-{width}")


def _settle(page: Page) -> None:
    """Until nothing is on its way; a section that always asks is taken as it stands."""
    try:
        page.wait_for_load_state("networkidle", timeout=SETTLED_MS)
    except TookTooLong:
        print(f"still busy: {page.url}")


def _shoot(page: Page, name: str) -> None:
    """As WebP, which Chromium writes and Playwright does not know: a fifth of a PNG."""
    talk = page.context.new_cdp_session(page)
    taken = talk.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    (FOLDER / f"{name}.webp").write_bytes(base64.b64decode(taken["data"]))
    talk.detach()


if __name__ == "__main__":
    main(sys.argv[1:])
