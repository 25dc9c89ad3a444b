"""Rate card, alerts and health on a real ledger and a real Redis: their words equal the figures."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from budget.charge import Pricing, amounts
from config.settings import Loaded, load
from dashboard.errors import Invalid
from dashboard.pages.alerts.page import layout as alerts
from dashboard.pages.health.page import layout as health
from dashboard.pages.health.stands import stands
from dashboard.pages.rates.calculator import Asked, answer, asked_of
from dashboard.pages.rates.page import layout as rates
from dashboard.pages.rates.prices import Wanted, detail, table
from dashboard.services import Services
from insights.health import Health
from insights.rate_card import rate_card
from storage.records import Usage
from tests.budget.purse import Engines, Purse
from tests.dashboard.desk import asked_by, context_of, found, open_services, session_of, words

RULES = """
charging:
  agent_rates_usd_per_1k: {CONTENT: 0.04, SEO: 0.03}
budgets:
  rules:
    - {name: monthly, limit_usd: 10, window: month}
    - {name: content-daily, match: {agent: CONTENT}, limit_usd: 4, window: day, alert_at: [0.5, 1]}
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    path = tmp_path / "purser.yaml"
    path.write_text(RULES)
    return load(path, {})


@pytest.fixture
async def desk(
    valkey_url: str, sqlite_url: str, loaded: Loaded, tmp_path: Path
) -> AsyncIterator[tuple[Services, Purse]]:
    engines = Engines(valkey_url, sqlite_url)
    with asked_by(session_of()):
        async with open_services(engines, loaded, tmp_path) as opened:
            yield opened


async def test_the_sections_say_how_things_stand(desk: tuple[Services, Purse]) -> None:
    services, purse = desk
    quiet = words(await alerts(context_of(services, "alerts")))
    assert "Nothing needs you" in quiet
    assert "All quiet" in quiet
    # 60,000 tokens at 40,000 nano-dollars: $2.40 of $4, and of $10.
    await purse.processes[0].spend(60_000)
    await purse.outbox.drain()
    told = words(await alerts(context_of(services, "alerts")))
    assert "content-daily has reached 50%" in told
    assert "60% of its limit is spent now." in told
    assert "1 of 4 crossed" in told

    whole = words(await health(context_of(services, "health")))
    for expected in ("Everything works", "all 8 parts answer", "1 live", "Not measured yet"):
        assert expected in whole
    assert services.current().models.version in whole


async def test_a_red_part_says_what_to_do(desk: tuple[Services, Purse], loaded: Loaded) -> None:
    services, _ = desk
    with asked_by(session_of()):
        broken = Services(**{**_fields(services), "problem": lambda: "line 3: no"})
        whole = words(await health(context_of(broken, "health")))
        told = words(await alerts(context_of(broken, "alerts")))
    for expected in ("Something needs you", "Line 3: no", "purser check-config"):
        assert expected in whole
    assert "The configuration file cannot be used" in told


def test_what_redis_tells_is_unknown_while_it_is_away() -> None:
    away = Health((), (), None, None, None, None, None, None, (), None, None, (), None, "", None,
                  "", None, False, "")  # fmt: skip
    assert {stand.name: stand.state for stand in stands(away)}["Outbox"] == "unknown"


async def test_the_calculator_charges_as_settlement_does(
    desk: tuple[Services, Purse], loaded: Loaded
) -> None:
    services, purse = desk
    asked = Asked("CONTENT", "gpt-4o-mini", 1_234, 200, 567, "default")
    pricing = Pricing("agent_rate", loaded.rates.rate("CONTENT"),
                      loaded.models.resolve("gpt-4o-mini"), "")  # fmt: skip
    usage = Usage(input_tokens=1_234, cached_tokens=200, output_tokens=567)
    exact = amounts(pricing, usage, "default")
    told = words(await answer(services, asked))
    for nano in (exact.charge, exact.provider):
        whole, rest = divmod(nano, 10**9)
        assert f"${whole}.{f'{rest:09d}'.rstrip('0')}" in told
    calls = 4 * 10**9 // exact.charge
    assert f"{calls} such calls" in told
    assert "content-daily is the tightest" in told
    await purse.processes[0].spend(100_000)
    assert "0 such calls" in words(await answer(services, asked))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (("NOBODY", "gpt-4o", 1, 0, 1, "default"), "agent"),
        (("SEO", "no-such-model", 1, 0, 1, "default"), "model"),
        (("SEO", "gpt-4o", -1, 0, 1, "default"), "input tokens"),
        (("SEO", "gpt-4o", 1, 2, 1, "default"), "Cached"),
        (("SEO", "gpt-4o", 1.5, 0, 1, "default"), "whole"),
        (("SEO", "gpt-4o", 1, 0, 10**10, "default"), "output tokens"),
        (("SEO", "gpt-4o", 1, 0, 1, None), "tier"),
    ],
)
def test_the_calculator_says_what_it_cannot_use(
    fields: tuple[object, ...], why: str, loaded: Loaded
) -> None:
    with pytest.raises(Invalid, match=why):
        asked_of(*fields, loaded)  # type: ignore[arg-type]


async def test_rates_and_prices_name_their_source(
    desk: tuple[Services, Purse], loaded: Loaded
) -> None:
    services, _ = desk
    page = await rates(context_of(services, "rates", "model=gpt-4o-mini"))
    assert "gpt-4o-mini" in str(found(page, "rates-table-plain").data)
    drawn = words(page)
    for expected in ("Brand voice", "purser.yaml:3", "Unattributed", "$0.07"):
        assert expected in drawn
    assert "Dearer than the rate" in drawn
    assert "o1-pro" in drawn


def test_models_are_searched_by_words_mode_and_tier(loaded: Loaded) -> None:
    card = rate_card(loaded)
    _, told, more = table(card, Wanted("MINI 4o", "chat"), 3, {})
    assert told.startswith("3 of ")
    assert more
    drawn, told, more = table(card, Wanted("no such"), 25, {})
    assert "No model fits" in words(drawn)
    assert (told, more) == ("none of them", False)
    whole = words(detail(card, "gpt-5", ["SEO"]))
    for expected in ("$1.25", "$0.625", "$20.00", "Priority", card.version, "rate of SEO"):
        assert expected in whole
    assert detail(card, "no such", []) is None


def _fields(services: Services) -> dict[str, object]:
    return {name: getattr(services, name) for name in Services.__slots__}
