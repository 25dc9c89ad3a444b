"""What binds one call: read once from the live configuration, at its start."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

from budget.admission import Admission
from budget.charge import Pricing
from budget.late import LateWork
from budget.settlement import Settlement
from config.bounds import IMAGES_BYTES_MAX, RECEIVE_S
from config.models import ModelTable
from config.money import usd_to_nano
from config.rates import RateCard
from config.rules import Dimension
from config.settings import Loaded
from proxy.estimate import EstimateLimits
from proxy.forward import Target, Upstream
from proxy.health import Readiness
from proxy.local import is_loopback
from proxy.metrics import Metrics
from storage.key_records import KeyRecord
from storage.key_records import Kind as KeyKind

OPENAI_HOST: Final = "api.openai.com"
"""Regions are names below it."""


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
    aliases: tuple[str, ...]
    """Other tools' headers that may say who calls, in the order in which they hold."""
    estimate: EstimateLimits
    free_paths: tuple[str, ...]
    """Paths that ops know to cost nothing, beyond those of the table."""
    spent_status: int
    """What a spent budget answers: 429 or 402."""
    body_bytes_max: int
    in_flight_max: int
    receive_s: float
    upload_bytes_max: int = IMAGES_BYTES_MAX
    assumed_nano: Mapping[str, int] = field(default_factory=dict)
    """Paths that cost a fixed amount a call, because ops say so."""

    def pricing(self, agent: str, model: str) -> Pricing:
        """What a call of `agent` for `model` is charged by, at the prices of today in UTC."""
        found = self.models.resolve(model)
        priced = None if found is None else found.on(datetime.now(UTC).date())
        return Pricing(
            basis="provider_price" if self.basis == "provider_price" else "agent_rate",
            rate=self.rates.rate(agent),
            model=priced,
            version=self.models.version_of(priced),
        )


def terms_from(
    loaded: Loaded, generation: str, sandbox_url: str, listens_on: str | None = None
) -> Terms:
    """The terms of a configuration; without a key for the upstream, the sandbox answers.

    `listens_on` is the host that the process is bound to, whatever the file says since.
    """
    settings = loaded.settings
    host = listens_on or settings.server.host
    return Terms(
        generation=generation,
        basis=settings.charging.basis,
        rates=loaded.rates,
        models=loaded.models,
        refuse_unpriced=settings.admission.unpriced_model == "refuse",
        target=_target(loaded, sandbox_url),
        open_to_loopback=settings.auth.proxy == "auto" and is_loopback(host),
        require=frozenset(Dimension(name) for name in settings.auth.require),
        aliases=settings.identity.aliases,
        estimate=EstimateLimits(min_output_tokens=settings.admission.min_output_tokens),
        free_paths=settings.endpoints.free,
        spent_status=settings.refusal.status,
        body_bytes_max=settings.server.body_bytes_max,
        in_flight_max=settings.server.in_flight_max,
        receive_s=RECEIVE_S,
        upload_bytes_max=settings.server.upload_bytes_max,
        assumed_nano={
            path: usd_to_nano(usd) for path, usd in settings.endpoints.assume_usd.items()
        },
    )


def _target(loaded: Loaded, sandbox_url: str) -> Target:
    upstream = loaded.settings.upstream
    sandboxed = upstream.key_from == "sandbox"
    url = sandbox_url if sandboxed else upstream.url
    key = None if upstream.api_key is None else upstream.api_key.get_secret_value()
    return Target(
        url=url,
        name="sandbox" if sandboxed else _name_of(url),
        api_key={"sandbox": "sandbox", "client": None}.get(upstream.key_from, key),
        connect_s=upstream.connect_s,
        write_s=upstream.write_s,
        read_s=upstream.read_s,
        pool_s=upstream.pool_s,
    )


def _name_of(url: str) -> str:
    host = urlsplit(url).hostname or url
    return "openai" if host == OPENAI_HOST or host.endswith(f".{OPENAI_HOST}") else host


class KeyFinder(Protocol):
    """Where keys are found: `storage.keys.Keys`."""

    async def find(self, secret: str, kind: KeyKind = "proxy") -> KeyRecord:
        """The live key of a secret; raises `BadKey`, and a `StorageError` where none can say."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the proxy is given to work with."""

    current: Callable[[], Terms]
    admission: Admission
    settlement: Settlement
    late: LateWork
    keys: KeyFinder
    upstream: Upstream
    encrypt: Callable[[bytes], str]
    """Turns `X-Purser-Metadata` into what may be kept."""
    readiness: Callable[[], Awaitable[Readiness]]
    metrics: Metrics
