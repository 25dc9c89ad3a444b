from dataclasses import replace

import pytest

from storage.ledger import Ledger
from storage.records import LedgerEntry, Status, Usage


@pytest.fixture
async def ledger(database_url):
    ledger = await Ledger.open(database_url)
    yield ledger
    await ledger.close()


def entry(seq, **changes):
    plain = LedgerEntry(
        hold_id=f"hold-{seq}",
        entry=0,
        seq=seq,
        status=Status.SETTLED,
        admitted_ms=1_767_225_600_000 + seq,
        posted_ms=1_767_225_601_000 + seq,
        request_id=f"request-{seq}",
        agent="CONTENT",
        campaign="Holiday",
        task="unattributed",
        key="unattributed",
        endpoint="/v1/chat/completions",
        requested_model="gpt-5",
        usage=Usage(input_tokens=10, output_tokens=5),
        charge_nano=600_000,
        provider_nano=500_000,
        dearer_nano=600_000,
        held_nano=900_000,
    )
    return replace(plain, **changes)


async def test_an_entry_comes_back_as_it_was_written(ledger):
    written = entry(1)
    assert await ledger.append([written]) == []
    assert await ledger.entries_of("hold-1") == [written]
    assert await ledger.max_seq() == 1
