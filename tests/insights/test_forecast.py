"""The projection of a month: exact where days are alike, honest where they are not."""

import random

from hypothesis import given
from hypothesis import strategies as st

from insights.forecast import Ahead, Day, project

WEEK = [Ahead(weekday, 1.0) for weekday in range(7)]


def test_too_few_days_foretell_nothing() -> None:
    assert project(100, [Day(0, 10), Day(1, 10)], WEEK) is None


def test_days_that_are_alike_go_on_alike() -> None:
    found = project(1_000, [Day(n % 7, 100) for n in range(5)], WEEK)
    assert found is not None
    assert (found.low_nano, found.expected_nano, found.high_nano) == (1_700, 1_700, 1_700)
    assert not found.by_weekday


def test_weekends_count_as_weekends() -> None:
    days = [Day(n % 7, 0 if n % 7 >= 5 else 100) for n in range(28)]
    found = project(0, days, [Ahead(5, 1.0), Ahead(6, 1.0), Ahead(0, 0.5)])
    assert found is not None
    assert (found.expected_nano, found.by_weekday) == (50, True)


def test_four_of_five_months_end_inside_the_interval() -> None:
    """Of days drawn at random: what an 80 % interval promises, within what chance allows."""
    chance, inside = random.Random(7), 0
    for _ in range(400):
        days = [Day(n % 7, round(chance.gauss(1e9, 2e8))) for n in range(20)]
        found = project(0, days, [Ahead(n % 7, 1.0) for n in range(10)])
        assert found is not None
        truth = sum(chance.gauss(1e9, 2e8) for _ in range(10))
        inside += found.low_nano <= truth <= found.high_nano
    assert 0.74 <= inside / 400 <= 0.86


@given(
    st.integers(0, 2**53),
    st.lists(st.builds(Day, st.integers(0, 6), st.integers(0, 10**15)), min_size=3, max_size=60),
    st.lists(st.builds(Ahead, st.integers(0, 6), st.floats(0, 1)), max_size=31),
)
def test_it_never_foretells_less_than_was_spent(spent, days, ahead) -> None:
    found = project(spent, days, ahead)
    assert found is not None
    assert spent <= found.low_nano <= found.expected_nano <= found.high_nano
