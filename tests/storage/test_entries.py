"""What Redis carries of a call comes out as the ledger entry that it was."""

from dataclasses import replace

import pytest

from storage.entries import (
    correction_record,
    entry_of,
    packed_flags,
    record_of,
    refusal_line,
    totals_of,
)
from storage.errors import LedgerRejected
from storage.records import Amounts, Caller, CallFacts, Flag, Outcome, Status, Usage
from tests.storage.entries import correction, entry

FACTS = CallFacts(
    "hold-1", "req-1", Caller("SEO", "Frühling 🌱", "t", "k", "exec-1", "sealed"), "/v1/x", "gpt-5"
)
OUTCOME = Outcome(
    Status.SETTLED,
    Usage(*range(1, 13)),
    served_model="gpt-5-2025",
    tier="flex",
    http_status=200,
    latency_ms=12,
    ttfb_ms=3,
)
FIELDS = {
    "id": b"hold-1", "e": b"0", "s": b"settled", "a": b"1000", "t": b"2000",
    "c": b"9007199254740991", "p": b"7",
    "d": b"9007199254740991", "h": b"8", "f": b"estimated,over_hold", "o": b"c1,c2",
    "n": b"1", "r": record_of(FACTS, "v1", OUTCOME),
}  # fmt: skip


def test_a_settled_call() -> None:
    found = entry_of(5, FIELDS)
    assert (found.seq, found.hold_id, found.campaign) == (5, "hold-1", "Frühling 🌱")
    assert (found.usage, found.tier, found.price_version) == (OUTCOME.usage, "flex", "v1")
    assert found.flags == {Flag.ESTIMATED, Flag.OVER_HOLD}
    assert found.overflow == ("c1", "c2")
    assert found.charge_nano == 2**53 - 1
    assert (found.metadata, found.execution_id, found.ttfb_ms) == ("sealed", "exec-1", 3)


def test_a_call_whose_process_died() -> None:
    assumed = FIELDS | {"s": b"assumed", "r": record_of(FACTS, "v1")}
    found = entry_of(5, assumed)
    assert (found.status, found.usage, found.served_model) == (Status.ASSUMED, Usage(), None)


def test_a_correction_says_why() -> None:
    record = correction_record(entry(1), "the invoice")
    found = entry_of(6, FIELDS | {"s": b"correction", "e": b"1", "c": b"-4", "r": record})
    assert (found.reason, found.charge_nano, found.entry) == ("the invoice", -4, 1)


@pytest.mark.parametrize(
    "broken",
    [{"s": b"unheard-of"}, {"c": b"1.5"}, {"r": b"{"}, {"r": b"[]"}, {"f": b"odd"}, {"id": None}],
)
def test_what_cannot_be_read_is_rejected(broken: dict[str, bytes]) -> None:
    with pytest.raises(LedgerRejected, match="outbox entry 5"):
        entry_of(5, FIELDS | broken)


def test_refusals_are_counted_by_who_was_refused() -> None:
    line = f"29000000|budget_exceeded|monthly|{refusal_line(FACTS)}"
    refused = FIELDS | {"s": b"refused", "n": b"17", "r": line.encode()}
    found = entry_of(7, refused)
    assert (found.agent, found.campaign, found.key) == ("SEO", "Frühling 🌱", "k")
    assert (found.rule, found.reason, found.count) == ("monthly", "budget_exceeded", 17)
    assert refusal_line(FACTS) == refusal_line(replace(FACTS, hold_id="x", request_id="y"))
    many = entry_of(8, refused | {"r": b"29000000|frozen||"})
    assert (many.agent, many.rule) == ("many", None)


def test_sums_of_entries() -> None:
    first = entry(1)
    assert totals_of([first, correction(first, 2, -100_000)]) == (1, Amounts(500_000, 500_000))
    assert packed_flags(frozenset({Flag.RECOVERED, Flag.ESTIMATED})) == "estimated,recovered"
