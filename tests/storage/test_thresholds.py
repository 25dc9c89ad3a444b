"""Thresholds that admins set: kept with their audit line, one of two who read the same version."""

import asyncio
from dataclasses import replace

from storage.audit import Act
from storage.errors import Conflict
from storage.thresholds import Thresholds, changes, write

ACT = Act("thresholds", "ada", "panel", "monthly: 80 %", "monthly: 60 %", "earlier")
CHANGE = Thresholds("monthly", "0123456789abcdef", 1, (600, 955, 1000), None, 1, "ada", "earlier")


async def test_each_change_is_kept_as_it_was_made(ledger):
    made = [
        CHANGE,
        replace(CHANGE, version=2, at_mille=(), window_start_ms=5, made_ms=2),
        replace(CHANGE, version=3, at_mille=None, made_ms=3),
    ]
    for change in made:
        await write(ledger, change, ACT)
    other = replace(CHANGE, counter="f" * 16, rule="daily", made_ms=4)
    await write(ledger, other, ACT)
    assert await changes(ledger, CHANGE.counter) == made
    assert await changes(ledger) == [*made, other]
    assert [change.lifts for change in made] == [False, False, True]
    assert [line.act for line in await ledger.audited()] == [ACT] * 4
    assert await ledger.verify_audit() == []


async def test_only_one_of_two_who_read_the_same_version_is_heard(ledger):
    answers = await asyncio.gather(
        *(write(ledger, replace(CHANGE, at_mille=(share,)), ACT) for share in range(1, 6)),
        return_exceptions=True,
    )
    assert sum(answer is None for answer in answers) == 1
    assert all(answer is None or isinstance(answer, Conflict) for answer in answers)
    assert len(await changes(ledger)) == len(await ledger.audited()) == 1
