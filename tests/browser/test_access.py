"""Who may see the panel, and who may change what, in a real browser and by hand."""

import json

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, Panel, watched
from tests.harness import PurserProcess
from tests.security.panel import Target

CALLBACK = "/admin/budget/_dash-update-component"


def test_one_logs_in_looks_around_and_logs_out(panel: Panel) -> None:
    page = panel.page
    expect(page.locator("#heading")).to_have_text("Overview")
    expect(page.locator("#content")).to_contain_text("$1,000.00")
    for name in ("Agents", "Health", "Campaigns"):
        page.locator(".nav-links").get_by_text(name, exact=True).click()
        expect(page.locator("#heading")).to_have_text(name)
    page.locator("#top .periods").get_by_text("7 d", exact=True).click()
    expect(page).to_have_url(f"{panel.url}campaigns?period=7d")
    expect(page.locator("#top .periods .on")).to_have_text("7 d")
    page.reload()
    expect(page.locator("#top .periods .on")).to_have_text("7 d")
    page.click("#live")
    expect(page.locator("#live")).to_have_text("Paused")
    page.locator(".user summary").click()
    page.get_by_text("Log out", exact=True).click()
    expect(page.locator("[role=status]")).to_have_text("You are logged out.")
    assert panel.said == []
    assert {httpx.URL(url).host for url in panel.asked if not url.startswith("data:")} == {
        "127.0.0.1"
    }


def test_a_wrong_password_is_told_and_nothing_else_is_served(guest: Panel) -> None:
    guest.log_in(password="wrong")
    expect(guest.page.locator("[role=alert]")).to_have_text("Name or password is wrong.")
    guest.page.goto(f"{guest.url}agents?period=7d")
    expect(guest.page.locator("#password")).to_be_visible()
    with httpx.Client(base_url=guest.purser.url, trust_env=False, timeout=60) as client:
        for path in ("_dash-layout", "_dash-dependencies", "assets/panel.js", "assets/panel.css"):
            assert client.get(f"/admin/budget/{path}").status_code == 401
        origin = {"origin": guest.purser.url}
        assert client.post(CALLBACK, json={}, headers=origin).status_code == 401
        assert client.post(CALLBACK, json={}).status_code == 403


def test_a_link_leads_through_the_login_to_what_it_shows(guest: Panel) -> None:
    guest.page.goto(f"{guest.url}agents?period=7d")
    guest.page.fill("#name", "admin")
    guest.page.fill("#password", "correct horse battery")
    guest.page.click("button")
    expect(guest.page).to_have_url(f"{guest.url}agents?period=7d")
    expect(guest.page.locator("#heading")).to_have_text("Agents")


def test_a_session_that_ended_leads_to_the_login_and_back(panel: Panel) -> None:
    panel.open("agents?period=7d")
    panel.context.clear_cookies(name="purser_session")
    panel.page.locator(".nav-links").get_by_text("Campaigns").click()
    expect(panel.page.locator("#password")).to_be_visible()
    expect(panel.page.locator("[role=status]")).to_contain_text("session has ended")


def test_requests_from_elsewhere_are_refused(panel: Panel) -> None:
    body = {"output": "x.y", "inputs": []}
    with panel.client() as client:
        for headers in (
            {"origin": "https://evil.example"},
            {"sec-fetch-site": "cross-site"},
            {"origin": "http://127.0.0.1:1"},
            {"X-CSRFToken": "guess"},
        ):
            assert client.post(CALLBACK, json=body, headers=headers).status_code == 403
        text = {"content-type": "text/plain"}
        assert client.post(CALLBACK, content=json.dumps(body), headers=text).status_code == 415
        assert client.post(CALLBACK, content=b"x" * 300_000).status_code in (413, 415)
        upgrade = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}
        key = {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}
        socket = client.get("/admin/budget/_dash-ws-callback", headers=upgrade | key)
        assert socket.status_code == 403


def test_a_disabled_user_is_out(served: PurserProcess, panel: Panel) -> None:
    target = Target(served)
    added = target.run("users", "add", "bob", "--role", "viewer", "--ask", typed=f"{PASSWORD}\n")
    assert added.exit_code == 0, added.output
    bob = watched(served, panel.context.browser)  # type: ignore[arg-type]
    bob.log_in("bob")
    expect(bob.page.locator("#heading")).to_have_text("Overview")
    bob.page.locator(".user summary").click()
    expect(bob.page.locator(".user .menu p")).to_have_text("bob · viewer")
    assert target.run("users", "disable", "bob").exit_code == 0
    with bob.client() as client:
        served.wait_for(
            lambda: client.get("/admin/budget/_dash-layout").status_code == 401, "bob to be out"
        )
    bob.context.close()
    shown = target.run("audit", "show").output
    assert "user.disable" in shown
    assert "login  by bob" in shown
    assert target.run("audit", "verify").exit_code == 0
