"""Keys in the panel: what is asked for is checked, and only admins change anything."""

from pathlib import Path
from typing import Any

import pytest

from dashboard import actions
from dashboard.context import Context, current_session
from dashboard.errors import Invalid, NotAllowed
from dashboard.pages.keys import changes, forms
from dashboard.pages.keys.changes import Asked
from dashboard.pages.keys.page import PAGE
from dashboard.state import parse
from storage.key_records import BadKey
from tests.budget.purse import Engines, monthly
from tests.dashboard.pages.desk import ADMIN, VIEWER, open_desk, words


def asked(**more: Any) -> Asked:
    told: dict[str, Any] = {
        "kind": "proxy", "name": "ads-bot", "role": "viewer", "agent": None, "campaign": "",
        "models": None, "endpoints": None, "life": "never",
    }  # fmt: skip
    return Asked(**(told | more))


@pytest.mark.parametrize(
    "more",
    [{"kind": "root"}, {"name": ""}, {"name": 5}, {"agent": "NOBODY"}, {"life": "-1"},
     {"models": "gpt"}, {"models": [1]}, {"models": ["m"] * 101}, {"endpoints": ["no/such"]},
     {"kind": "admin", "role": "owner"}, {"campaign": "x" * 500}],
)  # fmt: skip
def test_what_cannot_be_a_key_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        asked(**more).wanted()


def test_an_admin_key_takes_no_pins() -> None:
    wanted = asked(kind="admin", agent="SEO", campaign="x", role="admin").wanted()
    assert (wanted.kind, wanted.role, wanted.agent, wanted.campaign) == (
        "admin", "admin", None, None,
    )  # fmt: skip


@pytest.mark.parametrize("href", [None, 5, "javascript:x", "http://[", ""])
def test_an_address_that_is_none_gives_the_usual_one(href: object) -> None:
    assert forms.base_of(href) == "http://127.0.0.1:8080"


async def test_a_key_is_made_shown_once_rotated_and_revoked(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "toast", lambda *_: None)
    async with open_desk(engines, tmp_path, monthly("100")) as (services, _purse, _process):
        current_session.set(VIEWER)
        with pytest.raises(NotAllowed):
            await changes.create(services, 1, asked(), "")
        assert "No live key" in words(
            await PAGE.layout(Context(services, VIEWER, parse("keys", "")))
        )

        current_session.set(ADMIN)
        made = await changes.create(
            services, 1, asked(agent="SEO", campaign="L'été", endpoints=["chat/completions"]), "go"
        )
        told = words(forms.secret_shown(made.record, made.secret, "http://p:1", published=True))
        assert f"OPENAI_API_KEY={made.secret}" in told
        assert "X-Agent-Type: SEO\\nX-Campaign-Id: L%27%C3%A9t%C3%A9'" in told
        listed = await PAGE.layout(Context(services, ADMIN, parse("keys", "")))
        assert made.record.prefix in words(listed)
        assert made.secret not in words(listed)
        with pytest.raises(Invalid):
            await changes.create(services, 1, asked(kind="admin", name="\n"), "")

        seen = {"key": made.record.id, "version": made.record.version}
        with pytest.raises(Invalid):
            await changes.rotate(services, 1, seen, "-5", "")
        renewed = await changes.rotate(services, 1, seen, "3600", "yearly")
        assert (await services.keys.find(made.secret)).name == "ads-bot"
        with pytest.raises(Invalid, match="meanwhile"):
            await changes.revoke(services, 1, seen, "")
        for missing in (None, {}, {"key": "x", "version": 1}):
            with pytest.raises(Invalid):
                await changes.revoke(services, 1, missing, "")
        live = {"key": renewed.record.id, "version": renewed.record.version}
        await changes.revoke(services, 1, live, "leaked")
        with pytest.raises(BadKey):
            await services.keys.find(renewed.secret)
        line = (await services.ledger.audited(1))[0]
        assert (line.act.who, line.act.place, line.act.reason) == ("ada", "panel", "leaked")
