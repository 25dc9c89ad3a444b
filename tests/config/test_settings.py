"""What `load` gives, and what its digest is a digest of."""

from pathlib import Path

import pytest

from config.origins import ConfigError
from config.settings import CARRIED_FILE, config_path, load
from tests.config.helpers import loaded


def test_the_carried_file_says_what_the_defaults_say() -> None:
    carried, defaults = load(CARRIED_FILE, {}), loaded("")
    assert carried.rules == defaults.rules
    assert carried.primary == defaults.primary
    assert carried.digest == defaults.digest
    told = carried.settings.model_dump()
    told["budgets"]["primary"] = None
    assert told == defaults.settings.model_dump()


def test_defaults() -> None:
    made = loaded("")
    assert [(r.name, r.limit_nano, r.window) for r in made.rules] == [
        ("monthly", 1000 * 10**9, "month"),
        ("per-campaign", 250 * 10**9, "month"),
        ("content-daily", 40 * 10**9, "day"),
    ]
    assert made.primary == made.rules[0]
    assert made.rules[0].slider_nano == (100 * 10**9, 5000 * 10**9)
    assert made.rules[0].alert_at_mille == (800, 1000)
    assert made.settings.admission.implicit_share_mille == 50
    assert made.settings.upstream.key_from == "sandbox"
    assert {str(origin) for origin in made.origins.values()} == {"default"}


@pytest.mark.parametrize(
    "text",
    [
        "budgets: {timezone: Europe/Berlin}",
        "budgets: {primary: content-daily}",
        "budgets: {rules: []}",
        "budgets: {rules: [{name: monthly, limit_usd: 1001, window: month}]}",
        "charging: {basis: provider_price}",
        "charging: {unattributed_usd_per_1k: 0.08}",
        "charging: {agent_rates_usd_per_1k: {SEO: 0.031}}",
        "prices: {overrides: {gpt-4o: {input_usd_per_1m: 2}}}",
        "prices: {region: eu}",
        "prices: {fees: {web_search_usd: 0.01}}",
        "admission: {implicit_share: 0.06}",
        "admission: {min_output_tokens: 1}",
        "admission: {unpriced_model: admit}",
        "endpoints: {free: /v1/x}",
        "endpoints: {assume_usd: {/v1/x: 1}}",
        "refusal: {status: 402}",
        "auth: {require: agent}",
        "identity: {aliases: baggage}",
    ],
)
def test_the_digest_changes_with_what_binds_calls(text: str) -> None:
    assert loaded(text).digest != loaded("").digest


@pytest.mark.parametrize(
    "text",
    [
        "# a comment",
        "\n\n",
        "log: {level: debug}",
        "server: {port: 1}",
        "budgets: {primary: monthly}",
        "admission: {implicit_share: 0.050}",
        "charging: {agent_rates_usd_per_1k: {seo: 0.0300}}",
        "prices: {overrides: {gpt-4o: {input_usd_per_1m: 2.50}}}",
        "upstream: {api_key: client}",
        "storage: {data_dir: /elsewhere}",
    ],
)
def test_the_digest_does_not_change_with_anything_else(text: str) -> None:
    assert loaded(text).digest == loaded("").digest


def test_a_limit_an_alert_and_a_slider_bind() -> None:
    text = "budgets: {{rules: [{{name: a, window: day, {0}}}]}}"
    digests = {
        loaded(text.format(changed)).digest
        for changed in (
            "limit_usd: 1",
            "limit_usd: 2",
            "limit_usd: 1, alert_at: 0.5",
            "limit_usd: 1, locked: true",
            "limit_usd: 1, counts: dearer",
            "limit_usd: 1, slider_usd: [1, 2]",
        )
    }
    assert len(digests) == 6


def test_secrets_are_in_no_text() -> None:
    environ = {
        "OPENAI_API_KEY": "sk-secret",
        "PURSER_ADMIN_PASSWORD": "secret-too",
        "PURSER_STORAGE__REDIS_URL": "redis://u:secret-3@h",
        "PURSER_STORAGE__DATABASE_URL": "postgresql://u:secret-4@h/d",
    }
    assert "secret" not in repr(loaded("", environ))


def test_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_path({"PURSER_CONFIG": "x.yaml"}) == Path("x.yaml")
    monkeypatch.chdir(tmp_path)
    assert config_path({}) == CARRIED_FILE
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "purser.yaml").write_text("log: {level: debug}")
    assert config_path({}) == Path("config/purser.yaml")
    monkeypatch.setenv("PURSER_CONFIG", "config/purser.yaml")
    assert load().settings.log.level == "debug"


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="PURSER_CONFIG"):
        load(tmp_path / name, {})
