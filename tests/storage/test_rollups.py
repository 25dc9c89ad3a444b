"""The rollup equals the ledger at every moment, however entries come."""

import asyncio
from random import Random

from sqlalchemy import select, text, update

from storage.database import reading, writing
from storage.ledger import Ledger
from storage.rollup_check import check_rollups, rebuild_rollups
from storage.tables import usage_sum
from storage.usage import figures_version
from tests.storage.books import random_books
from tests.storage.entries import entry


async def rolled(ledger: Ledger) -> list[tuple[object, ...]]:
    async with reading(ledger.engine) as connection:
        rows = await connection.execute(select(usage_sum))
        return sorted(tuple(row) for row in rows)


async def test_any_order_and_any_repetition_of_appends_gives_the_same_rollup(ledger):
    books, chance = random_books(1, 120), Random(1)
    for _ in range(3):
        chance.shuffle(books)
        for at in range(0, len(books), 17):
            await ledger.append(books[at : at + 17])
    assert await check_rollups(ledger) == ()
    before = await rolled(ledger)
    await rebuild_rollups(ledger)
    assert await rolled(ledger) == before


async def test_two_writers_at_once_count_each_entry_once(ledger):
    books = random_books(2, 60)
    await asyncio.gather(*(ledger.append(books[at : at + 20]) for at in (0, 20, 40, 0, 20, 40)))
    assert await check_rollups(ledger) == ()


async def test_the_version_moves_only_with_something_new(ledger):
    first = await figures_version(ledger)
    await ledger.append([entry(1)])
    second = await figures_version(ledger)
    await ledger.append([entry(1)])
    assert first < second == await figures_version(ledger)


async def test_a_wrong_hour_is_named_and_a_rebuild_mends_it(ledger):
    await ledger.append([entry(1), entry(2, agent="SEO")])
    async with writing(ledger.engine) as connection:
        wrong = update(usage_sum).where(
            usage_sum.c.span == "day", usage_sum.c.facet == "agent", usage_sum.c.value == "SEO"
        )
        await connection.execute(wrong.values(charge_nano=1))
        await connection.execute(text("DELETE FROM usage_sum WHERE facet = 'total'"))
    found = {(one.span, one.facet): dict(one.measures) for one in await check_rollups(ledger)}
    assert found["day", "agent"] == {"charge_nano": 599_999}
    assert found["hour", "total"]["calls"] == 2
    await rebuild_rollups(ledger)
    assert await check_rollups(ledger) == ()


async def test_values_longer_than_an_index_takes_are_kept_apart_from_the_batch(ledger):
    long = entry(1, requested_model="m" * 512, campaign="c" * 256)
    assert await ledger.append([long, entry(2)]) == []
    assert await check_rollups(ledger) == ()
