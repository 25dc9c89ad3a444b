"""The record of a call as it travels through Redis, and back into a ledger entry.

A script adds what only it can know: sequence, entry, times and amounts.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from storage.errors import LedgerRejected
from storage.records import Amounts, CallFacts, Flag, LedgerEntry, Outcome, Status, Usage

_USAGE_FIELDS = tuple(Usage.__dataclass_fields__)


def record_of(facts: CallFacts, price_version: str, outcome: Outcome | None = None) -> bytes:
    """What the ledger will say of a call, as JSON; without an outcome, what stood at admission."""
    caller = facts.caller
    record: dict[str, Any] = {
        "request_id": facts.request_id,
        "agent": caller.agent,
        "campaign": caller.campaign,
        "task": caller.task,
        "key": caller.key,
        "execution_id": caller.execution_id,
        "metadata": caller.metadata,
        "endpoint": facts.endpoint,
        "requested_model": facts.requested_model,
        "tier": facts.tier,
        "price_version": price_version,
    }
    if outcome is not None:
        record |= {
            "served_model": outcome.served_model,
            "tier": outcome.tier,
            "http_status": outcome.http_status,
            "latency_ms": outcome.latency_ms,
            "ttfb_ms": outcome.ttfb_ms,
            "usage": {name: n for name, n in asdict(outcome.usage).items() if n},
        }
    return orjson.dumps(record)


def correction_record(entry: LedgerEntry, reason: str) -> bytes:
    """The record of a correction made by hand: that of the call, with the reason."""
    return orjson.dumps(
        {
            "request_id": entry.request_id,
            "agent": entry.agent,
            "campaign": entry.campaign,
            "task": entry.task,
            "key": entry.key,
            "execution_id": entry.execution_id,
            "endpoint": entry.endpoint,
            "requested_model": entry.requested_model,
            "served_model": entry.served_model,
            "tier": entry.tier,
            "price_version": entry.price_version,
            "reason": reason,
        }
    )


def packed_flags(flags: frozenset[Flag]) -> str:
    """Flags as the scripts take them."""
    return ",".join(sorted(flags))


def refusal_line(facts: CallFacts) -> str:
    """Who was refused, as refusals are counted: agent, campaign and key."""
    caller = facts.caller
    return orjson.dumps([caller.agent, caller.campaign, caller.key]).decode()


def entry_of(seq: int, fields: Mapping[str, bytes]) -> LedgerEntry:
    """One outbox entry as a ledger entry; raises `LedgerRejected` for what cannot be read."""
    try:
        status = Status(fields["s"].decode())
        facts = (
            _refusal(fields["r"].decode())
            if status is Status.REFUSED
            else _known(orjson.loads(fields["r"]))
        )
        return LedgerEntry(
            hold_id=fields["id"].decode(),
            entry=int(fields["e"]),
            seq=seq,
            status=status,
            admitted_ms=int(fields["a"]),
            posted_ms=int(fields["t"]),
            charge_nano=int(fields["c"]),
            provider_nano=int(fields["p"]),
            dearer_nano=int(fields["d"]),
            held_nano=int(fields["h"]),
            flags=frozenset(Flag(flag) for flag in fields["f"].decode().split(",") if flag),
            overflow=tuple(name for name in fields["o"].decode().split(",") if name),
            count=int(fields["n"]),
            **facts,
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise LedgerRejected(f"outbox entry {seq} cannot be read: {error!r}") from error


def _known(record: dict[str, Any]) -> dict[str, Any]:
    usage = record.pop("usage", {})
    return record | {"usage": Usage(**{name: int(usage.get(name, 0)) for name in _USAGE_FIELDS})}


def _refusal(line: str) -> dict[str, Any]:
    _, reason, rule, who = line.split("|", 3)
    agent, campaign, key = orjson.loads(who) if who else ("many", "many", "many")
    return {
        "request_id": "",
        "agent": agent,
        "campaign": campaign,
        "task": "",
        "key": key,
        "endpoint": "",
        "requested_model": "",
        "reason": reason,
        "rule": rule or None,
    }


def totals_of(entries: list[LedgerEntry]) -> tuple[int, Amounts]:
    """The last entry's number and the sums of a call's entries."""
    return entries[-1].entry, Amounts(
        charge=sum(entry.charge_nano for entry in entries),
        provider=sum(entry.provider_nano for entry in entries),
    )
