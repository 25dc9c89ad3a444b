"""Users, sessions, passwords and views: who may do what, and what becomes of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from dash.exceptions import PreventUpdate

from config.settings import load
from dashboard import actions, views_menu
from dashboard.components.people import device
from dashboard.errors import Invalid, NotAllowed
from dashboard.pages.settings import deeds
from dashboard.pages.settings.lists import lists, shows
from dashboard.pages.settings.page import layout
from dashboard.passwords import Passwords, hashed
from dashboard.services import Services
from dashboard.state import parse
from storage.errors import UserProblem
from storage.keys import By
from tests.budget.purse import Engines
from tests.dashboard.desk import asked_by, context_of, open_services, session_of, words

BY = By("ada", "panel", "")
OLD = "correct horse battery"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"


@pytest.fixture
async def services(
    valkey_url: str, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Services]:
    # There is no browser to show a toast in.
    monkeypatch.setattr(actions, "toast", lambda *_: None)
    path = tmp_path / "purser.yaml"
    path.write_text("budgets: {rules: []}")
    engines = Engines(valkey_url, sqlite_url)
    async with open_services(engines, load(path, {}), tmp_path) as (services, _):
        await services.users.add("ada", hashed(OLD), "admin", BY)
        await services.users.add("bob", hashed(OLD), "viewer", BY)
        yield services


async def test_an_admin_looks_after_users(services: Services) -> None:
    with asked_by(session_of()):
        made = await deeds.add_user(services, "eve", "viewer", BY)
        kept = await services.users.find("eve")
        assert kept is not None
        assert await Passwords().matches(kept.hash, made.secret)
        theirs = await services.sessions.open("eve", "viewer", "", FIREFOX)
        await deeds.do(services, 1, "user-admin", "eve")
        await deeds.do(services, 1, "user-password", "eve")
        assert await services.sessions.find(theirs.secret) is None
        await deeds.do(services, 1, "user-disable", "eve")
        shown = words(await layout(context_of(services, "settings")))
        assert "disabled" in shown
        for what in ("user-disable", "user-viewer"):
            with pytest.raises(UserProblem, match="last admin"):
                await deeds.do(services, 1, what, "ada")
        for name, role in (("", "viewer"), ("x", "root"), (None, None)):
            with pytest.raises(Invalid):
                await deeds.add_user(services, name, role, BY)
    told = [line.act.action for line in await services.ledger.audited()]
    assert {"user.add", "user.role", "user.password", "user.disable"} <= set(told)
    assert await services.ledger.verify_audit() == []


async def test_a_viewer_changes_nothing_of_others(services: Services) -> None:
    hers = await services.sessions.open("ada", "admin", "", FIREFOX)
    mine = await services.sessions.open("bob", "viewer", "", FIREFOX)
    view = await services.views.save("ada", "Ours", "agents", "", shared=True)
    with asked_by(session_of("bob", "viewer")):
        for what, deed in deeds.DEEDS.items():
            if not deed.own:
                with pytest.raises(NotAllowed):
                    await deeds.do(services, 1, what, "ada")
        with pytest.raises(NotAllowed):
            await deeds.do(services, 1, "session-end", hers.session.id)
        await deeds.do(services, 1, "view-remove", view.id)
        with pytest.raises(UserProblem):
            await deeds.do(services, 1, "view-rename", view.id, "Mine")
        assert len(await services.views.visible_to("bob")) == 1
        shown = words(await lists(services))
        assert "Users" not in shown
        await deeds.do(services, 1, "session-end", mine.session.id)
    assert await services.sessions.find(mine.secret) is None
    assert await services.sessions.find(hers.secret)


async def test_nothing_is_done_without_a_click(services: Services) -> None:
    with asked_by(session_of()):
        for clicks in (None, 0, True, "1"):
            with pytest.raises(PreventUpdate):
                await deeds.do(services, clicks, "user-disable", "bob")
        for what, of in (("no-such", "bob"), (None, None), ("user-disable", "x" * 999)):
            with pytest.raises(Invalid):
                await deeds.do(services, 1, what, of)


async def test_a_new_password_ends_the_other_sessions(services: Services) -> None:
    here = await services.sessions.open("bob", "viewer", "", FIREFOX)
    there = await services.sessions.open("bob", "viewer", "", FIREFOX)
    new = "a longer new password"
    with asked_by(here.session):
        for old, first, again in (
            ("wrong wrong", new, new), (OLD, new, "another one"), (OLD, "short", "short"),
            (None, None, None),
        ):  # fmt: skip
            with pytest.raises(Invalid):
                await deeds.change_own_password(services, old, first, again, BY)
        await deeds.change_own_password(services, OLD, new, new, BY)
    assert await services.sessions.find(here.secret)
    assert await services.sessions.find(there.secret) is None
    user = await services.users.find("bob")
    assert user is not None
    assert await Passwords().matches(user.hash, new)


async def test_a_view_is_saved_as_it_is_shown(services: Services) -> None:
    here = {"path": "/admin/budget/agents", "search": "?period=7d&agent=SEO&nonsense=1", "at": 1}
    with asked_by(session_of("bob", "viewer")):
        by = By("bob", "panel", "")
        await views_menu.save(services, by, here, "SEO", False)
        (view,) = await services.views.visible_to("bob")
        assert views_menu.address_of(view) == "/admin/budget/agents?period=7d&agent=SEO"
        listed = words(views_menu.entries([view], "bob"))
        assert "SEO" in listed
        assert shows(parse(view.section, view.query)) == "last 7d; agent SEO"
        with pytest.raises(NotAllowed):
            await views_menu.save(services, by, here, "SEO", True)
        elsewhere = {"path": "/etc/passwd", "search": ""}
        for where, name in ((None, "x"), (elsewhere, "x"), (here, "")):
            with pytest.raises(Invalid):
                await views_menu.save(services, by, where, name, False)


def test_a_browser_is_named_shortly() -> None:
    assert device(FIREFOX) == "Firefox 141, Linux"
    assert device("curl/8") == "curl/8"
    assert device("") == "unknown"
