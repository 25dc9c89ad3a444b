"""Overrides: what SQL has folds into one state, and Redis never goes back to an older one."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from storage import overrides
from storage.audit import Act
from storage.errors import Conflict
from storage.overrides import Change, State, publish, state_of, write
from storage.redis_link import RedisLink

ACT = Act("override", "boss", "api")
CHANGE = Change("monthly", "0123456789abcdef", "", "", 5, None, "boss", "")


def changes(*said):
    """Rows of (limit, window start, made), oldest first."""
    return [
        SimpleNamespace(version=n, limit_nano=limit, window_start_ms=window, made_ms=made)
        for n, (limit, window, made) in enumerate(said, 1)
    ]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([], State()),
        ([(5, None, 10)], State(1, 5)),
        ([(5, None, 10), (None, None, 11)], State(2, None)),
        ([(5, None, 10), (3, 8, 11)], State(2, 5, ((8, 3),))),
        ([(3, 8, 10), (5, None, 11)], State(2, 5)),
        ([(3, 20, 10), (5, None, 11)], State(2, 5, ((20, 3),))),
        ([(3, 8, 10), (None, 8, 11)], State(2, None)),
    ],
)
def test_the_newest_word_binds(said, state):
    assert state_of(changes(*said)) == state


async def test_only_one_of_two_who_read_the_same_version_is_heard(ledger):
    await write(ledger, CHANGE, ACT, 0, 1)
    answers = await asyncio.gather(
        *(write(ledger, replace(CHANGE, limit_nano=n), ACT, 1, n) for n in range(2, 7)),
        return_exceptions=True,
    )
    heard = [answer for answer in answers if isinstance(answer, State)]
    assert len(heard) == 1
    assert all(isinstance(answer, State | Conflict) for answer in answers)
    assert await overrides.state(ledger, CHANGE.counter) == heard[0]
    assert len(await ledger.audited()) == 2


async def test_an_older_version_that_arrives_late_changes_nothing(ledger, valkey_url, monkeypatch):
    link = RedisLink(valkey_url)
    base = (CHANGE.counter, "")
    first = await write(ledger, CHANGE, ACT, None, 1)
    await write(ledger, replace(CHANGE, limit_nano=9), ACT, None, 2)
    assert await publish(link, ledger, base) == State(2, 9)

    async def as_it_was(*_):
        return first

    monkeypatch.setattr(overrides, "state", as_it_was)
    await publish(link, ledger, base)
    assert await link.hash("overrides") == {CHANGE.counter: "9"}
    monkeypatch.undo()
    await write(ledger, replace(CHANGE, limit_nano=None), ACT, None, 3)
    assert await overrides.publish_pending(link, ledger) == 1
    assert await link.hash("overrides") == {}
    await link.close()
