"""What is changed by hand in the panel is checked: click, role, values."""

import re
from pathlib import Path

import plotly
import pytest
from dash.exceptions import PreventUpdate

from dashboard import actions
from dashboard.app import Panel
from dashboard.context import current_session
from dashboard.errors import Invalid, NotAllowed
from dashboard.login import own
from dashboard.passwords import Passwords, hashed
from dashboard.static import VENDOR
from storage.keys import By
from storage.sessions import Session


def session(role: str) -> Session:
    return Session("1", "ada", role, 0, 0, 0, "", "", "", "")  # type: ignore[arg-type]


async def work(by: By) -> str:
    raise AssertionError(f"{by.who} got through")


@pytest.mark.parametrize("clicks", [None, 0, True, "1", -1, [1]])
async def test_nothing_is_changed_without_a_click(clicks: object) -> None:
    current_session.set(session("admin"))
    with pytest.raises(PreventUpdate):
        await actions.change(clicks, work)


async def test_a_viewer_changes_nothing() -> None:
    current_session.set(session("viewer"))
    with pytest.raises(NotAllowed):
        await actions.change(1, work)


@pytest.mark.parametrize("amount", [None, True, -1, "x", "NaN", 1e300, "0.0000000001", [1], {}])
def test_what_is_no_amount_is_refused(amount: object) -> None:
    with pytest.raises(Invalid):
        actions.dollars(amount)


def test_an_amount_is_exact() -> None:
    assert actions.dollars(0.1) == 100_000_000
    assert actions.dollars("$1,234.56") == 1_234_560_000_000


@pytest.mark.parametrize(
    "onward",
    ["https://evil.example", "//evil.example", "/admin/budget//evil", "/admin/budget/../x",
     "/admin/budget/\r\nSet-Cookie: a=b", "/admin/budget/login", "/v1/models", ""],
)  # fmt: skip
def test_a_login_leads_nowhere_else(onward: str) -> None:
    assert own(onward) == "/admin/budget/"


async def test_an_unknown_user_matches_nothing() -> None:
    passwords = Passwords()
    kept = hashed("right")
    assert await passwords.matches(kept, "right")
    assert not await passwords.matches(kept, "wrong")
    assert not await passwords.matches(None, "right")
    assert not await passwords.matches("not a hash", "right")


def test_the_bundle_served_is_of_the_version_that_python_carries() -> None:
    import_path = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    wanted = re.search(r"plotly\.js v([\d.]+)", import_path.read_text()[:500])
    served = (VENDOR / "plotly-basic.min.js").read_text()[:200]
    assert wanted is not None
    assert f"v{wanted[1]}" in served
    assert callable(Panel)
