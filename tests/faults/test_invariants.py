"""The checks that every test here ends with do find what is wrong."""

import asyncio

from storage.ledger import Ledger
from storage.redis_link import RedisLink
from tests.faults.stand import P, Serving
from tests.invariants import problems


def test_money_that_nobody_spent_is_found(serving: Serving) -> None:
    serving.check()
    with serving.redis() as client:
        (counter, *_) = sorted(client.hkeys(f"{P}counters"))
        key = f"{P}c:{counter.decode()}"
        (field, *_) = (f for f in sorted(client.hkeys(key)) if f.endswith(b":p"))
        for tampered, said in ((field, "posted"), (field[:-1] + b"h", "held")):
            client.hincrby(key, tampered, 1)
            assert any(said in problem for problem in serving.problems())
            client.hincrby(key, tampered, -1)
        client.hincrby(f"{P}meta", "seq", 1)
        assert any("numbers" in problem for problem in serving.problems())
        client.hincrby(f"{P}meta", "seq", -1)
    serving.check()


def test_a_call_without_an_end_is_found(serving: Serving) -> None:
    async def read() -> list[str]:
        link = RedisLink(serving.redis_url)
        ledger = await Ledger.open(serving.database_url)
        unknown = {"headers": [["x-test-call", "unknown"]], "provider_nano": 1}
        try:
            return await problems(link, ledger, [*serving.upstream(), unknown])
        finally:
            await ledger.close()
            await link.close()

    assert asyncio.run(read()) == ["the upstream received unknown, the ledger has 0 of it"]


def test_an_undercharged_call_is_found(serving: Serving) -> None:
    async def read() -> list[str]:
        link = RedisLink(serving.redis_url)
        ledger = await Ledger.open(serving.database_url)
        first, *rest = serving.upstream()
        dearer = {**first, "provider_nano": first["provider_nano"] + 1}
        try:
            return await problems(link, ledger, [dearer, *rest])
        finally:
            await ledger.close()
            await link.close()

    (found,) = asyncio.run(read())
    assert "billed" in found
