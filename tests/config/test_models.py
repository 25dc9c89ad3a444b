"""Which model a name is billed as, and at which price."""

from dataclasses import replace

import pytest

from config.model_data import base_table
from config.models import Fee, ModelTable, PriceKind, reasons_by_name

TABLE = base_table()


@pytest.mark.parametrize(
    ("asked", "billed_as"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ("gpt-4o-2031-01-01", "gpt-4o"),
        ("gpt-4-0314", "gpt-4"),
        ("openai/gpt-4o", "gpt-4o"),
        ("openai/gpt-4o-2031-01-01", "gpt-4o"),
        ("gpt-4o-audio-preview", "gpt-4o-audio-preview-2025-06-03"),
        ("ft:gpt-4o-2024-08-06:acme::abc123", "ft:gpt-4o-2024-08-06"),
        ("ft:gpt-4o-2024-08-06:acme:tone:abc123:ckpt-step-90", "ft:gpt-4o-2024-08-06"),
        ("ft:gpt-3.5-turbo-0301:acme::abc123", "ft:gpt-3.5-turbo"),
        ("ft:gpt-4o-2031-01-01:acme::abc123", "ft:gpt-4o-2024-11-20"),
        # A tuned model costs more than its base: without a price of its own it has none.
        ("ft:gpt-5-2025-08-07:acme::abc123", None),
        ("ft:", None),
        ("gpt-99", None),
        ("GPT-4o", None),
        ("", None),
        ("-2024-08-06", None),
    ],
)
def test_names(asked: str, billed_as: str | None) -> None:
    model = TABLE.resolve(asked)
    assert (model.name if model else None) == billed_as


@pytest.mark.parametrize(
    ("name", "kind", "tier", "input_tokens", "usd_per_million"),
    [
        ("gpt-4o", "input", "default", 0, "2.5"),
        ("gpt-4o", "input", "priority", 0, "4.25"),
        ("gpt-4o", "cached", "default", 0, "1.25"),
        ("gpt-4o", "reasoning", "default", 0, "10"),
        ("gpt-4o", "audio_input", "default", 0, "2.5"),
        ("gpt-4o", "cached_audio", "default", 0, "2.5"),
        ("gpt-4o", "input", "flex", 0, "2.5"),
        ("gpt-4o", "input", "tier-of-tomorrow", 0, "2.5"),
        ("gpt-5.5", "input", "default", 272_000, "5"),
        ("gpt-5.5", "input", "default", 272_001, "10"),
        ("gpt-5.5", "output", "flex", 272_001, "22.5"),
        ("gpt-5.5", "output", "priority", 272_001, "75"),
        ("gpt-5-nano", "cached", "flex", 0, "0.0025"),
        ("o1-pro", "cached", "default", 0, "150"),
    ],
)
def test_prices(name: str, kind: str, tier: str, input_tokens: int, usd_per_million: str) -> None:
    model = TABLE.resolve(name)
    assert model is not None
    price = model.price(PriceKind(kind), tier, input_tokens)
    assert price == round(float(usd_per_million) * 10**9)


def test_a_kind_that_a_model_does_not_have_has_no_price() -> None:
    embedding = TABLE.models["whisper-1"]
    assert embedding.price(PriceKind.OUTPUT) is None
    assert embedding.price(PriceKind.CACHED) is None
    assert embedding.price(PriceKind.SECOND_INPUT) == 10**11


@pytest.mark.parametrize("name", sorted(TABLE.models))
def test_the_dearest_price_bounds_every_price(name: str) -> None:
    model = TABLE.models[name]
    for kind in model.prices:
        for tier in (*model.tiers, "auto"):
            bound = model.dearest([kind], [tier], 400_000)
            prices = [model.price(kind, tier, tokens) for tokens in (0, 272_000, 272_001, 400_000)]
            assert bound is not None
            assert bound >= max(price or 0 for price in prices)


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("o1", True),
        ("o3-mini-2025-01-31", True),
        ("o4-mini", True),
        ("gpt-5", True),
        ("gpt-5.9-nano", True),
        ("gpt-6-luna", True),
        ("gpt-12", True),
        ("ft:o4-mini-2025-04-16:acme::x", True),
        ("gpt-5-chat-latest", False),
        ("gpt-5.3-chat-latest", False),
        ("gpt-4.1", False),
        ("gpt-4o", False),
        ("omni-moderation-latest", False),
        ("gpt-50x", False),
    ],
)
def test_reasoning_by_name(name: str, reasons: bool) -> None:
    assert reasons_by_name(name) is reasons


def test_fees_limits_and_tiers() -> None:
    gpt = TABLE.models["gpt-5.5"]
    assert gpt.fee(Fee.WEB_SEARCH) == 10_000_000
    assert TABLE.models["gpt-4o"].fee(Fee.WEB_SEARCH) == 25_000_000, "no fee of its own: dearest"
    assert gpt.fee(Fee.CODE_SESSION) == 30_000_000
    assert gpt.fee(Fee.FILE_SEARCH) == 2_500_000
    assert gpt.context_window == 1_050_000
    assert TABLE.models["gpt-5.5-cyber"].context_window is None
    assert gpt.tiers == ("default", "batch", "flex", "priority")


def test_the_version_names_prices_exactly() -> None:
    assert TABLE.version.startswith("litellm-1.106.2:")
    gpt = TABLE.models["gpt-4o"]
    for other in (
        replace(gpt, max_output_tokens=1),
        replace(gpt, is_reasoning=True),
        replace(gpt, prices={}),
        replace(gpt, fees_nano={}),
    ):
        changed = ModelTable({**TABLE.models, "gpt-4o": other}, TABLE.source, TABLE.fees_nano)
        assert changed.version != TABLE.version
    same = ModelTable(dict(reversed(TABLE.models.items())), TABLE.source, TABLE.fees_nano)
    assert same.version == TABLE.version


@pytest.mark.parametrize(
    ("name", "model", "rules"),
    [
        ("gpt-4o", "gpt-4o", ()),
        ("gpt-4o-2031-01-01", "gpt-4o", ("a dated name as its base",)),
        (
            "openai/ft:gpt-4o:acme::abc",
            "ft:gpt-4o-2024-11-20",
            (
                "openai/ cut off",
                "a fine-tuned model as its ft: entry",
                "the latest dated name of its base",
            ),
        ),
    ],
)
def test_it_is_told_which_rule_finds_a_model(name: str, model: str, rules: tuple[str, ...]) -> None:
    found = TABLE.find(name)
    assert found is not None
    assert (found.model.name, found.rules) == (model, rules)
