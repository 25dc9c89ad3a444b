"""Two price tables are compared price by price, today and on every later day known."""

from datetime import date

from config.model_data import base_table
from config.models import ModelTable
from config.price_diff import PriceDifference, compare
from tests.config.helpers import loaded

TODAY = date(2026, 11, 1)
USD = 10**9


def table(text: str) -> ModelTable:
    return loaded(f"prices: {{overrides: {{{text}}}}}").models


def test_a_table_does_not_differ_from_itself() -> None:
    found = compare(base_table(), base_table(), TODAY)
    assert (found.prices, found.only_ours, found.only_theirs) == ((), (), ())
    assert found.compared == len(base_table().models)


def test_what_differs_is_named_once_with_its_day() -> None:
    ours = table(
        "gpt-4o: {input_usd_per_1m: 2, changes: ["
        "{from: 2027-01-01, output_usd_per_1m: 9}, {from: 2027-02-01, output_usd_per_1m: 10}]}"
    )
    found = compare(ours, base_table(), TODAY)
    assert found.prices == (
        PriceDifference("gpt-4o", "input", "default", 0, None, 2 * USD, 5 * USD // 2),
        PriceDifference("gpt-4o", "output", "default", 0, date(2027, 1, 1), 9 * USD, 10 * USD),
        PriceDifference("gpt-4o", "output", "default", 0, date(2027, 2, 1), 10 * USD, 10 * USD),
    )


def test_a_change_of_the_past_is_what_holds_today() -> None:
    ours = table("gpt-4o: {from: 2026-10-01, input_usd_per_1m: 2}")
    (found,) = compare(ours, base_table(), TODAY).prices
    assert (found.since, found.ours_nano) == (None, 2 * USD)


def test_models_and_prices_that_only_one_has() -> None:
    ours = table("gpt-x: {input_usd_per_1m: 1}, gpt-4o: {tiers: {flex: {input_usd_per_1m: 1}}}")
    found = compare(ours, base_table(), TODAY)
    assert found.only_ours == ("gpt-x",)
    (only,) = found.prices
    assert (only.tier, only.ours_nano, only.theirs_nano) == ("flex", USD, None)
    assert compare(ours, base_table(), TODAY, partial=True).prices == ()
    assert compare(base_table(), ours, TODAY).only_theirs == ("gpt-x",)


def test_fees_are_compared() -> None:
    ours = loaded("prices: {fees: {file_search_usd: 0.01}}").models
    found = compare(ours, base_table(), TODAY).prices
    assert {difference.what for difference in found} == {"file_search fee"}
    assert len(found) == len(base_table().models)
