"""Whatever is asked of the panel's address, from outside nothing but the login is to be had."""

import re
from typing import Any

import pytest

from dashboard.http import cookies
from tests.security.panel import CALLBACK, LOGIN, PREFIX, Target

TRICKS = [
    b"//evil.example/%2e%2e",
    b"/admin//budget/_dash-layout",
    b"/admin/budget//_dash-layout",
    b"/admin/budget/%2e%2e/%2e%2e/v1/models",
    b"/admin/budget/../../etc/passwd",
    b"/admin%2fbudget%2f_dash-layout",
    b"/admin/budget/login/../_dash-layout",
    b"/admin/budget/login%2f..%2f_dash-layout",
    b"/admin/budget/login%00",
    b"/admin/budget/assets/fonts/..%2f..%2fpanel.js",
    b"/admin/budget/assets/fonts/../panel.js",
    b"/admin/budget/assets/fonts/%2e%2e/%2e%2e/%2e%2e/gate.py",
    b"/admin/budget/assets/door.css/../panel.css",
    b"/admin/budget/_dash-component-suites/dash/../../../../etc/passwd",
    b"http://evil.example/admin/budget/_dash-layout",
    b"/admin/budget/_reload-hash",
    b"/admin/budget/docs",
    b"/admin/budget/openapi.json",
]


def lines(target: Target, first: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """The answer to a request as it is written here."""
    head = [first, b"Host: " + target.host.encode(), b"Connection: close", *headers]
    return target.raw(b"\r\n".join(head) + b"\r\n\r\n" + body)


@pytest.mark.parametrize("path", TRICKS)
def test_no_spelling_of_a_path_leads_past_the_login(target: Target, path: bytes) -> None:
    answer = lines(target, b"GET " + path + b" HTTP/1.1")
    assert re.match(rb"HTTP/1.1 (401|404) ", answer), answer[:200]
    assert b'"error"' in answer


def test_with_a_session_no_path_leads_out_of_the_panels_files(target: Target) -> None:
    with target.log_in() as admin:
        cookie = f"Cookie: purser_session={admin.cookies['purser_session']}".encode()
    for path in TRICKS[1:]:
        answer = lines(target, b"GET " + path + b" HTTP/1.1", cookie)
        assert b"root:" not in answer
        assert b"import " not in answer
        assert re.match(rb"HTTP/1.1 (200|404) ", answer), answer[:200]


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_other_methods_are_refused(target: Target, method: str) -> None:
    secret = b"Cookie: purser_session=secret-of-mine"
    answer = lines(target, f"{method} {PREFIX} HTTP/1.1".encode(), secret)
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"allow: GET, HEAD, POST" in answer
    assert b"secret-of-mine" not in answer


def test_a_head_is_what_a_get_is_without_its_body(target: Target) -> None:
    for path in (LOGIN, f"{PREFIX}assets/door.css", f"{PREFIX}agents"):
        with target.client() as client:
            got, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]


def test_a_host_header_leads_nowhere(target: Target) -> None:
    evil = b"\r\nHost: evil.example\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    answer = target.raw(b"GET /admin/budget/agents HTTP/1.1" + evil)
    assert b"location: /admin/budget/login?next=" in answer
    assert b"evil" not in answer
    twice = lines(
        target, b"POST /admin/budget/login HTTP/1.1", b"Host: evil", b"Origin: http://evil"
    )
    assert twice.startswith(b"HTTP/1.1 400 ")


def test_no_websocket_is_served(target: Target) -> None:
    with target.log_in() as admin:
        cookie = f"Cookie: purser_session={admin.cookies['purser_session']}".encode()
    for path in (b"_dash-ws-callback", b"", b"agents"):
        answer = lines(
            target, b"GET /admin/budget/" + path + b" HTTP/1.1", cookie,
            b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        )  # fmt: skip
        assert not answer.startswith(b"HTTP/1.1 101 ")


def test_every_answer_forbids_frames_guessed_kinds_and_caches(target: Target) -> None:
    with target.log_in() as admin:
        for path in (PREFIX, "/admin/x", LOGIN, f"{PREFIX}_dash-layout", f"{PREFIX}nowhere"):
            headers = admin.get(path).headers
            assert headers["x-frame-options"] == "DENY"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cache-control"] == "no-store"
        policy = admin.get(PREFIX).headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_a_nonce_serves_one_load(target: Target) -> None:
    with target.log_in() as admin:
        nonces = [re.findall(r"'nonce-([^']+)'", admin.get(PREFIX).headers[
            "content-security-policy"])[0] for _ in range(2)]  # fmt: skip
    assert nonces[0] != nonces[1]


def test_bodies_are_bounded(target: Target) -> None:
    with target.client() as client:
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert client.post(LOGIN, content=b"x" * 5000, headers=form).status_code == 413
        place = {"x-forwarded-for": "203.0.113.7"}
        many = client.post(LOGIN, content=b"&a=" * 100, headers=form | place)
        assert many.status_code == 401
    with target.log_in() as admin:
        kind = {"content-type": "application/json"}
        assert admin.post(CALLBACK, content=b" " * 300_000, headers=kind).status_code == 413

        def endless() -> Any:
            for _ in range(300):
                yield b" " * 1024

        assert admin.post(CALLBACK, content=endless(), headers=kind).status_code == 413


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"headers": list(headers)}


def test_our_own_cookie_goes_before_one_that_lies_over_the_whole_host() -> None:
    sent = scope((b"cookie", b'a; =; purser_session=ours; x="; purser_session=theirs'))
    assert cookies(sent)["purser_session"] == "ours"


def test_huge_cookies_are_nobody(target: Target) -> None:
    for cookie in (b"a=b; " * 1600, b"purser_session=" + b"x" * 30_000, b"\xff=\xfe; ;;="):
        answer = lines(target, b"GET /admin/budget/agents HTTP/1.1", b"Cookie: " + cookie)
        assert re.match(rb"HTTP/1.1 (401|431) ", answer), answer[:200]
