"""The first load is light, and a page that stands hardly asks for anything."""

from typing import Any

from playwright.sync_api import Browser, expect

from tests.browser.conftest import watched
from tests.harness import PurserProcess

FIRST_LOAD_BYTES = 1_000_000


def test_a_first_load_is_light_and_the_next_one_lighter(
    served: PurserProcess, browser: Browser
) -> None:
    panel = watched(served, browser)
    panel.log_in()
    expect(panel.page.locator("#heading")).to_have_text("Overview")
    panel.settle()
    state: Any = panel.context.storage_state()
    panel.context.close()

    panel = watched(served, browser, storage_state=state)
    talk = panel.context.new_cdp_session(panel.page)
    sizes: list[float] = []
    talk.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    talk.send("Network.enable")
    panel.open()
    # What the browser fetches when it is idle counts too.
    expect(panel.page.locator(".js-plotly-plot .main-svg").first).to_be_attached()
    panel.settle()
    first, sizes[:] = sum(sizes), []
    print(f"first load: {first:,.0f} bytes")
    assert first < FIRST_LOAD_BYTES
    assert not any("ag_grid" in url for url in panel.asked)
    panel.page.reload()
    expect(panel.page.locator(".js-plotly-plot .main-svg").first).to_be_attached()
    panel.settle()
    assert sum(sizes) < first / 5
    # Figures and chart are there before any of Dash's scripts.
    panel.context.route("**/_dash-component-suites/**", lambda route: route.abort())
    panel.page.reload(wait_until="commit")
    expect(panel.page.locator(".still .card .figure").first).to_have_text("$1,000.00")
    expect(panel.page.locator(".still .quick-chart")).to_be_visible()
    expect(panel.page.locator("#content")).to_have_count(0)
    panel.context.close()
