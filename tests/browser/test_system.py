"""Rate card, settings, saved views and keys, in a real browser."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from config.money import usd_text
from tests.browser.conftest import Panel, watched
from tests.harness import PurserProcess

WIDTHS = (1440, 768, 390)


def settings(panel: Panel) -> Page:
    page = panel.open("settings")
    expect(page.locator("#settings-lists .panel").first).to_be_visible()
    return page


def add_user(page: Page, name: str) -> str:
    """Through the form; the password as it is shown once."""
    page.fill("#settings-name", name)
    page.click("#settings-add")
    return page.locator(".secret code").inner_text()


def test_a_user_that_was_added_logs_in_as_viewer_and_changes_nothing(
    served: PurserProcess, panel: Panel
) -> None:
    page = settings(panel)
    password = add_user(page, "vera")
    row = page.locator("#settings-users tr", has_text="vera")
    expect(row).to_contain_text("viewer")

    vera = watched(served, panel.context.browser)  # type: ignore[arg-type]
    vera.log_in("vera", password)
    expect(vera.page.locator("#heading")).to_have_text("Overview")
    theirs = settings(vera)
    expect(theirs.locator("#settings-users")).to_have_count(0)
    expect(theirs.locator("#settings-add")).to_have_count(0)
    # The same request by hand: the server refuses, whatever the page shows.
    wanted = {"type": "settings-do", "what": "user-enable", "of": "vera"}
    with vera.client() as client:
        body = {
            "output": "..settings-ask.opened@x..", "outputs": [], "inputs": [
                [{"id": wanted, "property": "n_clicks", "value": 1}]],
        }  # fmt: skip
        answer = client.post("/admin/budget/_dash-update-component", json=body)
        assert answer.status_code < 500

    # Her session is ended here: she is led to the login.
    page.reload()
    page.get_by_role("region", name="Others' sessions").get_by_text("End").click()
    expect(page.get_by_text("Nobody else is logged in")).to_be_visible()
    vera.page.locator(".nav-links").get_by_text("Agents", exact=True).click()
    expect(vera.page.locator("#password")).to_be_visible()
    vera.context.close()

    row.get_by_role("button", name="Disable").click()
    expect(page.locator("#settings-ask-text")).to_contain_text("may not log in")
    page.get_by_role("button", name="Disable vera").click()
    expect(row).to_contain_text("disabled")
    expect(page.get_by_role("button", name="Make viewer")).to_be_disabled()
    assert panel.said == []


def test_a_saved_view_gives_the_same_view(panel: Panel) -> None:
    page = panel.open("campaigns?period=7d&agent=SEO")
    page.keyboard.press("v")
    page.fill("#views-name", "SEO, a week")
    page.click("#views-save")
    saved = page.locator("#views-list").get_by_text("SEO, a week")
    expect(saved).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.locator("#heading")).to_have_text("Health")
    page.locator("#views-button").click()
    page.locator("#views-list").get_by_text("SEO, a week").click()
    expect(page).to_have_url(f"{panel.url}campaigns?period=7d&agent=SEO")
    expect(page.locator("#heading")).to_have_text("Campaigns")

    page = settings(panel)
    row = page.locator("tr", has_text="SEO, a week")
    row.get_by_role("button", name="Rename").click()
    page.fill("#settings-entry", "SEO")
    page.click("#settings-yes")
    expect(page.locator("#settings-lists").get_by_role("link", name="SEO")).to_have_attribute(
        "href", "/admin/budget/campaigns?period=7d&agent=SEO"
    )
    assert panel.said == []


def go(page: Page, key: str, title: str) -> None:
    """By the keyboard. A busy machine may take longer between two keys than a person would."""
    for tries in range(5, 0, -1):
        page.keyboard.press("g")
        page.keyboard.press(key)
        try:
            expect(page.locator("#heading")).to_have_text(title, timeout=20_000)
            return
        except AssertionError:
            if tries == 1:
                raise


def test_keys_lead_everywhere_and_never_fire_while_one_types(panel: Panel) -> None:
    page = panel.page
    page.keyboard.press("?")
    expect(page.locator("#keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keyboard")).to_be_hidden()
    go(page, "r", "Rate card")
    page.keyboard.press("/")
    expect(page.locator("#rates-find")).to_be_focused()
    page.keyboard.type("gpt-4o tp?")
    expect(page.locator("#rates-find")).to_have_value("gpt-4o tp?")
    expect(page.locator("#keyboard")).to_be_hidden()
    expect(page.locator("#live-text")).to_have_text("Live")
    page.locator("#rates-find").fill("gpt-4o-mini")
    expect(page).to_have_url(f"{panel.url}rates?model=gpt-4o-mini")
    expect(page.locator("#rates-table")).to_contain_text("$0.15")
    page.get_by_role("button", name="gpt-4o-mini Chat", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("For a million tokens")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.locator("#heading").click()
    page.keyboard.press("p")
    expect(page.locator("#live-text")).to_have_text("Paused")
    page.keyboard.press("t")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    go(page, "a", "Agents")
    page.keyboard.press("[")
    expect(page).to_have_url(re.compile(r"agents\?from=\d{4}-\d\d-01&to="))
    page.keyboard.press("]")
    expect(page).to_have_url(f"{panel.url}agents")
    assert panel.said == []


def test_the_calculator_equals_what_a_call_is_charged(served: PurserProcess, panel: Panel) -> None:
    body = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "How much?"}],
        "max_tokens": 50,
    }
    path, agent = f"{served.url}/v1/chat/completions", {"X-Agent-Type": "SEO"}
    answer = httpx.post(path, json=body, headers=agent, trust_env=False, timeout=60)
    usage, cost = answer.json()["usage"], answer.headers["X-Purser-Cost-USD"]
    tokens = usage["total_tokens"]
    page = panel.open("rates")
    page.locator("#rates-agent").click()
    page.get_by_role("option", name="SEO").click()
    page.fill("#rates-input", str(usage["prompt_tokens"]))
    page.fill("#rates-output", str(usage["completion_tokens"]))
    expect(page.locator("#rates-answer")).to_contain_text(f"{tokens:,} tokens at $0.03 per 1K")
    expect(page.locator(".charge-on .figure")).to_have_text(f"${cost}")
    assert usd_text(tokens * 30_000) == cost


AWAY = {"error": {"message": "The panel cannot say who you are now: SQL does not answer."}}


@pytest.mark.parametrize("section", ["health", "rates"])
def test_what_stands_says_since_when_it_is_stale_and_goes_on(panel: Panel, section: str) -> None:
    page = panel.open(section)
    page.wait_for_load_state("networkidle")
    told = page.locator("#away")
    expect(told).to_be_hidden()
    questions = re.compile("_dash-update-component|shell.css")
    page.route(questions, lambda route: route.fulfill(status=503, json=AWAY))
    if section == "rates":
        page.fill("#rates-input", "77")
    expect(told).to_contain_text(
        re.compile(r"^Stale since \d\d:\d\d:\d\d UTC: SQL does not answer")
    )
    expect(page.locator("html")).to_have_class(re.compile("stale"))
    page.unroute(questions)
    expect(told).to_be_hidden()
    expect(page.locator("html")).not_to_have_class(re.compile("stale"))
    # The browser itself complains of each question that failed.
    assert all(re.search("503|SQL does not answer", line) for line in panel.said), panel.said


def test_every_section_fits_every_width(panel: Panel) -> None:
    for section in ("rates", "alerts", "health", "settings"):
        page = panel.open(section)
        expect(page.locator("#content .glass").first).to_be_visible()
        panel.settle()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, (section, width)
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#views-button").click()
    menu = page.locator(".views-menu").bounding_box()
    assert menu
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= 390
    assert panel.said == []
