"""Transactions, keys and the audit log in a real browser, against SQL and the proxy itself."""

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from config.money import usd_text
from tests.browser.conftest import CONFIG, PASSWORD, Panel, watched
from tests.harness import Deployment, PurserProcess

CALLBACK = "/admin/budget/_dash-update-component"
AGENT_KEY: dict[str, str] = {}
"""The secret that the tests' own agent calls with."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PurserProcess]:
    """A Purser that wants keys, with a few calls in its books."""
    folder: Path = tmp_path_factory.mktemp("feed")
    config = {**CONFIG, "auth": {"proxy": "keys"}}
    deployment = Deployment(folder, config, env={"PURSER_ADMIN_PASSWORD": PASSWORD})
    with deployment.start("serve") as process:
        made = deployment.cli("keys", "create", "fleet", "--json")
        assert made.returncode == 0, made.stderr
        AGENT_KEY["secret"] = json.loads(made.stdout.splitlines()[-1])["secret"]
        for agent, campaign in (("SEO", "spring"), ("EMAIL", "spring"), ("SEO", "autumn")):
            assert call(process, AGENT_KEY["secret"], agent, campaign).status_code == 200
        process.wait_for(lambda: len(ledger(process)) == 3, "the calls to be in the ledger")
        yield process


def call(purser: PurserProcess, secret: str, agent: str, campaign: str) -> httpx.Response:
    """A call as an agent makes it."""
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Three titles."}]}
    headers = {
        "Authorization": f"Bearer {secret}", "X-Agent-Type": agent, "X-Campaign-Id": campaign,
    }  # fmt: skip
    url = f"{purser.url}/v1/chat/completions"
    return httpx.post(url, json=body, headers=headers, trust_env=False, timeout=60)


def ledger(purser: PurserProcess, where: str = "1") -> list[tuple[Any, ...]]:
    """(hold, charge in nano-dollars), oldest first, from SQL itself."""
    path = next(purser.deployment.data_dir.rglob("purser.sqlite3"))
    query = f"SELECT hold_id, charge_nano FROM billing_log WHERE {where} ORDER BY admitted_ms, id"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()


def rows(page: Page) -> Any:
    """The rows of the grid that carry a call."""
    return page.locator(".feed-grid .ag-row:has(.call-id)")


def test_a_shared_link_shows_the_same_and_the_file_holds_what_sql_says(panel: Panel) -> None:
    page = panel.open("transactions")
    expect(rows(page)).to_have_count(3)
    page.locator(".filter-pick").nth(0).locator("summary").click()
    page.locator(".filter-menu a[title=SEO]").click()
    expect(page).to_have_url(f"{panel.url}transactions?agent=SEO")
    expect(rows(page)).to_have_count(2)
    shared = panel.context.new_page()
    shared.goto(page.url)
    expect(rows(shared)).to_have_count(2)
    expect(shared.locator("#transactions-count")).to_have_text("2 entries")
    with shared.expect_download() as download:
        shared.get_by_role("link", name="CSV").click()
    assert re.fullmatch(r"purser-transactions-.*-SEO\.csv", download.value.suggested_filename)
    found = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    expected = ledger(panel.purser, "agent = 'SEO'")
    assert [(row["hold_id"], row["charge_usd"]) for row in found] == [
        (hold, usd_text(nano)) for hold, nano in expected
    ]
    assert panel.said == []


def test_a_new_call_comes_by_itself_and_opens_by_the_keyboard_alone(panel: Panel) -> None:
    page = panel.open("transactions")
    # Whoever points at the list holds it still.
    page.mouse.move(5, 5)
    before = len(ledger(panel.purser))
    expect(rows(page)).to_have_count(before)
    assert call(panel.purser, AGENT_KEY["secret"], "DESIGN", "autumn").status_code == 200
    expect(rows(page)).to_have_count(before + 1)
    first = rows(page).first
    expect(first).to_contain_text("Design")
    hold, nano = ledger(panel.purser)[-1]
    field = page.get_by_label("Find a call by its id")
    field.focus()
    page.keyboard.type(hold)
    expect(page).to_have_url(f"{panel.url}transactions?call={hold}")
    expect(rows(page)).to_have_count(1)
    page.locator("#live").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.feed-grid') !== null"):
            break
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    drawer = page.locator(".drawer-content")
    expect(drawer).to_contain_text(hold)
    assert str(nano // 10**9) in drawer.inner_text()
    page.fill("#transactions-charge", "1.25")
    page.fill("#transactions-reason", "the invoice says so")
    page.locator("#transactions-correct").press("Enter")
    expect(drawer).to_contain_text("the invoice says so")
    assert sum(nano for _, nano in ledger(panel.purser, f"hold_id = '{hold}'")) == 1_250_000_000
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    panel.open(f"audit?text={hold}")
    expect(page.locator(".audit-row").first).to_contain_text("corrected a call")
    expect(page.locator(".audit-row").first).to_contain_text("1.25 USD")
    expect(page.locator("#audit-chain")).to_contain_text("verified up to #")
    assert panel.said == []


def test_a_phone_gets_cards(served: PurserProcess, browser: Browser) -> None:
    panel = watched(served, browser, viewport={"width": 390, "height": 844})
    panel.log_in()
    panel.page.locator("#content > *").first.wait_for(state="attached")
    page = panel.open("transactions")
    card = page.locator(".feed-card").first
    expect(card).to_contain_text("gpt-4o-mini")
    assert not any("async-community" in url for url in panel.asked)
    card.click()
    expect(page.locator(".drawer-content")).to_contain_text("Entries in the ledger")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert panel.said == []
    panel.context.close()


def test_a_key_made_here_calls_until_it_is_revoked_and_a_viewer_makes_none(
    panel: Panel, browser: Browser
) -> None:
    page, purser = panel.open("keys"), panel.purser
    made_by: list[dict[str, Any]] = []
    page.on(
        "request",
        lambda asked: (
            "keys-create" in (asked.post_data or "")
            and made_by.append(json.loads(asked.post_data or ""))
        ),
    )
    page.click("#keys-new")
    page.fill("#keys-name", "ads-bot")
    page.fill("#keys-campaign", "spring")
    page.click("#keys-create")
    secret = page.locator("#keys-made").inner_text()
    expect(page.locator(".lines")).to_contain_text(f"export OPENAI_BASE_URL={purser.url}/v1")
    page.click("#keys-done")
    expect(page.locator("#keys-made")).to_have_count(0)
    assert call(purser, secret, "SEO", "spring").status_code == 200
    expect(page.locator("#keys-list")).to_contain_text("ads-bot")
    page.get_by_role("button", name="Revoke ads-bot").click()
    page.fill("#keys-reason", "leaked")
    page.click("#keys-yes")
    expect(page.locator(".keys-ended")).to_contain_text("1 key that ended")
    assert call(purser, secret, "SEO", "spring").status_code == 401
    panel.open("audit?action=key-revoke")
    expect(page.locator(".audit-row")).to_contain_text("leaked")
    assert panel.said == []

    added = purser.deployment.cli("users", "add", "vera", "--role", "viewer")
    viewer = watched(purser, browser)
    viewer.log_in("vera", added.stdout.strip().splitlines()[-1].strip())
    viewer.page.locator("#content > *").first.wait_for(state="attached")
    seen = viewer.open("keys")
    expect(seen.locator("#keys-list")).to_contain_text("fleet")
    assert seen.locator("#keys-new, .key-acts").count() == 0
    keys = purser.deployment.cli("keys", "list", "--all").stdout
    with viewer.client() as client:
        answer = client.post(CALLBACK, json=made_by[-1])
        assert answer.status_code in (200, 204)
        assert "pk-purser" not in answer.text
        assert client.get("/admin/budget/export/transactions.csv").status_code == 200
        assert client.get("/admin/budget/export/other.csv").status_code == 404
    assert purser.deployment.cli("keys", "list", "--all").stdout == keys
    with httpx.Client(base_url=purser.url, trust_env=False, timeout=60) as nobody:
        assert nobody.get("/admin/budget/export/transactions.csv").status_code == 401
    viewer.context.close()
