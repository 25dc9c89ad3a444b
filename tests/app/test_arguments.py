"""Values of the command line mean what their help says."""

import time

import pytest
import typer

from app.arguments import moment_ms, some_text, usd


@pytest.mark.parametrize(
    ("text", "nano"), [("0", 0), ("0.0042", 4_200_000), ("12", 12_000_000_000)]
)
def test_dollars_are_exact(text: str, nano: int) -> None:
    assert usd(text) == nano


@pytest.mark.parametrize("text", ["-0.01", "1e-10", "1,5", "nan", ""])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        usd(text)


def test_a_time_ago_is_counted_from_now() -> None:
    now = time.time() * 1000
    for text, seconds in (("90s", 90), ("5m", 300), ("24h", 86_400), ("7d", 604_800)):
        assert abs(now - seconds * 1000 - moment_ms(text)) < 5_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31", 1_769_817_600_000),
        ("2026-01-31T08:00", 1_769_846_400_000),
        ("2026-01-31T08:00+01:00", 1_769_842_800_000),
    ],
)
def test_a_time_without_a_zone_is_utc(text: str, expected: int) -> None:
    assert moment_ms(text) == expected


@pytest.mark.parametrize("text", ["yesterday", "24", "h", "2026-13-01", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        moment_ms(text)


def test_a_reason_is_one_line() -> None:
    assert some_text(" too\n dear ") == "too dear"
    with pytest.raises(typer.BadParameter):
        some_text(" \n")
