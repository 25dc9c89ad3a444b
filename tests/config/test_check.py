"""Settings that are good alone and do not fit each other."""

import pytest

from tests.config.helpers import loaded, problems

TWO = """
budgets:
  rules:
    - {{name: one, limit_usd: 1, window: day}}
    - {{{second}}}
"""


@pytest.mark.parametrize(
    ("second", "place", "found"),
    [
        ("name: one, limit_usd: 2, window: week", "budgets.rules[one].name", "second time"),
        ("name: ONE, limit_usd: 2, window: week", "budgets.rules[ONE].name", "second time"),
        ("name: two, limit_usd: 2, window: day", "budgets.rules[two]", 'counts as "one"'),
        (
            "name: two, limit_usd: 2, window: day, each: agent, match: {agent: SEO}",
            "budgets.rules[two].each",
            "match fixes",
        ),
    ],
)
def test_rules_that_do_not_fit(second: str, place: str, found: str) -> None:
    (problem,) = problems(TWO.format(second=second))
    assert problem.place == place
    assert found in problem.found
    assert problem.origin.line == 5


def test_primary_must_name_a_rule_with_one_limit() -> None:
    (problem,) = problems("budgets: {primary: montly}")
    assert 'did you mean "monthly"?' in problem.allowed
    (problem,) = problems("budgets: {primary: per-campaign}")
    assert "without each" in problem.allowed


def test_a_path_is_free_or_paid() -> None:
    (problem,) = problems("endpoints: {free: /v1/x, assume_usd: {/v1/x: 1}}")
    assert problem.place == "endpoints.assume_usd./v1/x"


def test_production_needs_a_provider() -> None:
    (problem,) = problems("environment: production")
    assert "OPENAI_API_KEY" in problem.allowed
    assert loaded("environment: production", {"OPENAI_API_KEY": "sk-x"})
    assert loaded("environment: production\nupstream: {api_key: client}")


@pytest.mark.parametrize(
    ("budgets", "limited"),
    [
        ("", "monthly"),
        ("budgets: {primary: content-daily}", "content-daily"),
        ("budgets: {rules: [{name: a, each: task, limit_usd: 1, window: day}, "
         "{name: b, limit_usd: 1, window: day}]}", "b"),
    ],
)  # fmt: skip
def test_max_monthly_budget_is_the_limit_of_the_primary_rule(budgets: str, limited: str) -> None:
    made = loaded(budgets, {"MAX_MONTHLY_BUDGET": "12.34"})
    assert made.primary is not None
    assert (made.primary.name, made.primary.limit_nano) == (limited, 12_340_000_000)
    place = f"budgets.rules[{limited}].limit_usd"
    assert made.origins[place].variable == "MAX_MONTHLY_BUDGET"


def test_max_monthly_budget_without_a_rule_to_limit() -> None:
    (problem,) = problems("budgets: {rules: []}", {"MAX_MONTHLY_BUDGET": "1"})
    assert problem.origin.variable == "MAX_MONTHLY_BUDGET"
    (problem,) = problems("", {"MAX_MONTHLY_BUDGET": "plenty"})
    assert problem.origin.variable == "MAX_MONTHLY_BUDGET"


def test_without_rules_there_is_no_primary() -> None:
    assert loaded("budgets: {rules: []}").primary is None
