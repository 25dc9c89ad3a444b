"""A body read whole before a gate: bounded in size and time, whatever its head says."""

import asyncio
from typing import Any

import pytest

from dashboard.http import Refused
from dashboard.http import whole_body as whole_for_the_panel
from proxy.asgi import ClientGone, Receive, TooLarge, TooSlow, replayed, unstalled, whole_body


def scope(*headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"headers": list(headers)}


def arriving(*messages: dict[str, Any]) -> Receive:
    left = list(messages)

    async def receive() -> Any:
        return left.pop(0) if left else await asyncio.Event().wait()

    return receive


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_its_parts_come_together_and_can_be_read_once_more() -> None:
    body = await whole_body(scope(), arriving(part(b"ab", more=True), part(b"c")), 3)
    assert body == b"abc"
    again = replayed(body, arriving({"type": "http.disconnect"}))
    assert await again() == part(b"abc")
    assert await again() == {"type": "http.disconnect"}


@pytest.mark.parametrize("length", [b"4", b"-1", b"1_0", b"\xb2", b"", b"9" * 5000])
async def test_a_length_that_is_too_much_or_none_is_refused_unread(length: bytes) -> None:
    with pytest.raises(TooLarge):
        await whole_body(scope((b"content-length", length)), arriving(), 3)


async def test_what_grows_above_the_bound_is_refused() -> None:
    with pytest.raises(TooLarge):
        await whole_body(scope(), arriving(part(b"abc", more=True), part(b"d", more=True)), 3)


async def test_who_leaves_or_is_too_slow_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.asgi.RECEIVE_S", 0.05)
    with pytest.raises(ClientGone):
        await whole_body(scope(), arriving({"type": "http.disconnect"}), 3)
    with pytest.raises(TooSlow):
        await whole_body(scope(), arriving(part(b"a", more=True)), 3)
    with pytest.raises(Refused, match="not complete in time"):
        await whole_for_the_panel(scope(), arriving(), 3)


async def test_who_takes_nothing_is_gone() -> None:
    async def full(_message: Any) -> None:
        await asyncio.Event().wait()

    with pytest.raises(ClientGone):
        await unstalled(full, 0.01)(part(b"a"))
