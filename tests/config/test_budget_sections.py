"""Rules as ops write them become the rules that admission reads."""

import pytest

from config.budget_sections import Budgets, RuleSettings
from config.rules import Counts, Dimension, Window


def test_a_rule() -> None:
    written = {
        "name": "seo",
        "limit_usd": "0.10",
        "window": "week",
        "match": {"agent": "Seo", "task": "Écrire"},
        "each": ["campaign", "key"],
        "counts": "dearer",
        "alert_at": ["0.9", "0.5"],
        "slider_usd": ["0", "1"],
        "locked": "true",
    }
    rule = RuleSettings.model_validate(written).as_rule("Europe/Berlin")
    assert rule.limit_nano == 100_000_000
    assert rule.window is Window.WEEK
    assert rule.timezone == "Europe/Berlin"
    assert rule.match == {Dimension.AGENT: "seo", Dimension.TASK: "écrire"}
    assert rule.each == (Dimension.CAMPAIGN, Dimension.KEY)
    assert rule.counts is Counts.DEARER
    assert rule.alert_at_mille == (500, 900)
    assert rule.slider_nano == (0, 10**9)
    assert rule.locked


def test_each_of_one_and_match_of_nobody() -> None:
    written = {"name": "a", "limit_usd": "0", "window": "total", "each": "campaign"}
    rule = RuleSettings.model_validate({**written, "match": {"agent": "Unattributed"}})
    assert rule.each == (Dimension.CAMPAIGN,)
    assert rule.match == {Dimension.AGENT: "unattributed"}


@pytest.mark.parametrize(
    ("primary", "names", "index"),
    [
        (None, ["a", "monthly"], 1),
        (None, ["a", "b"], 0),
        ("B", ["a", "b"], 1),
        ("c", ["a", "b"], None),
        (None, [], None),
    ],
)
def test_the_primary_rule(primary: str | None, names: list[str], index: int | None) -> None:
    rules = [{"name": name, "limit_usd": "1", "window": "day"} for name in names]
    assert Budgets.model_validate({"primary": primary, "rules": rules}).primary_index() == index
