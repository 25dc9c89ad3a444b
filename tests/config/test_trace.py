"""Every setting in force has an origin, and every setting there can be has a name."""

from config.settings import Settings
from config.trace import leaves, setting_names
from tests.config.helpers import loaded


def test_origins_cover_every_value() -> None:
    made = loaded("prices: {overrides: {gpt-x: {input_usd_per_1m: 1}}}\nbudgets: {rules: []}")
    assert len(made.origins) == len(list(leaves(made.settings)))
    assert made.origins["prices.overrides.gpt-x.input_usd_per_1m"].line == 1
    assert str(made.origins["prices.overrides.gpt-x.output_usd_per_1m"]) == "default"
    assert made.origins["budgets.rules"].line == 2


def test_a_rule_is_told_by_its_name() -> None:
    text = "budgets:\n  rules:\n    - name: a\n      limit_usd: 1\n      window: day\n"
    origins = loaded(text).origins
    assert origins["budgets.rules[a].limit_usd"].line == 4
    assert str(origins["budgets.rules[a].counts"]) == "default"


def test_names() -> None:
    names = list(setting_names(Settings))
    assert len(set(names)) == len(names)
    assert {"environment", "server.port", "budgets.rules[].limit_usd"} < set(names)
    assert "prices.overrides.*.tiers" in names
