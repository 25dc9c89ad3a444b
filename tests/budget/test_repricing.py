"""Every row that a price table priced can be computed again, and by another table."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budget.charge import Pricing, amounts
from budget.repricing import Line, Repriced, Repricing, reprice
from config.model_data import base_table
from config.models import ModelTable
from config.money import NanoPerMillion
from storage.ledger import Ledger, Search
from storage.records import Flag, LedgerEntry, Status, Usage
from tests.config.helpers import loaded
from tests.storage.entries import NEW_YEAR_MS, correction, entry

OWN = base_table()
RATE = NanoPerMillion(40_000_000_000)
NAMES = sorted(OWN.models)
DEARER = loaded("prices: {overrides: {gpt-4o: {input_usd_per_1m: 5}}}").models
"""Twice the input price: 5,000 nano-dollars a token in place of 2,500; output 10,000."""


def priced(seq: int, usage: Usage, model: str = "gpt-4o", **changes: Any) -> LedgerEntry:
    """A settled call at the prices in force."""
    row = entry(seq, requested_model=model, usage=usage, price_version=OWN.version, **changes)
    cost = amounts(Pricing("agent_rate", RATE, OWN.resolve(model), ""), usage, row.tier)
    return replace(row, provider_nano=cost.provider, charge_nano=cost.charge)


def reprice_rows(
    *rows: LedgerEntry, own: ModelTable = OWN, against: ModelTable = DEARER
) -> Repriced:
    repricing = Repricing(own, against)
    for at, row in enumerate(rows):
        before: Sequence[LedgerEntry] = [r for r in rows[:at] if r.hold_id == row.hold_id]
        repricing.add(row, before)
    return repricing.result()


COUNTS = st.integers(0, 400_000)


@settings(max_examples=200, deadline=None)
@given(
    model=st.sampled_from(NAMES),
    tier=st.sampled_from(("default", "flex", "priority", "batch", "of-tomorrow")),
    counts=st.lists(COUNTS, min_size=9, max_size=9),
    calls=st.lists(st.integers(0, 9), min_size=3, max_size=3),
)
def test_a_row_gives_its_recorded_amount_again(
    model: str, tier: str, counts: list[int], calls: list[int]
) -> None:
    """For any units, tier and model, the table that priced a row proves it."""
    row = priced(1, Usage(*counts, *calls), model, tier=tier)
    found = reprice_rows(row, against=OWN)
    assert (found.proven, found.inconsistent_rows, found.total.kept) == (1, 0, 0)
    assert found.total.repriced_nano == found.total.recorded_nano == row.provider_nano


def test_another_table_would_have_charged() -> None:
    found = reprice_rows(
        # 100 × 2,500 + 10 × 10,000 = 350,000; with input at 5,000: 600,000.
        priced(1, Usage(100, 10)),
        # 40 of 100 cached at 1,250: 200,000; with input at 5,000: 350,000.
        priced(2, Usage(100, cached_tokens=40)),
        # Another model: nothing changes. 100 × 150.
        priced(3, Usage(100), "gpt-4o-mini"),
    )
    assert found.lines == (
        Line("gpt-4o", 2, 0, 550_000, 950_000),
        Line("gpt-4o-mini", 1, 0, 15_000, 15_000),
    )
    assert (found.total.difference_nano, found.proven) == (400_000, 3)


def test_a_row_that_does_not_add_up_is_named() -> None:
    wrong = replace(priced(7, Usage(100, 10)), provider_nano=350_001)
    found = reprice_rows(priced(6, Usage(1)), wrong)
    (named,) = found.inconsistent
    assert (named.hold_id, named.seq) == ("hold-7", 7)
    assert (named.recorded_nano, named.recomputed_nano) == (350_001, 350_000)
    assert (found.proven, found.inconsistent_rows) == (1, 1)


def test_a_row_of_another_table_is_counted_and_not_doubted() -> None:
    other = replace(priced(1, Usage(100)), price_version="litellm-1:abc", provider_nano=7)
    found = reprice_rows(other)
    assert (found.proven, found.inconsistent_rows) == (0, 0)
    assert found.other_versions == {"litellm-1:abc": 1}
    assert found.total.repriced_nano == 500_000


def test_what_does_not_follow_from_units_stands_as_recorded() -> None:
    first = priced(1, Usage(100))
    by_hand = replace(correction(first, 2, 5), provider_nano=9)
    assumed = entry(3, status=Status.ASSUMED, provider_nano=70_000, requested_model="gpt-4o")
    logged = entry(4, usage=Usage(), provider_nano=80_000, requested_model="gpt-4o")
    voided = entry(5, status=Status.VOIDED, charge_nano=0, provider_nano=0)
    refused = entry(6, status=Status.REFUSED, charge_nano=0, provider_nano=0)
    manual = entry(7, status=Status.MANUAL, provider_nano=90_000, requested_model="gpt-4o")
    # Nobody wrote down how long its lines were.
    batch = entry(8, endpoint="batches", provider_nano=2_501, requested_model="gpt-4o")
    fixed = replace(priced(9, Usage(100)), provider_nano=1_000)
    fixed = replace(fixed, flags=frozenset({Flag.ASSUMED_PRICE}))
    found = reprice_rows(first, by_hand, assumed, logged, voided, refused, manual, batch, fixed)
    assert found.total == Line("", 7, 6, 493_510, 743_510)
    assert found.inconsistent_rows == 0


def test_a_batch_is_priced_by_its_sums_as_long_as_no_line_has_a_price_of_its_own() -> None:
    """gpt-5.4 costs more from 272,000 tokens on: a batch is not one such call, its lines may be."""
    sums = Usage(3_000_000, 30_000, cached_tokens=1_000_000)
    short = priced(
        1, replace(sums, line_input_tokens=270_000), "gpt-5.4", tier="batch", endpoint="batches"
    )
    # Half of 2,500 and of 15,000 nano-dollars a token; 130 for what was cached.
    assert short.provider_nano == 2_000_000 * 1250 + 1_000_000 * 130 + 30_000 * 7500
    long = replace(
        short, hold_id="long", usage=replace(short.usage, line_input_tokens=300_000),
        provider_nano=5,
    )  # fmt: skip
    dearer = loaded(
        "prices: {overrides: {gpt-5.4: {tiers: {batch: {output_usd_per_1m: 10}}}}}"
    ).models
    found = reprice_rows(short, long, against=dearer)
    assert (found.proven, found.inconsistent_rows) == (1, 0)
    assert found.total == Line(
        "", 2, 1, short.provider_nano + 5, short.provider_nano + 30_000 * 2500 + 5
    )


def test_the_truth_about_an_assumed_call_is_priced_as_a_whole() -> None:
    """Assumed at 700,000; then its usage came: 350,000, so its second row says -350,000."""
    assumed = entry(1, status=Status.ASSUMED, provider_nano=700_000, requested_model="gpt-4o")
    truth = replace(
        priced(2, Usage(100, 10)), hold_id=assumed.hold_id, entry=1, status=Status.CORRECTION,
        provider_nano=-350_000,
    )  # fmt: skip
    found = reprice_rows(assumed, truth)
    assert (found.proven, found.inconsistent_rows) == (1, 0)
    assert (found.total.recorded_nano, found.total.repriced_nano) == (350_000, 600_000)


def test_a_model_that_the_other_table_does_not_know_stands_as_recorded() -> None:
    empty = replace(OWN, models={})
    found = reprice_rows(priced(1, Usage(100)), against=empty)
    assert found.total == Line("", 1, 1, 250_000, 250_000)
    assert found.proven == 1


def test_a_model_without_a_price_costs_nothing_and_is_proven() -> None:
    unpriced = replace(priced(1, Usage(100), "gpt-x"), provider_nano=0)
    found = reprice_rows(unpriced, against=OWN)
    assert (found.proven, found.total.kept) == (1, 1)


def at(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def test_each_row_is_priced_by_the_day_of_its_admission() -> None:
    dated = loaded("prices: {overrides: {gpt-4o: {from: 2026-06-01, input_usd_per_1m: 5}}}").models
    found = reprice_rows(
        replace(priced(1, Usage(100)), admitted_ms=at("2026-05-31T23:59:59.999")),
        replace(priced(2, Usage(100)), admitted_ms=at("2026-06-01")),
        against=dated,
    )
    assert found.total.repriced_nano == 250_000 + 500_000


@pytest.mark.parametrize(("since", "provider_nano"), [("", 250_000), ("@2026-06-01", 500_000)])
def test_a_row_is_proven_by_the_prices_that_its_version_names(
    since: str, provider_nano: int
) -> None:
    """Also where the proxy's clock and Redis's stood on two sides of midnight."""
    dated = loaded("prices: {overrides: {gpt-4o: {from: 2026-06-01, input_usd_per_1m: 5}}}").models
    row = replace(
        priced(1, Usage(100)), provider_nano=provider_nano, admitted_ms=at("2026-06-01"),
        price_version=dated.version + since,
    )  # fmt: skip
    found = reprice_rows(row, own=dated, against=dated)
    assert (found.proven, found.inconsistent_rows) == (1, 0)


async def test_the_whole_ledger_is_read_in_batches(sqlite_url: str) -> None:
    ledger = await Ledger.open(sqlite_url)
    try:
        first = entry(1, status=Status.ASSUMED, provider_nano=700_000, dearer_nano=700_000)
        first = replace(first, requested_model="gpt-4o")
        rows = [priced(seq, Usage(seq)) for seq in range(2, 2501)]
        truth = replace(
            priced(2501, Usage(100, 10)), hold_id=first.hold_id, entry=1,
            status=Status.CORRECTION, provider_nano=-350_000,
        )  # fmt: skip
        dearer = [replace(r, dearer_nano=max(r.charge_nano, r.provider_nano)) for r in rows]
        assert await ledger.append([first, *dearer, truth]) == []
        found = await reprice(ledger, OWN, OWN, Search())
        assert found.total.rows == 2501
        assert (found.proven, found.inconsistent_rows, found.total.difference_nano) == (2500, 0, 0)
        some = Search(since_ms=NEW_YEAR_MS + 10, until_ms=NEW_YEAR_MS + 20)
        assert (await reprice(ledger, OWN, OWN, some)).total.rows == 10
    finally:
        await ledger.close()
