"""What is held is never below what the sandbox charges, over two thousand requests.

How much more is held is told where a client set a ceiling and the answer ran into it. By the
price list only where it set the tier too: without one, the dearest that could apply is held.
"""

from hashlib import sha256
from statistics import median, quantiles
from typing import Any

from budget.charge import Basis, Pricing, worst_amounts
from config.model_data import base_table
from config.money import NanoPerMillion, cost_nano
from proxy.estimate import EstimateLimits, estimate
from proxy.priced import model_of, priced_model
from sandbox import metered
from sandbox.faults import Directives
from sandbox.multipart import FilePart
from sandbox.options import Options
from sandbox.prices import provider_nano
from sandbox.usage import Units
from sandbox.world import World
from storage.records import WorstCase
from tests.proxy.requests import Generated, generated
from tests.proxy.samples import earlier_response

TABLE = base_table()
RATE = NanoPerMillion(40 * 10**9)
FULL = Directives(output_tokens=100_000)
"""Every answer runs into its ceiling; without one it ends by itself."""


async def worst_of(request: Generated) -> tuple[Pricing, WorstCase]:
    name = model_of(request.endpoint, request.body)
    model = priced_model(request.endpoint, request.body, name, TABLE)
    assert model is not None, name
    worst = await estimate(
        request.endpoint, request.body, model, EstimateLimits(), earlier_response
    )
    return Pricing("agent_rate", RATE, model, "test"), worst


def truth(world: World, request: Generated) -> tuple[Units, int]:
    """What the sandbox counts for a request, and its price."""
    files = {
        name: [FilePart("f", len(data), sha256(data).hexdigest(), data) for data in of_field]
        for name, of_field in request.files.items()
    }
    orders = FULL if request.explicit else Directives()
    ask = metered.read_ask(world, request.endpoint.path, request.fields, orders, 0, "0" * 24, files)
    answer = metered.build(ask, world)
    return answer.units, provider_nano(answer.model, answer.units, answer.tier)


async def test_what_is_held_is_never_below_what_is_charged() -> None:
    world = World(Options(0), TABLE)
    requests = list(generated())
    assert len(requests) == 2_000
    ratios: dict[str, list[float]] = {}
    for request in requests:
        pricing, worst = await worst_of(request)
        units, provider = truth(world, request)
        charges: dict[Basis, int] = {"provider_price": provider, "agent_rate": provider}
        if units.total_tokens:
            charges["agent_rate"] = cost_nano(units.total_tokens, RATE)
        for basis, charge in charges.items():
            how = Pricing(basis, RATE, pricing.model, "test")
            held = worst_amounts(how, worst, worst.output_ceiling).charge
            assert held >= charge, told(request, worst, units)
            used = request.explicit and units.output_tokens == ceiling_of(worst)
            if used and (basis == "agent_rate" or worst.tiers == ("default",)):
                ratios.setdefault(basis, []).append(held / charge)
    for basis, found in sorted(ratios.items()):
        tenths = quantiles(found, n=10)
        print(
            f"hold ÷ charge, explicit ceilings that are used ({len(found)} calls, {basis}): "
            f"median {median(found):.3f}, 90th percentile {tenths[8]:.3f}, most {max(found):.2f}"
        )
        assert len(found) > 300
        assert median(found) < 1.3


def ceiling_of(worst: WorstCase) -> int:
    return worst.choices * worst.output_ceiling


def told(request: Generated, worst: WorstCase, units: Units) -> str:
    shown: dict[str, Any] = {name: str(value)[:80] for name, value in request.fields.items()}
    return f"{request.endpoint.path} {shown}\n{worst}\n{units}"
