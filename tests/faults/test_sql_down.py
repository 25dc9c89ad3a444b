"""Without SQL calls go on, until the outbox has its bound; what SQL refuses stops nothing else."""

import asyncio

import asyncpg

from tests.faults.stand import P, Parted, config
from tests.faults.traffic import Traffic
from tests.waiting import wait_for


def _waiting(parted: Parted) -> int:
    with parted.redis() as client:
        return int(client.xlen(f"{P}outbox"))


def test_calls_go_on_without_sql_and_are_drained_when_it_is_back(parted: Parted) -> None:
    parted.to_sql.refuse()
    try:
        with parted.traffic(rounds=5, clients=4) as traffic:
            traffic.finish()
        assert set(traffic.statuses) == {200}
        assert _waiting(parted) >= traffic.succeeded
        parted.janitor.wait_log("a job waits")
    finally:
        parted.to_sql.heal()
    parted.check()
    assert all(parted.entries(got.name)[0].status == "settled" for got in traffic.got[:3])


def test_a_redis_lost_while_sql_is_away_is_rebuilt_when_sql_is_back(parted: Parted) -> None:
    epoch = parted.meta("epoch")
    parted.to_sql.refuse()
    try:
        got = parted.call()
        assert got.status == 200
        with parted.redis() as client:
            client.flushall()
        parted.front.wait_for(lambda: parted.front.readyz()[0] == 503, "/readyz to answer 503")
        assert parted.call().status == 503
    finally:
        parted.to_sql.heal()
    parted.wait_recovered(epoch)
    (entry,) = parted.wait_entries(got.name)
    assert entry.status == "settled"
    parted.check()


def test_admission_closes_when_the_outbox_has_its_bound(parted: Parted) -> None:
    parted.deployment.write_config(config(storage={"outbox_bytes_max": "1 MiB"}))
    parted.to_sql.refuse()
    try:
        name = parted.name()
        with Traffic(parted.front.url, name, clients=8, only=False, heavy=True) as traffic:
            wait_for(lambda: traffic.statuses[503] > 0, "admission to close")
        assert int(parted.meta("outbox_bytes")) >= 2**20
        closed = parted.call()
        assert closed.status == 503
        assert not parted.received(closed.name)
        assert set(traffic.statuses) == {200, 503}
    finally:
        parted.to_sql.heal()
    wait_for(lambda: parted.call().status == 200, "admission to open")
    parted.deployment.write_config(config())
    parted.check()


def test_a_record_that_sql_refuses_is_set_aside_and_named(parted: Parted) -> None:
    """Somebody else's row has taken the number of the next entry."""
    parted.check()
    taken = int(parted.meta("seq")) + 1
    copy = (
        "INSERT INTO billing_log SELECT (r).* FROM (SELECT jsonb_populate_record(b, "
        f"""jsonb_build_object('id', -1, 'seq', {taken}, 'hold_id', 'foreign')) AS r """
        "FROM billing_log b LIMIT 1) AS one"
    )
    parted.spoiled = True

    async def insert() -> None:
        connection = await asyncpg.connect(parted.database_url)
        try:
            await connection.execute(copy)
        finally:
            await connection.close()

    asyncio.run(insert())
    refused = parted.call()
    others = [parted.call() for _ in range(3)]
    assert [got.status for got in (refused, *others)] == [200] * 4
    parted.janitor.wait_log("outbox entry is quarantined")
    for got in others:
        assert len(parted.wait_entries(got.name)) == 1
    assert parted.entries(refused.name) == []
    with parted.redis() as client:
        assert [int(seq) for seq in client.hkeys(f"{P}quarantine")] == [taken]
    assert f"number {taken} is quarantined" in parted.problems()
