"""Agents, campaigns and rules in a real browser: the ledger is shown, and changes bind."""

import re
import sqlite3
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Panel
from tests.harness import PurserProcess

WIDTHS = (390, 768, 1440)
CALLS = (
    ("SEO", "Holiday 2026", "gpt-4o-mini"),
    ("SEO", "spring-launch", "gpt-4o"),
    ("CONTENT", "Holiday 2026", "gpt-4o-mini"),
    ("", "", "gpt-4o-mini"),
)


def call(
    purser: PurserProcess, agent: str, campaign: str, model: str = "gpt-4o-mini"
) -> httpx.Response:
    """One call through the proxy."""
    headers = {"authorization": "Bearer x"}
    if agent:
        headers |= {"X-Agent-Type": agent, "X-Campaign-Id": campaign}
    body = {
        "model": model,
        "max_tokens": 400,
        "messages": [{"role": "user", "content": "Write a page about garden chairs. " * 20}],
    }
    return httpx.post(
        f"{purser.url}/v1/chat/completions", json=body, headers=headers, trust_env=False, timeout=60
    )


def reason(answer: httpx.Response) -> str:
    """Why a call was refused."""
    assert answer.status_code == 429, answer.text
    return str(answer.json()["error"]["purser"]["reason"])


def rows(purser: PurserProcess, query: str) -> list[tuple[str, int]]:
    """What SQL says, asked past Purser."""
    (file,) = purser.deployment.folder.rglob("*.sqlite3")
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return [(str(name), int(nano)) for name, nano in connection.execute(query)]


def cents(nano: int) -> str:
    """An amount as it stands on the screen."""
    whole = (nano + 5_000_000) // 10_000_000
    return f"${whole // 100:,}.{whole % 100:02d}"


@pytest.fixture(scope="module")
def spent(served: PurserProcess) -> PurserProcess:
    """The deployment after some calls have reached its ledger."""
    for agent, campaign, model in CALLS * 2:
        assert call(served, agent, campaign, model).status_code == 200
    query = "SELECT 'all', COUNT(*) FROM billing_log WHERE status = 'settled'"
    served.wait_for(lambda: rows(served, query)[0][1] == 2 * len(CALLS), "the ledger")
    return served


def row(page: Page, name: str) -> Locator:
    """The row of a table that is named so."""
    return page.locator("tr").filter(has=page.get_by_role("rowheader", name=name))


def test_agents_are_the_ledger_to_the_cent(panel: Panel, spent: PurserProcess) -> None:
    page = panel.open("agents")
    sums = dict(rows(spent, "SELECT agent, SUM(charge_nano) FROM billing_log GROUP BY agent"))
    for agent, name in (("SEO", "SEO"), ("CONTENT", "Content"), ("unattributed", "Unattributed")):
        expect(row(page, name)).to_contain_text(cents(sums[agent]))
    expect(page.locator("tfoot").last).to_contain_text(cents(sum(sums.values())))
    page.get_by_text("Campaign", exact=True).first.click()
    page.get_by_role("link", name="spring-launch").click()
    expect(page).to_have_url(re.compile(r"campaign=spring-launch"))
    expect(row(page, "Content")).to_have_count(0)
    expect(row(page, "SEO")).to_be_visible()
    page.get_by_label("Remove filter Campaign spring-launch").click()
    expect(row(page, "Content")).to_be_visible()
    page.get_by_role("columnheader", name="Tokens").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"sort=-tokens"))
    expect(page.get_by_role("columnheader", name="Tokens")).to_have_attribute(
        "aria-sort", "descending"
    )
    assert panel.said == []


def test_a_drawer_opens_and_closes_by_keyboard_and_by_its_address(
    panel: Panel, spent: PurserProcess
) -> None:
    page = panel.open("agents")
    link = row(page, "SEO").get_by_role("link")
    link.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("spring-launch")
    expect(drawer).to_contain_text("gpt-4o")
    expect(page).to_have_url(f"{panel.url}agents?open=SEO")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page).to_have_url(f"{panel.url}agents")
    expect(link).to_be_focused()
    page.go_back()
    expect(page.get_by_role("dialog")).to_contain_text("Last calls")
    panel.open("agents?open=SEO")
    expect(page.get_by_role("dialog")).to_contain_text("Last calls")
    assert panel.said == []


def test_a_paused_campaign_has_its_next_call_refused(panel: Panel, spent: PurserProcess) -> None:
    page = panel.open("campaigns")
    total = dict(
        rows(spent, "SELECT campaign_folded, SUM(charge_nano) FROM billing_log GROUP BY 1")
    )
    expect(row(page, "spring-launch")).to_contain_text(cents(total["spring-launch"]))
    row(page, "spring-launch").get_by_role("link").click()
    page.get_by_role("button", name="Pause").click()
    asked = page.get_by_role("dialog").filter(has_text="Pause this campaign?")
    asked.get_by_label("Reason").fill("the launch is over")
    asked.get_by_role("button", name="Pause").click()
    expect(row(page, "spring-launch")).to_contain_text("paused")
    assert reason(call(spent, "SEO", "spring-launch")) == "campaign_paused"
    page.get_by_role("button", name="Activate").click()
    page.get_by_role("dialog").filter(has_text="Activate this").get_by_role(
        "button", name="Activate"
    ).click()
    expect(row(page, "spring-launch")).to_contain_text("active")
    assert call(spent, "SEO", "spring-launch").status_code == 200
    shown = spent.deployment.cli("audit", "show").stdout
    assert "the launch is over" in shown
    assert panel.said == []


def answer(page: Page, title: str, yes: str) -> None:
    asked = page.get_by_role("dialog").filter(has_text=title)
    asked.get_by_role("button", name=yes).click()
    expect(asked).to_be_hidden()


def test_a_limit_for_one_value_binds_the_next_call_and_is_lifted(
    panel: Panel, spent: PurserProcess
) -> None:
    page = panel.open("rules?open=per-campaign%2FHoliday 2026")
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("Limit", exact=True).fill("0.001")
    expect(drawer.get_by_role("status").first).to_contain_text("every further call is refused")
    drawer.get_by_label("Reason").fill("enough")
    drawer.get_by_role("button", name="Set limit").click()
    asked = page.get_by_role("dialog").filter(has_text="Lower the limit of")
    expect(asked).to_contain_text("every further call is refused")
    asked.get_by_role("button", name="Cancel").click()
    expect(asked).to_be_hidden()
    assert call(spent, "CONTENT", "Holiday 2026").status_code == 200
    drawer.get_by_role("button", name="Set limit").click()
    answer(page, "Lower the limit of", "Set to $0.001")
    expect(drawer.get_by_role("button", name="Remove override")).to_be_visible()
    assert reason(call(spent, "CONTENT", "Holiday 2026")) == "budget_exceeded"
    assert call(spent, "CONTENT", "another").status_code == 200
    drawer.get_by_role("button", name="Remove override").click()
    answer(page, "Remove the override of", "Remove override")
    expect(drawer.get_by_role("button", name="Remove override")).to_be_hidden()
    assert call(spent, "CONTENT", "Holiday 2026").status_code == 200
    assert panel.said == []


def test_a_limit_that_somebody_else_changed_is_not_overwritten(
    panel: Panel, spent: PurserProcess
) -> None:
    page = panel.open("rules?open=monthly")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("button", name="Set limit")).to_be_visible()
    other = panel.context.new_page()
    other.goto(f"{panel.url}rules?open=monthly")
    theirs = other.get_by_role("dialog")
    theirs.get_by_label("Limit", exact=True).fill("700")
    theirs.get_by_role("button", name="Set limit").click()
    answer(other, "Lower the limit of", "Set to $700.00")
    expect(theirs).to_contain_text("$700.00")
    expect(theirs.get_by_role("button", name="Remove override")).to_be_visible()
    other.close()
    drawer.get_by_label("Limit", exact=True).fill("900")
    drawer.get_by_role("button", name="Set limit").click()
    answer(page, "the limit of monthly", "Set to $900.00")
    expect(page.locator(".toast")).to_contain_text("Somebody was quicker")
    expect(drawer).to_contain_text("of $700.00")
    assert panel.said == []


def test_nothing_scrolls_sideways(panel: Panel, spent: PurserProcess) -> None:
    for path in ("agents?show=all", "campaigns", "rules"):
        page = panel.open(path)
        panel.settle()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            whole = page.evaluate("document.documentElement.scrollWidth")
            assert whole <= width, f"{path} is {whole} wide"
    assert panel.said == []
