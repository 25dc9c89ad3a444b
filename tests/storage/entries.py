"""Ledger entries for tests, plain unless told otherwise."""

from dataclasses import replace
from typing import Any

from storage.records import LedgerEntry, Status, Usage

NEW_YEAR_MS = 1_767_225_600_000
"""2026-01-01 00:00 UTC."""

DAY_MS = 86_400_000


def entry(seq: int, **changes: Any) -> LedgerEntry:
    plain = LedgerEntry(
        hold_id=f"hold-{seq}",
        entry=0,
        seq=seq,
        status=Status.SETTLED,
        admitted_ms=NEW_YEAR_MS + seq,
        posted_ms=NEW_YEAR_MS + seq + 1000,
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


def correction(first: LedgerEntry, seq: int, charge_nano: int) -> LedgerEntry:
    """An entry that changes the charge of `first` by `charge_nano`."""
    return replace(
        first,
        entry=first.entry + 1,
        seq=seq,
        status=Status.CORRECTION,
        usage=Usage(),
        charge_nano=charge_nano,
        provider_nano=0,
        dearer_nano=charge_nano,
        held_nano=0,
        reason="the true charge became known",
    )
