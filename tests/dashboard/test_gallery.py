"""The pieces in a real browser: nothing wider than the narrowest phone, no error in the console."""

import dash_ag_grid as dag
import pytest
from playwright.async_api import async_playwright

from tests.dashboard.gallery import CHROMIUM, serve


@pytest.mark.parametrize("page", ["overview", "pieces"])
async def test_everything_fits_a_narrow_phone(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The panel, where this process has it too, fetches the grid by a script of its own.
    for bundle in dag.AgGrid._js_dist:
        if bundle["relative_package_path"] == "dash_ag_grid.min.js" and "async" in bundle:
            monkeypatch.delitem(bundle, "async")
    server, task, address = await serve("dark", page)
    errors: list[str] = []
    async with async_playwright() as play:
        browser = await play.chromium.launch(**CHROMIUM)
        tab = await browser.new_page(viewport={"width": 320, "height": 800})
        tab.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        await tab.goto(address)
        # Every piece in every state: seconds of work for a browser, many on a busy machine.
        await tab.locator(".page .glass").last.wait_for(timeout=120_000)
        wider = await tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        styled = await tab.evaluate("document.querySelectorAll('.icon').length")
        await browser.close()
    server.should_exit = True
    await task
    assert (wider, errors) == (0, [])
    assert styled > 10
