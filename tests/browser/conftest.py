"""A real Purser with a real browser in front of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from tests.browser.install import executable
from tests.harness import PurserProcess
from tests.security.panel import CONFIG, PASSWORD, started

__all__ = ["CONFIG", "PASSWORD"]

SLOW_MS = 60_000
"""A machine that runs other tests beside these is slow, not wrong. For all files: a test that sets
Playwright's options for itself sets them for whatever comes after it."""
expect.set_options(timeout=SLOW_MS)

QUIET_TURNS = 2
TURN_MS = 150

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass
class Panel:
    """One deployment, and a page that is logged in. `said` is what the console complained of."""

    purser: PurserProcess
    context: BrowserContext
    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    awaited: set[Request] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The panel's address, with a slash at its end."""
        return f"{self.purser.url}/admin/budget/"

    def open(self, path: str = "") -> Page:
        """Show a section, and wait until it stands."""
        self.awaited.clear()
        self.page.goto(self.url + path)
        self.page.locator("#content > *").first.wait_for(state="attached")
        return self.page

    def settle(self) -> None:
        """Wait until nothing is awaited or outlined any more.

        A page that was loaded is "networkidle" from then on, whatever its sections ask later.
        """
        quiet, deadline = 0, monotonic() + SLOW_MS / 1000
        while quiet < QUIET_TURNS:
            assert monotonic() < deadline, f"still awaited: {[one.url for one in self.awaited]}"
            self.page.wait_for_timeout(TURN_MS)
            busy = self.awaited or self.page.locator("#content .skeleton").count()
            quiet = 0 if busy else quiet + 1

    def log_in(self, name: str = "admin", password: str = PASSWORD) -> None:
        """Through the real page."""
        self.page.goto(f"{self.url}login")
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        self.page.click("button")

    def client(self) -> httpx.Client:
        """A client with the session of the page, that asks as the page does."""
        jar = {one["name"]: one["value"] for one in self.context.cookies()}
        headers = {"origin": self.purser.url, "X-CSRFToken": jar.get("purser_csrf", "")}
        return httpx.Client(
            base_url=self.purser.url, cookies=jar, headers=headers, trust_env=False, timeout=60
        )


def watched(purser: PurserProcess, browser: Browser, **options: Any) -> Panel:
    """A fresh browser, not logged in yet."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}} | options)
    context.set_default_timeout(SLOW_MS)
    panel = Panel(purser, context, context.new_page())
    page = panel.page
    page.on("console", lambda m: panel.said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: panel.said.append(str(error)))
    page.on("request", lambda request: panel.asked.append(request.url))
    page.on("request", lambda one: None if one.url.startswith("data:") else panel.awaited.add(one))
    page.on("requestfinished", lambda one: panel.awaited.discard(one))
    page.on("requestfailed", lambda one: panel.awaited.discard(one))
    return panel


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PurserProcess]:
    """`purser serve` on the sandbox, one for the tests of a file."""
    with started(tmp_path_factory.mktemp("panel")) as process:
        yield process


@pytest.fixture
def guest(served: PurserProcess, browser: Browser) -> Iterator[Panel]:
    """A browser that is not logged in."""
    panel = watched(served, browser)
    yield panel
    panel.context.close()


@pytest.fixture
def panel(guest: Panel) -> Panel:
    """A browser with an admin logged in, on the overview."""
    guest.log_in()
    guest.page.locator("#content > *").first.wait_for(state="attached")
    return guest
