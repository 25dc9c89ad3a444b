"""A counter belongs to what a rule counts, not to its name."""

from dataclasses import replace

import pytest

from config.money import Nano
from config.rules import Counts, Dimension, Rule, Window, fold, value_digest

RULE = Rule("monthly", Nano(10), Window.MONTH, "UTC", {Dimension.AGENT: "seo"})


@pytest.mark.parametrize(
    "same",
    [
        replace(RULE, name="other"),
        replace(RULE, limit_nano=Nano(99)),
        replace(RULE, alert_at_mille=(500,)),
        replace(RULE, match={Dimension.AGENT: "SEO"}),
        replace(RULE, locked=True),
    ],
)
def test_a_rename_or_another_limit_keeps_the_counter(same: Rule) -> None:
    assert same.counter == RULE.counter


@pytest.mark.parametrize(
    "other",
    [
        replace(RULE, window=Window.DAY),
        replace(RULE, timezone="Europe/Berlin"),
        replace(RULE, match={}),
        replace(RULE, match={Dimension.CAMPAIGN: "seo"}),
        replace(RULE, each=(Dimension.CAMPAIGN,)),
        replace(RULE, counts=Counts.DEARER),
    ],
)
def test_anything_else_makes_a_new_counter(other: Rule) -> None:
    assert other.counter != RULE.counter


def test_the_order_of_each_does_not_matter() -> None:
    one = replace(RULE, each=(Dimension.TASK, Dimension.CAMPAIGN))
    assert one.counter == replace(RULE, each=(Dimension.CAMPAIGN, Dimension.TASK)).counter


def test_values_fold_case() -> None:
    assert fold("Straße") == fold("STRASSE")
    assert value_digest("Holiday") == value_digest("HOLIDAY") != value_digest("holidays")
