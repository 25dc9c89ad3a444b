"""Every setting can come from the environment, which wins over the file."""

from decimal import Decimal
from typing import Any

import pytest

from config.environment import SHORT_FORMS, long_form
from config.settings import Settings, environment_without_settings
from config.trace import setting_names
from tests.config.helpers import loaded, problems


@pytest.mark.parametrize(
    ("variable", "text", "section", "name", "value"),
    [
        ("PURSER_SERVER__PORT", "9000", "server", "port", 9000),
        ("PURSER_PORT", "9000", "server", "port", 9000),
        ("PURSER_SERVER__BODY_BYTES_MAX", "1 MiB", "server", "body_bytes_max", 2**20),
        ("PURSER_UPSTREAM__READ_S", "1.5", "upstream", "read_s", 1.5),
        ("PURSER_UPSTREAM__URL", "http://h/v1/", "upstream", "url", "http://h/v1"),
        ("PURSER_AUTH__REQUIRE", "agent, campaign", "auth", "require", ("agent", "campaign")),
        ("PURSER_AUTH__REQUIRE", "[agent]", "auth", "require", ("agent",)),
        ("PURSER_IDENTITY__ALIASES", "baggage", "identity", "aliases", ("baggage",)),
        ("PURSER_REFUSAL__STATUS", "402", "refusal", "status", 402),
        ("PURSER_ENDPOINTS__FREE", "/v1/a,/v1/b", "endpoints", "free", ("/v1/a", "/v1/b")),
        (
            "PURSER_ENDPOINTS__ASSUME_USD",
            "{/v1/a: 0.10}",
            "endpoints",
            "assume_usd",
            {"/v1/a": Decimal("0.10")},
        ),
    ],
)
def test_forms(variable: str, text: str, section: str, name: str, value: Any) -> None:
    made = loaded("", {variable: text})
    assert getattr(getattr(made.settings, section), name) == value
    origins = [o.variable for place, o in made.origins.items() if f"{section}.{name}" in place]
    assert set(origins) == {variable}


def test_every_section_setting_has_a_long_form() -> None:
    plain = [name for name in setting_names(Settings) if "[]" not in name and "*" not in name]
    for name in plain:
        variable = long_form(tuple(name.split(".")))
        found = problems("server: {port: x}", {variable: "\x00"} if "." in name else {})
        assert all(problem.found != "an unknown setting" for problem in found), variable


@pytest.mark.parametrize("variable", sorted(SHORT_FORMS))
def test_a_long_form_wins_over_its_short_form(variable: str) -> None:
    path = SHORT_FORMS[variable]
    if len(path) == 1:
        return
    values = {"PURSER_PORT": ("1", "2")}.get(variable, ("short", "long"))
    made = loaded("", {variable: values[0], long_form(path): values[1]})
    assert made.origins[".".join(map(str, path))].variable == long_form(path)


def test_the_environment_wins_over_the_file() -> None:
    made = loaded("server: {port: 1}", {"PURSER_SERVER__PORT": "2"})
    assert made.settings.server.port == 2


def test_one_rate_of_the_card() -> None:
    text = "charging: {agent_rates_usd_per_1k: {Content: 0.5, SEO: 0.6}}"
    variable = "PURSER_CHARGING__AGENT_RATES_USD_PER_1K__CONTENT"
    made = loaded(text, {variable: "0.07"})
    assert made.rates.rate("CONTENT") == 70 * 10**9
    assert made.rates.rate("SEO") == 600 * 10**9
    assert made.rates.rate("AD") == 60 * 10**9
    assert made.origins["charging.agent_rates_usd_per_1k.CONTENT"].variable == variable
    assert made.origins["charging.agent_rates_usd_per_1k.SEO"].line == 1
    assert str(made.origins["charging.agent_rates_usd_per_1k.AD"]) == "default"


def test_rules_as_one_line_of_yaml() -> None:
    rules = "[{name: all, limit_usd: 0.30, window: total}]"
    made = loaded("budgets: {primary: all}", {"PURSER_BUDGETS__RULES": rules})
    assert [rule.limit_nano for rule in made.rules] == [300_000_000]


def test_environment_mode() -> None:
    made = loaded("", {"PURSER_ENV": "production", "OPENAI_API_KEY": "k"})
    assert made.settings.environment == "production"


@pytest.mark.parametrize("value", ["", "tcp://10.0.0.1:8080"])
def test_empty_variables_and_those_of_kubernetes_set_nothing(value: str) -> None:
    assert loaded("", {"PURSER_PORT": value}).settings.server.port == 8080


@pytest.mark.parametrize(
    ("text", "environ", "key_from"),
    [
        ("", {}, "sandbox"),
        ("upstream: {api_key: ${OPENAI_API_KEY}}", {}, "sandbox"),
        ("upstream: {api_key: ${OPENAI_API_KEY}}", {"OPENAI_API_KEY": "k"}, "purser"),
        ("", {"OPENAI_API_KEY": "k"}, "purser"),
        ("upstream: {api_key: client}", {"OPENAI_API_KEY": "k"}, "client"),
        ("upstream: {api_key: client}", {"PURSER_UPSTREAM__API_KEY": "k"}, "purser"),
        ("upstream: {api_key: ''}", {}, "sandbox"),
    ],
)
def test_whose_key_goes_upstream(text: str, environ: dict[str, str], key_from: str) -> None:
    assert loaded(text, environ).settings.upstream.key_from == key_from


@pytest.mark.parametrize(
    ("variable", "text", "allowed"),
    [
        ("PURSER_SERVER__PRT", "1", 'did you mean "PURSER_SERVER__PORT"?'),
        ("PURSER_SEVER__PORT", "1", "PURSER_SERVER"),
        ("PURSER_PRICES__FEES", "1", "PURSER_PRICES__FEES__NAME"),
        ("PURSER_ENDPOINTS__FREE", "[", "YAML on one line"),
        ("PURSER_SERVER__HOST__X", "1", "PURSER_SERVER__HOST"),
    ],
)
def test_a_variable_that_sets_nothing(variable: str, text: str, allowed: str) -> None:
    (problem,) = problems("", {variable: text})
    assert problem.origin.variable == variable
    assert allowed in problem.allowed


def test_other_variables_are_nobodys_business() -> None:
    assert loaded("", {"PURSER_SERVICE_HOST": "10.0.0.1", "PATH": "/bin", "PURSER": "x"})


def test_a_child_with_a_file_of_its_own_gets_no_settings_from_outside() -> None:
    outside = {"PATH": "/bin", "PURSER_TEST_MARK": "x", "OPENAI_BASE_URL": "http://127.0.0.1"}
    settings = {
        "OPENAI_API_KEY": "sk-real",
        "PURSER_CONFIG": "real.yaml",
        "PURSER_DATA_DIR": "real",
        "PURSER_SERVER__PORT": "1",
        "MAX_MONTHLY_BUDGET": "1",
    }
    assert environment_without_settings(outside | settings) == outside
