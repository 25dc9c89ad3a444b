"""A session is its owner's alone: not fixed, not guessed, not borrowed, and over when it ends."""

import time

import pytest

from dashboard.passwords import Passwords, hashed
from tests.security.panel import CALLBACK, LOGIN, PASSWORD, PREFIX, Target

LAYOUT = f"{PREFIX}_dash-layout"


def test_a_login_makes_a_new_secret_whatever_the_browser_brought(target: Target) -> None:
    with target.client() as client:
        client.cookies.set("purser_session", "planted", path="/admin/budget")
        form = {"name": "admin", "password": PASSWORD}
        first = client.post(LOGIN, data=form)
        secrets = [first.cookies["purser_session"]]
        secrets.append(client.post(LOGIN, data=form).cookies["purser_session"])
    assert len({"planted", *secrets}) == 3
    assert all(len(secret) >= 43 for secret in secrets)
    with target.client(cookie="purser_session=planted") as other:
        assert other.get(LAYOUT).status_code == 401


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookies_are_kept_from_scripts_and_from_other_sites(target: Target, scheme: str) -> None:
    with target.client() as client:
        answer = client.post(
            LOGIN,
            data={"name": "admin", "password": PASSWORD},
            headers={"x-forwarded-proto": scheme},
        )
    given = {text.partition("=")[0]: text for text in answer.headers.get_list("set-cookie")}
    assert set(given) == {"purser_session", "purser_csrf", "purser_device"}
    for name, text in given.items():
        assert "SameSite=Lax" in text
        assert "Path=/admin/budget;" in text
        assert ("HttpOnly" in text) == (name != "purser_csrf")
        assert ("Secure" in text) == (scheme == "https")


def test_nobody_is_logged_in_from_another_site(target: Target) -> None:
    form = {"name": "admin", "password": PASSWORD}
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        with target.client(**headers) as client:
            answer = client.post(LOGIN, data=form)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers


def test_a_token_serves_its_own_session_alone(target: Target) -> None:
    with target.log_in() as admin, target.log_in("vera") as vera:
        stolen = {"X-CSRFToken": vera.headers["X-CSRFToken"]}
        assert admin.post(CALLBACK, json={}, headers=stolen).status_code == 403
        assert admin.post(CALLBACK, json={}, headers={"X-CSRFToken": ""}).status_code == 403
        admin.cookies.set("purser_csrf", "mine", path="/admin/budget")
        assert admin.post(CALLBACK, json={}, headers={"X-CSRFToken": "mine"}).status_code == 403


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/admin/budget//evil.example",
        "/admin/budget/\r\nset-cookie: a=b",
        "/admin/budget/%0d%0aset-cookie:a=b",
        "javascript:alert(1)",
        "/v1/models",
        '"><script>alert(1)</script>',
    ],
)
def test_a_login_leads_into_the_panel_alone(target: Target, onward: str) -> None:
    with target.client() as client:
        form = client.get(LOGIN, params={"next": onward})
        assert "<script" not in form.text
        answer = client.post(LOGIN, data={"name": "admin", "password": PASSWORD, "next": onward})
    where = answer.headers["location"]
    assert where.startswith(PREFIX)
    assert "evil" not in where
    assert "a" not in answer.cookies


def test_a_session_that_was_ended_opens_nothing(target: Target) -> None:
    with target.log_in() as admin, target.log_in() as other:
        assert other.get(LAYOUT).status_code == 200
        assert admin.post(f"{PREFIX}logout-everywhere", content=b"").status_code == 303
        kept = {"cookie": f"purser_session={other.cookies['purser_session']}"}
        with target.client(**kept) as thief:
            assert thief.get(LAYOUT).status_code == 401


def test_guessing_is_slowed_by_place_and_says_nothing_of_names(target: Target) -> None:
    place = {"x-forwarded-for": "203.0.113.9"}
    with target.client(**place) as guesser:
        texts = {}
        for name in ("admin", "nobody"):
            answer = guesser.post(LOGIN, data={"name": name, "password": "wrong password"})
            assert answer.status_code == 401
            texts[name] = answer.text.replace(f'value="{name}"', "")
        # The field of the name holds what was typed; nothing else tells the two apart.
        assert texts["admin"] == texts["nobody"]
        said = [
            guesser.post(LOGIN, data={"name": f"user{number}", "password": "wrong password"})
            for number in range(10)
        ]
    assert [answer.status_code for answer in said].count(429) >= 1
    assert said[-1].headers["retry-after"].isdigit()
    with target.log_in("vera") as elsewhere:
        assert elsewhere.get(LAYOUT).status_code == 200


async def test_an_unknown_name_takes_as_long_as_a_wrong_password() -> None:
    passwords, kept = Passwords(), hashed("right password")
    assert not await passwords.matches(None, "wrong")
    took = {}
    for what in (kept, None):
        began = time.process_time()
        assert not await passwords.matches(what, "wrong")
        took[what] = time.process_time() - began
    assert 0.4 < took[None] / took[kept] < 2.5


def test_a_viewer_sees_and_is_told_so_by_name(target: Target) -> None:
    with target.log_in("vera") as vera:
        assert "vera" in vera.get(LAYOUT).text
