"""The overview in a real browser: what is set there binds the next call through the proxy."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from dashboard import formats
from storage.database import EMBEDDED_FILE
from tests.browser.conftest import PASSWORD, Panel
from tests.harness import Deployment, PurserProcess

CALLBACK = "/admin/budget/_dash-update-component"
CONFIG = {
    "charging": {"agent_rates_usd_per_1k": {"CONTENT": "500"}},
    "budgets": {
        "primary": "monthly",
        "rules": [
            {
                "name": "monthly",
                "limit_usd": 1000,
                "window": "month",
                "slider_usd": [1, 5000],
                "alert_at": [0.9, 1.0],
            }
        ],
    },
}
"""Dear enough that one call costs dollars."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PurserProcess]:
    folder: Path = tmp_path_factory.mktemp("overview")
    deployment = Deployment(folder, CONFIG, env={"PURSER_ADMIN_PASSWORD": PASSWORD})
    with deployment.start("serve") as process:
        yield process


def call(purser: PurserProcess) -> httpx.Response:
    """A call as an agent makes it."""
    body = {
        "model": "gpt-4o-mini",
        "max_tokens": 4,
        "messages": [{"role": "user", "content": "Three titles for a spring sale."}],
    }
    headers = {"X-Agent-Type": "CONTENT", "X-Campaign-Id": "spring", "Authorization": "Bearer x"}
    url = f"{purser.url}/v1/chat/completions"
    return httpx.post(url, json=body, headers=headers, trust_env=False, timeout=60)


def refusal(purser: PurserProcess) -> dict[str, Any]:
    """Why the next call is refused; empty where it is not."""
    answer = call(purser)
    if answer.status_code == 200:
        return {}
    assert answer.status_code == 429, answer.text
    told: dict[str, Any] = answer.json()["error"]["purser"]
    return told


def confirm(page: Page, button: str, yes: str) -> None:
    page.click(button)
    page.locator(yes).wait_for()
    page.click(yes)
    expect(page.locator(yes)).to_be_hidden()


def test_a_limit_binds_the_next_call_and_undo_lifts_it(panel: Panel) -> None:
    page, purser = panel.page, panel.purser
    assert refusal(purser) == {}
    field = page.locator("#overview-limit-number")
    field.fill("2")
    field.press("Tab")
    preview = page.locator("#overview-limit-preview")
    expect(preview).to_contain_text("every further call is refused at once")
    slider = page.locator("#overview-limit-slider [role=slider]")
    expect(slider).to_have_attribute("aria-valuenow", "2")
    page.fill("#overview-limit-reason", "enough for today")
    confirm(page, "#overview-limit-save", "#overview-limit-yes")
    expect(page.locator("#overview-limit-origin")).to_contain_text("Set by admin")
    expect(page.locator("#overview-left")).to_contain_text("refusing calls")
    told = refusal(purser)
    assert (told["reason"], told["rule"]) == ("budget_exceeded", "monthly")
    page.click("#overview-limit-undo")
    expect(page.locator("#overview-limit-origin")).to_contain_text("purser.yaml:")
    assert refusal(purser) == {}
    slider = page.locator("#overview-limit-slider [role=slider]")
    expect(slider).to_have_attribute("aria-valuenow", "1000")
    slider.focus()
    page.keyboard.press("ArrowRight")
    field = page.locator("#overview-limit-number")
    expect(field).to_have_value("$1,010")
    field.fill("0")
    expect(preview).to_contain_text("more than $0")
    field.fill("7500.50")
    expect(preview).to_contain_text("With $7,500.50, monthly has")
    expect(slider).to_have_attribute("aria-valuenow", "5000")
    confirm(page, "#overview-limit-save", "#overview-limit-yes")
    expect(page.locator("#overview-left")).to_contain_text("of $7,500.50")
    expect(field).to_have_value(re.compile(r"\$7,500\.50?"))
    page.click("#overview-limit-undo")
    expect(page.locator("#overview-limit-origin")).to_contain_text("purser.yaml:")
    assert panel.said == []


def test_a_clash_is_told_with_what_changed(panel: Panel) -> None:
    page = panel.page
    other = panel.context.new_page()
    other.goto(panel.url)
    for one, limit in ((page, "700"), (other, "800")):
        one.bring_to_front()
        field = one.locator("#overview-limit-number")
        field.fill(limit)
        field.press("Tab")
        confirm(one, "#overview-limit-save", "#overview-limit-yes")
    told = other.get_by_text("admin has changed it meanwhile: it is $700.00")
    expect(told).to_be_visible()
    expect(other.locator("#overview-limit-number")).to_have_value("$700")
    other.click("#overview-limit-undo")
    expect(other.locator("#overview-limit-origin")).to_contain_text("purser.yaml:")
    assert panel.said == []


def enter_alert(page: Page, share: str) -> None:
    """Through the form, as far as the question."""
    page.get_by_text("Change alerts").click()
    field = page.locator("#overview-alerts-field")
    field.fill(share)
    field.press("Enter")
    expect(page.locator("#overview-alerts-preview")).to_contain_text("would tell at once")
    page.fill("#overview-alerts-reason", "told earlier")
    page.click("#overview-alerts-save")
    page.locator("#overview-alerts-yes").wait_for()


def test_an_alert_is_set_told_and_taken_back(panel: Panel) -> None:
    page, purser, spent = panel.page, panel.purser, 0.0
    while spent < 20:
        spent += float(call(purser).headers["X-Purser-Cost-USD"])
    other = panel.context.new_page()
    other.goto(panel.url)
    marks = page.locator("#overview-alerts-marks")
    expect(marks).to_contain_text("purser.yaml:")
    page.bring_to_front()
    enter_alert(page, "1")
    expect(page.get_by_text("From 90%, 100% to 1%, 90%, 100%, for this month.")).to_be_visible()
    page.click("#overview-alerts-yes")
    expect(marks).to_contain_text("1% passed")
    expect(marks).to_contain_text("Set by admin")
    # Whoever saw the version before is told so, and changes nothing.
    other.bring_to_front()
    enter_alert(other, "2")
    other.click("#overview-alerts-yes")
    expect(other.get_by_text("Somebody was quicker")).to_be_visible()
    expect(other.locator("#overview-alerts-marks")).not_to_contain_text("2% passed")
    other.goto(f"{panel.url}alerts")
    expect(other.locator("#alerts-content")).to_contain_text("monthly has reached 1%")
    page.bring_to_front()
    page.click("#overview-alerts-undo")
    expect(marks).to_contain_text("purser.yaml:")
    expect(marks).not_to_contain_text("1% passed")
    other.reload()
    expect(other.locator("#alerts-content")).to_contain_text("Thresholds")
    expect(other.locator("#alerts-content")).not_to_contain_text("monthly has reached 1%")
    assert panel.said == []


def test_a_freeze_stops_every_call_until_it_is_thawed(panel: Panel) -> None:
    page, purser = panel.page, panel.purser
    page.click("#overview-freeze")
    page.fill("#overview-freeze-reason", "drill")
    page.click("#overview-freeze-yes")
    expect(page.locator("#overview-notices")).to_contain_text("frozen by admin: drill")
    assert refusal(purser)["reason"] == "frozen"
    confirm(page, "#overview-freeze", "#overview-freeze-yes")
    expect(page.locator("#overview-notices")).to_be_empty()
    assert refusal(purser) == {}
    assert panel.said == []


def test_figures_are_those_of_the_ledger_and_move_by_themselves(panel: Panel) -> None:
    page, purser = panel.page, panel.purser
    before = page.locator("#overview-spent-figure").inner_text()
    answer = call(purser)
    assert float(answer.headers["X-Purser-Cost-USD"]) > 1
    hold = answer.headers["X-Purser-Request-Id"]
    database = purser.deployment.data_dir / "sandbox" / EMBEDDED_FILE

    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as found:
        known = "SELECT count(*) FROM billing_log WHERE hold_id = ?"
        purser.wait_for(lambda: found.execute(known, (hold,)).fetchone() == (1,), "the call")
        (nano,) = found.execute("SELECT sum(charge_nano) FROM billing_log").fetchone()
    assert formats.money(nano) != before
    expect(page.locator("#overview-spent-figure")).to_have_text(formats.money(nano))
    page.locator("#overview-graph .main-svg").first.wait_for()
    expect(page.locator(".burn-quick")).to_be_hidden()
    # An answer that nothing has changed makes figures fresh too.
    with page.expect_response(lambda answer: answer.status == 204):
        pass
    expect(page.locator(".live .age")).to_have_text(" · just now")
    assert panel.said == []


def test_a_viewer_has_no_controls_and_hand_made_requests_change_nothing(guest: Panel) -> None:
    added = guest.purser.deployment.cli("users", "add", "vera", "--role", "viewer")
    guest.log_in("vera", added.stdout.strip().splitlines()[-1].strip())
    guest.page.locator("#overview-spent-figure").wait_for()
    for id_ in ("limit-slider", "limit-number", "limit-save", "limit-undo", "freeze"):
        expect(guest.page.locator(f"#overview-{id_}")).to_have_count(0)
    with guest.client() as client:
        asked = client.get("/admin/budget/_dash-dependencies").json()
        changes = [one for one in asked if _changes(one)]
        assert len(changes) == 7
        for one in changes:
            answer = client.post(CALLBACK, json=_pressed(one))
            assert answer.status_code in (200, 204), answer.text
            assert "Not allowed" in answer.text or answer.status_code == 204
    assert refusal(guest.purser) == {}
    assert guest.said == []


def _changes(callback: dict[str, Any]) -> bool:
    ids = {one["id"] for one in callback["inputs"]}
    return bool(
        ids
        & {"overview-limit-save", "overview-limit-yes", "overview-limit-undo", "overview-freeze",
           "overview-freeze-yes", "overview-alerts-save", "overview-alerts-yes"}
    ) and callback["clientside_function"] is None  # fmt: skip


VALUES: dict[str, Any] = {
    "overview-limit-number": 5,
    "overview-limit-asked": 5,
    "overview-limit-scope": "window",
    "overview-limit-version": 0,
    "overview-alerts-about": {"name": "monthly", "version": 0},
    "overview-alerts-asked": ["50%"],
    "overview-alerts-field": ["50%"],
    "overview-alerts-span": "window",
    "overview-freeze-wanted": "freeze",
    "url": "",
}


def _pressed(callback: dict[str, Any]) -> dict[str, Any]:
    """What a browser would send, had it the button."""
    output = callback["output"]
    names = output.strip(".").split("...") if output.startswith("..") else [output]
    outputs = [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names]
    inputs = [{**one, "value": 1} for one in callback["inputs"]]
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") else outputs[0],
        "inputs": inputs,
        "changedPropIds": [f"{inputs[0]['id']}.{inputs[0]['property']}"],
        "state": [{**one, "value": VALUES.get(one["id"])} for one in callback["state"]],
    }
