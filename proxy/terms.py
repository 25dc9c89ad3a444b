"""What binds one call: read once from the live configuration, at its start."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from budget.admission import Admission
from budget.charge import Pricing
from budget.settlement import Settlement
from config.models import ModelTable
from config.rates import RateCard
from config.rules import Dimension
from proxy.estimate import EstimateLimits
from proxy.forward import Target, Upstream
from proxy.health import Readiness
from proxy.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Terms:
    """One generation of the configuration, as the way of a call needs it."""

    generation: str
    basis: str
    """How a call is charged: `agent_rate` or `provider_price`."""
    rates: RateCard
    models: ModelTable
    refuse_unpriced: bool
    """Under `provider_price`, a model without a price is refused."""
    target: Target
    open_to_loopback: bool
    """Bound to loopback with `auth.proxy: auto`: local programs need no key."""
    require: frozenset[Dimension]
    estimate: EstimateLimits
    spent_status: int
    """What a spent budget answers: 429 or 402."""
    body_bytes_max: int
    in_flight_max: int
    receive_s: float

    def pricing(self, agent: str, model: str) -> Pricing:
        """What a call of `agent` for `model` is charged by."""
        return Pricing(
            basis="provider_price" if self.basis == "provider_price" else "agent_rate",
            rate=self.rates.rate(agent),
            model=self.models.resolve(model),
            version=self.models.version,
        )


@dataclass(frozen=True, slots=True)
class Services:
    """What the proxy is given to work with."""

    current: Callable[[], Terms]
    admission: Admission
    settlement: Settlement
    upstream: Upstream
    encrypt: Callable[[bytes], str]
    """Turns `X-Purser-Metadata` into what may be kept."""
    readiness: Callable[[], Awaitable[Readiness]]
    metrics: Metrics
