"""Every section, also one that is yet to be written: readable by all, on any screen, quietly."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from dashboard.pages import PAGES
from tests.browser.conftest import Panel, watched
from tests.browser.looks import (
    WATCH_POLICY,
    axe_script,
    barriers,
    overflow_px,
    overlaps,
    refused_by_policy,
)
from tests.harness import PurserProcess

WIDTHS = {320: 700, 390: 844, 768: 1024, 1440: 900, 2560: 1440}
JUDGED = (1440, 390)
"""Where axe looks: the two shapes of the page."""


def looker(served: PurserProcess, browser: Browser) -> Panel:
    """A browser with axe in its pages, which stand still: no figure moves under it."""
    panel = watched(served, browser, reduced_motion="reduce")
    panel.context.add_init_script(WATCH_POLICY)
    panel.context.add_init_script(axe_script())
    return panel


@pytest.fixture(scope="module")
def seen(served: PurserProcess, browser: Browser) -> Iterator[Panel]:
    """One browser for all sections, logged in, as people use it."""
    panel = looker(served, browser)
    panel.log_in()
    panel.page.locator("#content > *").first.wait_for()
    yield panel
    panel.context.close()


def wrong_at(panel: Panel, name: str, *, judge: bool = True) -> list[str]:
    """What is wrong with what is shown, at all widths and in both themes."""
    page, wrong = panel.page, []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        if over := overflow_px(page):
            wrong.append(f"{name} at {width}: scrolls sideways by {over} px")
        wrong += [f"{name} at {width}: {one}" for one in overlaps(page)]
        if judge and width in JUDGED:
            wrong += [f"{name} at {width}: {one}" for one in barriers(page)]
    page.set_viewport_size({"width": 1440, "height": WIDTHS[1440]})
    if judge:
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        wrong += [f"{name} in light: {one}" for one in barriers(page)]
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
    return wrong


def test_the_login_is_open_to_all_on_any_screen(served: PurserProcess, browser: Browser) -> None:
    panel = looker(served, browser)
    panel.page.goto(f"{panel.url}login?why=expired")
    assert wrong_at(panel, "login") == []
    assert refused_by_policy(panel.page) == []
    assert panel.said == []
    panel.context.close()


@pytest.mark.parametrize("slug", [page.slug for page in PAGES])
def test_a_section_is_open_to_all_on_any_screen(seen: Panel, slug: str) -> None:
    title = next(page.title for page in PAGES if page.slug == slug)
    seen.page.locator(".nav-links").get_by_text(title, exact=True).click()
    expect(seen.page.locator("#heading")).to_have_text(title)
    seen.settle()
    assert wrong_at(seen, slug) == []
    assert refused_by_policy(seen.page) == []
    assert seen.said == []
    elsewhere = [one for one in seen.asked if not one.startswith((seen.purser.url, "data:"))]
    assert elsewhere == []
