"""Late work as it is written down, and how its hold changes hands."""

import pytest

from budget.frozen_pricing import frozen
from budget.late import LateResult
from storage.jobs import Jobs, LateJob
from storage.records import Amounts, Outcome, Status, WorstCase
from storage.snapshot import read_snapshot
from tests.budget.purse import Engines, facts, monthly, open_purse


@pytest.fixture
def engines(valkey_url: str, database_url: str) -> Engines:
    return Engines(valkey_url, database_url)


def job_of(grant, **changes) -> LateJob:
    values = {
        "kind": "batch", "facts": grant.facts, "held": grant.held, "worst": grant.worst,
        "ceiling": 7, "postings": grant.postings, "admitted_ms": grant.admitted_ms,
        "price_version": "v", "pricing": frozen(grant.pricing),
        "process_id": "proxy-1", "pollable": True,
        "deadline_ms": grant.admitted_ms + 1000,
    } | changes  # fmt: skip
    return LateJob(**values)


def test_a_job_survives_being_written():
    job = LateJob(
        "response", facts(), Amounts(1, 2), WorstCase(3, tiers=("a", "b")), 4, (), 5, "v",
        {"model": None}, "proxy-1", False, 6, "resp_1",
    )  # fmt: skip
    assert LateJob.load(job.dump()) == job


async def test_a_hold_passes_to_its_job_and_is_forgotten_with_its_end(engines):
    async with open_purse(engines, monthly("100")) as purse:
        process = await purse.process()
        grant = await process.admit(10)
        jobs = Jobs(process.link, purse.ledger)
        job = job_of(grant)
        await jobs.write(job)
        assert await jobs.unfinished() == [job]
        await jobs.name(grant.facts.hold_id, "batch_1")
        named = job.known_as("batch_1")
        assert await jobs.unfinished() == [named]
        assert [await jobs.hand_over(named) for _ in range(2)] == ["held", "held"]
        assert [h.process_id for h in (await read_snapshot(purse.link)).holds] == [
            "job:batch:batch_1"
        ]
        assert await jobs.find("batch", "batch_1") == named
        await process.spend(1)
        await process.late.settle(named, LateResult(Outcome(Status.FAILED)))
        assert await jobs.find("batch", "batch_1") is None
        assert await jobs.hand_over(named) == "ended"
        await jobs.close(grant.facts.hold_id)
        assert await jobs.unfinished() == []
