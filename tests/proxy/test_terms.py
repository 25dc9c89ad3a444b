"""What binds a call, taken from the configuration."""

import pytest

from config.models import PriceKind
from config.rules import Dimension
from config.settings import load
from proxy.terms import terms_from

SANDBOX = "http://127.0.0.1:5/v1"


def read(tmp_path, **environ):
    path = tmp_path / "purser.yaml"
    path.write_text("auth: {require: [agent]}\n")
    return terms_from(load(path, environ), "7", SANDBOX)


def test_without_a_key_the_sandbox_answers(tmp_path):
    terms = read(tmp_path)
    assert terms.target.url == SANDBOX
    assert terms.target.name == "sandbox"
    assert terms.generation == "7"
    assert terms.require == {Dimension.AGENT}
    assert terms.open_to_loopback


def test_with_a_key_the_provider_answers(tmp_path):
    terms = read(tmp_path, OPENAI_API_KEY="sk-1")
    assert terms.target.url == "https://api.openai.com/v1"
    assert terms.target.name == "openai"
    assert terms.target.api_key == "sk-1"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://llm.example/v1", "llm.example"),
        ("https://notapi.openai.com.example/v1", "notapi.openai.com.example"),
    ],
)
def test_the_upstream_is_told_by_its_name(tmp_path, url, name):
    terms = read(tmp_path, OPENAI_API_KEY="sk-1", PURSER_UPSTREAM__URL=url)
    assert terms.target.name == name


def test_the_callers_own_key_may_pass(tmp_path):
    assert read(tmp_path, PURSER_UPSTREAM__API_KEY="client").target.api_key is None


@pytest.mark.parametrize(
    "environ", [{"PURSER_SERVER__HOST": "0.0.0.0"}, {"PURSER_AUTH__PROXY": "keys"}]
)
def test_a_deployment_on_other_addresses_is_not_open(tmp_path, environ):
    assert not read(tmp_path, **environ).open_to_loopback


def test_what_a_process_is_bound_to_decides_whether_it_is_open(tmp_path):
    """A file that names another host binds at the next start: until then nothing opens."""
    path = tmp_path / "purser.yaml"
    path.write_text("{identity: {aliases: [baggage]}}")
    loaded = load(path, {})
    assert terms_from(loaded, "7", SANDBOX).open_to_loopback
    assert not terms_from(loaded, "7", SANDBOX, "0.0.0.0").open_to_loopback
    assert terms_from(loaded, "7", SANDBOX).aliases == ("baggage",)


def test_a_call_keeps_the_price_of_its_day(tmp_path):
    path = tmp_path / "purser.yaml"
    override = "{from: 2020-01-01, input_usd_per_1m: 7, changes: [CHANGE]}"
    change = "{from: 9000-01-01, input_usd_per_1m: 9}"
    text = f"prices: {{overrides: {{gpt-4o: {override.replace('CHANGE', change)}}}}}"
    path.write_text(text)
    pricing = terms_from(load(path, {}), "7", SANDBOX).pricing("CONTENT", "gpt-4o-2024-08-06")
    other = terms_from(load(path, {}), "7", SANDBOX).pricing("CONTENT", "gpt-4o")
    assert other.model.price(PriceKind.INPUT) == 7_000_000_000
    assert other.version.endswith("@2020-01-01")
    assert pricing.version + "@2020-01-01" == other.version
