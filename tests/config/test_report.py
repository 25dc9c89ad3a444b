"""What `purser check-config` prints."""

import pytest

from config.report import dearer_models, report, shown_value, warnings
from config.settings import CARRIED_FILE, load
from tests.config.helpers import loaded

ENVIRON = {
    "OPENAI_API_KEY": "sk-secret",
    "PURSER_ADMIN_PASSWORD": "secret-too",
    "PURSER_STORAGE__REDIS_URL": "redis://u:secret-3@h:1/0?password=secret-4",
    "MAX_MONTHLY_BUDGET": "20",
}


def test_every_setting_stands_there_with_its_origin() -> None:
    text = report(load(CARRIED_FILE, ENVIRON))
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert lines["server.port"].split()[1] == "8080"
    assert "purser.yaml:" in lines["server.port"]
    assert lines["upstream.api_key"].split()[1:] == ["set", "environment", "OPENAI_API_KEY"]
    assert lines["auth.admin_password"].split()[1] == "set"
    assert lines["budgets.rules[monthly].limit_usd"].endswith("environment MAX_MONTHLY_BUDGET")
    assert lines["budgets.rules[monthly].locked"].endswith("default")
    assert "redis://…@h:1/0?…" in lines["storage.redis_url"]
    assert "secret" not in text


def test_a_key_that_nobody_has_set_names_its_variable() -> None:
    text = report(load(CARRIED_FILE, {}))
    (line,) = [line for line in text.splitlines() if line.startswith("upstream.api_key")]
    assert "not set" in line
    assert "(${OPENAI_API_KEY})" in line


def test_models_that_cost_more_than_their_rate() -> None:
    levels = dearer_models(loaded(""))
    assert [level.rate for level in levels] == sorted(level.rate for level in levels)
    worst = levels[-1]
    assert set(worst.agents) == {"DESIGN", "unattributed"}
    assert worst.models[0] == ("o1-pro", 600_000_000_000)
    assert all(price > worst.rate for _, price in worst.models)
    assert "gpt-4o" not in dict(levels[0].models)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the sandbox answers"),
        ("", "models can cost more than the 0.03 USD"),
        ("environment: production\nupstream: {api_key: k}", "storage.redis_url is embedded"),
        ("server: {host: 0.0.0.0}", "every call needs a key"),
        ("upstream: {url: 'http://far.example/v1'}", "plain http"),
        ("budgets: {rules: []}", "nothing is enforced"),
        (
            "budgets: {rules: [{name: a, limit_usd: 1, window: day, match: {model: gpt-4p}}]}",
            "matches gpt-4p, which no price list knows",
        ),
        (
            "budgets: {rules: [{name: a, limit_usd: 1, window: day, slider_usd: [2, 3]}]}",
            "outside its slider_usd",
        ),
    ],
)
def test_what_to_think_about(text: str, says: str) -> None:
    assert any(says in warning for warning in warnings(loaded(text)))


def test_nothing_to_think_about() -> None:
    text = "charging: {basis: provider_price}\nupstream: {url: 'http://127.0.0.1:1/v1', api_key: k}"
    made = loaded(text)
    assert list(warnings(made)) == []
    assert "to think about" not in report(made)


def test_how_values_are_written() -> None:
    assert shown_value("a", ("x", True, None)) == "[x, true, not set]"
    assert shown_value("a", {}) == "{}"
