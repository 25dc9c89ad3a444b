"""Stored responses: bounded, the oldest makes room."""

import pytest

from sandbox import memory
from sandbox.errors import ApiError
from sandbox.memory import Memory, Stored


def test_the_oldest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "RESPONSES_MAX", 2)
    kept = Memory()
    for name in ("a", "b", "c"):
        kept.keep(Stored({"id": name}, context_tokens=7))
    assert kept.previous("c").context_tokens == 7
    assert kept.one("b") == {"id": "b"}
    with pytest.raises(ApiError):
        kept.one("a")
    with pytest.raises(ApiError):
        kept.previous("a")
