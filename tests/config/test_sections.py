"""Sections: what they make of good values."""

from decimal import Decimal

import pytest

from config.rates import AGENT_TYPES
from config.sections import Auth, Charging, Storage, Upstream
from tests.config.helpers import loaded


def test_rates_not_given_keep_their_default() -> None:
    card = Charging.model_validate({"agent_rates_usd_per_1k": {"seo": "1"}}).rate_card()
    assert card.rate("SEO") == 1000 * 10**9
    assert card.rate("AD") == 60 * 10**9
    assert set(card.rates) == set(AGENT_TYPES)


@pytest.mark.parametrize(
    "url", ["embedded", "redis://h", "rediss://:p@h:6380/1", "unix:///run/redis.sock"]
)
def test_addresses_of_redis(url: str) -> None:
    assert Storage.model_validate({"redis_url": url}).redis_url == url


@pytest.mark.parametrize(
    "url",
    ["embedded", "postgresql://u:p@h/d", "postgresql+asyncpg://h/d", "sqlite+aiosqlite:////tmp/x"],
)
def test_addresses_of_databases(url: str) -> None:
    assert Storage.model_validate({"database_url": url}).database_url == url


def test_one_value_stands_for_a_list() -> None:
    assert Auth.model_validate({"require": "agent"}).require == ("agent",)


def test_sections_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Upstream().connect_s = 9


def test_fixed_prices_of_paths() -> None:
    made = loaded("endpoints: {assume_usd: {/v1/videos: 0.80}}")
    assert made.settings.endpoints.assume_usd == {"/v1/videos": Decimal("0.80")}
