"""What is held covers whatever a call can cost; what it costs is exact and rounded up once."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budget.charge import Basis, Pricing, amounts, token_amounts, worst_amounts
from config.model_data import base_table
from config.models import Fee, Model, Price, PriceKind
from config.money import Nano, NanoPerMillion
from storage.records import Amounts, Usage, WorstCase

USD = 1_000_000_000
RATE = NanoPerMillion(40 * USD)
TABLE = base_table()


def price(usd_a_million: float, *long: tuple[int, float]) -> Price:
    return Price(
        NanoPerMillion(round(usd_a_million * USD)),
        tuple((above, NanoPerMillion(round(usd * USD))) for above, usd in long),
    )


MODEL = Model(
    name="model-by-hand",
    mode="chat",
    max_input_tokens=1_000_000,
    max_output_tokens=100_000,
    prices={
        PriceKind.INPUT: {
            "default": price(2, (1_000, 4)), "priority": price(3.5), "flex": price(1),
        },
        PriceKind.CACHED: {"default": price(0.5, (1_000, 1))},
        PriceKind.CACHE_WRITE: {"default": price(2.5)},
        PriceKind.AUDIO_INPUT: {"default": price(40)},
        PriceKind.OUTPUT: {"default": price(8, (1_000, 12)), "flex": price(4)},
        PriceKind.REASONING: {"default": price(9)},
        PriceKind.AUDIO_OUTPUT: {"default": price(80)},
        PriceKind.IMAGE_OUTPUT: {"default": price(30)},
    },
    fees_nano={Fee.WEB_SEARCH: Nano(10_000_000), Fee.CODE_SESSION: Nano(30_000_000)},
)  # fmt: skip


def pricing(basis: Basis = "agent_rate", model: Model | None = MODEL) -> Pricing:
    return Pricing(basis, RATE, model, "test")


@pytest.mark.parametrize(
    ("usage", "tier", "charge", "provider"),
    [
        # 100 × 2,000 + 10 × 8,000 nano-dollars; the rate card takes 40,000 a token.
        (Usage(100, 10), "default", 4_400_000, 280_000),
        (Usage(100, 0), "default", 4_000_000, 200_000),
        # 40 of the 100 were cached, 20 written to the cache: 40 × 2,000 + 40 × 500 + 20 × 2,500.
        (Usage(100, 0, cached_tokens=40, cache_write_tokens=20), "default", 4_000_000, 150_000),
        (Usage(0, 50, reasoning_tokens=30), "default", 2_000_000, 20 * 8_000 + 30 * 9_000),
        (Usage(10, 5, audio_input_tokens=10, audio_output_tokens=5), "default", 600_000, 800_000),
        # Images in have no price of their own: they are input.
        (Usage(10, 5, image_input_tokens=10, image_output_tokens=5), "default", 600_000, 170_000),
        (Usage(100, 10), "priority", 4_400_000, 430_000),
        (Usage(100, 10), "flex", 4_400_000, 140_000),
        (Usage(100, 10), "a tier without prices", 4_400_000, 280_000),
        # Long context: from 1,001 tokens of input on, for the whole call.
        (Usage(1_000, 10), "default", 40_400_000, 2_080_000),
        (Usage(1_001, 10), "default", 40_440_000, 4_124_000),
        (Usage(1_001, 0), "priority", 40_040_000, 4_004_000),
        # Fees of hosted tools are the provider's alone.
        (Usage(100, 10, web_searches=3, code_sessions=1), "default", 4_400_000, 60_280_000),
        # Without tokens the charge is the provider's price.
        (Usage(web_searches=2), "default", 20_000_000, 20_000_000),
        (Usage(), "default", 0, 0),
    ],
)
def test_figures_by_hand(usage: Usage, tier: str, charge: int, provider: int) -> None:
    assert amounts(pricing(), usage, tier) == Amounts(charge, provider)
    assert amounts(pricing("provider_price"), usage, tier) == Amounts(provider, provider)


def test_a_model_nobody_knows_costs_by_the_rate_alone() -> None:
    assert amounts(pricing(model=None), Usage(100, 10), "default") == Amounts(4_400_000, 0)
    assert worst_amounts(pricing(model=None), WorstCase(100, 10), 10) == Amounts(4_400_000, 0)


def test_a_fraction_of_a_nano_dollar_is_rounded_up_once() -> None:
    thirds = replace(
        MODEL,
        prices={
            PriceKind.INPUT: {"default": Price(NanoPerMillion(333_333))},
            PriceKind.OUTPUT: {"default": Price(NanoPerMillion(333_333))},
        },
    )
    # 6 × 0.333333 is rounded up to 2; each kind by itself would make 2 + 1.
    assert amounts(pricing("provider_price", thirds), Usage(4, 2), "default").provider == 2
    assert (
        amounts(Pricing("agent_rate", NanoPerMillion(1), None, ""), Usage(1), "default").charge == 1
    )


def test_the_worst_case_by_hand() -> None:
    worst = WorstCase(100, 10, choices=2, tiers=("default", "priority"), web_searches=2)
    # Input may be text or a cache write, default or priority: 3,500 a token; output may be
    # reasoning: 9,000. An answer without tokens would be charged the fees: they are held.
    assert worst_amounts(pricing(), worst, 10) == Amounts(
        20_000_000, 100 * 3_500 + 20 * 9_000 + 20_000_000
    )
    assert worst_amounts(pricing(), replace(worst, web_searches=0), 10).charge == 120 * 40_000
    longer = replace(worst, input_tokens=2_000, web_searches=0)
    assert worst_amounts(pricing(), longer, 10).provider == 2_000 * 4_000 + 20 * 12_000


@st.composite
def cases(draw: st.DrawFn) -> tuple[Pricing, WorstCase, Usage, str]:
    """A worst case and a usage within it."""
    model = draw(st.sampled_from([MODEL, *TABLE.models.values()]))
    count = st.integers(0, 3_000) | st.integers(0, 400_000)
    text, audio, image = draw(count), draw(count), draw(st.sampled_from([0, 7, 900]))
    tiers = tuple(draw(st.lists(st.sampled_from(model.tiers), min_size=1, unique=True)))
    worst = WorstCase(
        input_tokens=text + audio + image,
        output_ceiling=draw(count),
        choices=draw(st.integers(1, 4)),
        audio_input_tokens=audio,
        image_input_tokens=image,
        audio_output=draw(st.booleans()),
        image_output=draw(st.booleans()),
        web_searches=draw(st.integers(0, 3)),
        file_searches=draw(st.integers(0, 3)),
        code_sessions=draw(st.integers(0, 3)),
        tiers=tiers,
    )
    used_text = draw(st.integers(0, text))
    cached = draw(st.integers(0, used_text))
    written = draw(st.integers(0, used_text - cached))
    used_audio, used_image = draw(st.integers(0, audio)), draw(st.integers(0, image))
    cached_audio, cached_image = draw(st.integers(0, used_audio)), draw(st.integers(0, used_image))
    output = draw(st.integers(0, worst.choices * worst.output_ceiling))
    reasoning = draw(st.integers(0, output))
    spoken = draw(st.integers(0, output - reasoning)) if worst.audio_output else 0
    drawn = draw(st.integers(0, output - reasoning - spoken)) if worst.image_output else 0
    usage = Usage(
        input_tokens=used_text + used_audio + used_image,
        output_tokens=output,
        cached_tokens=cached + cached_audio + cached_image,
        cached_audio_tokens=cached_audio,
        cached_image_tokens=cached_image,
        cache_write_tokens=written,
        audio_input_tokens=used_audio - cached_audio,
        image_input_tokens=used_image - cached_image,
        reasoning_tokens=reasoning,
        audio_output_tokens=spoken,
        image_output_tokens=drawn,
        web_searches=draw(st.integers(0, worst.web_searches)),
        file_searches=draw(st.integers(0, worst.file_searches)),
        code_sessions=draw(st.integers(0, worst.code_sessions)),
    )
    basis: Basis = draw(st.sampled_from(("agent_rate", "provider_price")))
    rate = NanoPerMillion(draw(st.integers(1, 100 * USD)))
    return Pricing(basis, rate, model, ""), worst, usage, draw(st.sampled_from(tiers))


@settings(max_examples=500, deadline=None)
@given(cases())
def test_what_is_held_covers_every_usage_within_the_worst_case(
    case: tuple[Pricing, WorstCase, Usage, str],
) -> None:
    how, worst, usage, tier = case
    held = worst_amounts(how, worst, worst.output_ceiling)
    cost = amounts(how, usage, tier)
    assert cost.charge <= held.charge
    assert cost.provider <= held.provider


@settings(max_examples=300, deadline=None)
@given(cases(), st.integers(0, 100_000))
def test_one_more_token_adds_at_most_its_bound(
    case: tuple[Pricing, WorstCase, Usage, str], ceiling: int
) -> None:
    how, worst, _, _ = case
    each = token_amounts(how, worst)
    before, after = worst_amounts(how, worst, ceiling), worst_amounts(how, worst, ceiling + 1)
    assert after.charge - before.charge <= each.charge
    assert after.provider - before.provider <= each.provider
    # A script lowers a ceiling by these: base and so many tokens cover the whole.
    base = worst_amounts(how, replace(worst, choices=0), 0)
    assert base.charge + ceiling * each.charge >= before.charge
    assert base.provider + ceiling * each.provider >= before.provider


@settings(max_examples=300, deadline=None)
@given(cases())
def test_sums_are_exact_before_they_are_rounded(
    case: tuple[Pricing, WorstCase, Usage, str],
) -> None:
    how, _, usage, tier = case
    assert how.model is not None
    prices = [
        (usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
         - usage.audio_input_tokens - usage.image_input_tokens, PriceKind.INPUT),
        (usage.cached_tokens - usage.cached_audio_tokens - usage.cached_image_tokens,
         PriceKind.CACHED),
        (usage.cached_audio_tokens, PriceKind.CACHED_AUDIO),
        (usage.cached_image_tokens, PriceKind.CACHED_IMAGE),
        (usage.cache_write_tokens, PriceKind.CACHE_WRITE),
        (usage.audio_input_tokens, PriceKind.AUDIO_INPUT),
        (usage.image_input_tokens, PriceKind.IMAGE_INPUT),
        (usage.output_tokens - usage.reasoning_tokens - usage.audio_output_tokens
         - usage.image_output_tokens, PriceKind.OUTPUT),
        (usage.reasoning_tokens, PriceKind.REASONING),
        (usage.audio_output_tokens, PriceKind.AUDIO_OUTPUT),
        (usage.image_output_tokens, PriceKind.IMAGE_OUTPUT),
    ]  # fmt: skip
    exact = sum(
        (Fraction(units * (how.model.price(kind, tier, usage.input_tokens) or 0), 1_000_000)
         for units, kind in prices),
        Fraction(0),
    )  # fmt: skip
    fees = (
        usage.web_searches * how.model.fee(Fee.WEB_SEARCH)
        + usage.file_searches * how.model.fee(Fee.FILE_SEARCH)
        + usage.code_sessions * how.model.fee(Fee.CODE_SESSION)
    )
    provider = amounts(how, usage, tier).provider - fees
    assert exact <= provider < exact + 1
