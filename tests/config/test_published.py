"""A rule that was published is the same rule again, to the last nano-dollar."""

import json

from hypothesis import given
from hypothesis import strategies as st

from config.money import NANO_MAX, Nano
from config.published import published_rule, rule_from_published, rules_from_published
from config.rules import Counts, Dimension, Rule, Window
from tests.config.helpers import loaded

AMOUNTS = st.integers(0, NANO_MAX).map(Nano)
RULES = st.builds(
    Rule,
    name=st.text(min_size=1),
    limit_nano=AMOUNTS,
    window=st.sampled_from(Window),
    timezone=st.sampled_from(["UTC", "Europe/Berlin"]),
    match=st.dictionaries(st.sampled_from(Dimension), st.text()),
    each=st.lists(st.sampled_from(Dimension), unique=True).map(tuple),
    counts=st.sampled_from(Counts),
    alert_at_mille=st.lists(st.integers(1, 1000)).map(tuple),
    slider_nano=st.none() | st.tuples(AMOUNTS, AMOUNTS),
    locked=st.booleans(),
)


@given(RULES)
def test_a_rule_comes_back(rule: Rule) -> None:
    again = rule_from_published(json.loads(json.dumps(published_rule(rule))))
    assert again == rule
    assert again.counter == rule.counter


def test_a_generation_comes_back() -> None:
    made = loaded("")
    data = json.loads(json.dumps({"rules": [published_rule(rule) for rule in made.rules]}))
    assert rules_from_published(data) == made.rules
    numbers = [v for rule in data["rules"] for v in rule.values() if type(v) in {int, float}]
    assert numbers == []
