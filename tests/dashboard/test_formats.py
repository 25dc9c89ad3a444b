"""Figures on screen: exact to the cent, short where there is little room, never −0."""

from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import formats

NANO = st.integers(min_value=-(2**53), max_value=2**53)
USD = 1_000_000_000


@given(NANO)
def test_money_is_the_amount_to_the_nearest_cent(nano: int) -> None:
    shown = formats.money(nano)
    read = Decimal(shown.replace("$", "").replace(",", "").replace(formats.MINUS, "-"))
    assert read == Decimal(nano).scaleb(-9).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert shown != f"{formats.MINUS}$0.00"


@given(NANO)
def test_an_exact_amount_loses_nothing(nano: int) -> None:
    shown = formats.money_exact(nano)
    read = Decimal(shown.replace("$", "").replace(",", "").replace(formats.MINUS, "-"))
    assert read.scaleb(9) == nano


@given(NANO)
def test_a_fine_amount_is_nothing_only_if_it_is(nano: int) -> None:
    digits = {c for c in formats.money_fine(nano) if c.isdigit()}
    assert (digits == {"0"}) == (nano == 0)


@pytest.mark.parametrize(
    ("nano", "shown"),
    [
        (0, "$0.00"),
        (5_000_000, "$0.01"),
        (4_999_999, "$0.00"),
        (-30_000_000, "−$0.03"),
        (1_234_504_999_999, "$1,234.50"),
    ],
)
def test_money(nano: int, shown: str) -> None:
    assert formats.money(nano) == shown


@pytest.mark.parametrize(
    ("nano", "shown"),
    [(146_000_000, "$0.1460"), (41_200, "$0.00004"), (3, "$0.000000003"), (2 * USD, "$2.00")],
)
def test_unit_costs_show_their_first_digits(nano: int, shown: str) -> None:
    assert formats.money_fine(nano) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (999, "999"),
        (9_999, "9,999"),
        (12_408, "12.4K"),
        (100_000, "100K"),
        (999_999, "1.00M"),
        (1_000_000, "1M"),
        (14_038_250, "14.0M"),
        (-2_840_000, "−2.84M"),
        (10**15, "1000T"),
    ],
)
def test_compact(number: int, shown: str) -> None:
    assert formats.compact(number) == shown


@given(st.integers(min_value=1, max_value=10**14))
def test_a_compact_number_is_short(number: int) -> None:
    assert len(formats.compact(number)) <= 6


@pytest.mark.parametrize(
    ("nano", "shown"), [(800 * USD, "$800"), (12_500 * USD, "$12.5K"), (-3 * USD, "−$3")]
)
def test_axis_marks(nano: int, shown: str) -> None:
    assert formats.money_short(nano) == shown


@pytest.mark.parametrize(
    ("permille", "shown"),
    [(None, "—"), (0, "0%"), (124, "12.4%"), (1_000, "100%"), (1_244, "124%"), (-60, "−6%")],
)
def test_percent(permille: int | None, shown: str) -> None:
    assert formats.percent(permille) == shown


def test_a_share_of_nothing_is_none() -> None:
    assert formats.per_mille(5, 0) is None
    assert formats.per_mille(1, 3) == 333


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("SEO", "SEO"),
        ("BRAND_VOICE", "Brand voice"),
        ("AD", "Ad"),
        ("seo-audit", "SEO audit"),
        ("content_api", "Content API"),
        ("", ""),
    ],
)
def test_names_keep_their_acronyms(name: str, shown: str) -> None:
    assert formats.words(name) == shown


@pytest.mark.parametrize(
    ("before_ms", "shown"),
    [
        (900, "just now"),
        (6_000, "6 s ago"),
        (95_000, "1 min ago"),
        (90_000_000, "25 h ago"),
        (8 * 86_400_000, "8 days ago"),
        (-8 * 86_400_000, "in 8 days"),
    ],
)
def test_ago(before_ms: int, shown: str) -> None:
    assert formats.ago(10**12 - before_ms, 10**12) == shown


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (340, "340 ms"),
        (12_000, "12 s"),
        (80_000, "1 min 20 s"),
        (3_600_000, "1 h"),
        (100_800_000, "1 d 4 h"),
    ],
)
def test_duration(length: int, shown: str) -> None:
    assert formats.duration(length) == shown


def test_moments_are_told_in_the_zone_asked_for() -> None:
    midnight = 1_793_491_200_000
    assert formats.moment(midnight) == "1 Nov 2026, 00:00:00"
    assert formats.day(midnight, ZoneInfo("America/New_York")) == "31 Oct"


def test_counts_agree_with_their_noun() -> None:
    assert formats.count(1, "call") == "1 call"
    assert formats.count(1_200, "entry", "entries") == "1,200 entries"
