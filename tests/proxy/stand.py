"""A proxy on real uvicorn, with a purse in memory in place of Redis: what the wire tests need."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import uvicorn

from budget.admission import Grant
from budget.charge import Pricing, amounts, worst_amounts
from budget.errors import Refused
from budget.settlement import Receipt
from config.model_data import base_table
from config.rates import DEFAULT_RATES_USD_PER_1K, DEFAULT_UNATTRIBUTED_USD_PER_1K, RateCard
from proxy.app import create_proxy
from proxy.connection import BoundedProtocol
from proxy.estimate import EstimateLimits
from proxy.forward import Target, Upstream
from proxy.health import Readiness
from proxy.metrics import Metrics
from proxy.terms import KeyFinder, Services, Terms
from storage.holds import Refusal
from storage.key_records import BadKey, KeyRecord, Kind
from storage.records import Amounts, CallFacts, Flag, Outcome, Status, WorstCase
from tests.budget.purse import Process

MODELS = base_table()
RATES = RateCard.from_usd_per_1k(DEFAULT_RATES_USD_PER_1K, DEFAULT_UNATTRIBUTED_USD_PER_1K)
LIMIT = 100 * 10**9


@dataclass
class Purse:
    """One budget in memory, behind the two faces that the proxy sees."""

    limit: int = LIMIT
    posted: int = 0
    budgeted: bool = True
    refuse: Exception | None = None
    ceiling: int | None = None
    """Lowers an implicit ceiling to this."""
    open: dict[str, Grant] = field(default_factory=dict)
    ended: list[tuple[Grant, Outcome, Receipt]] = field(default_factory=list)

    @property
    def held(self) -> int:
        return sum(grant.held.charge for grant in self.open.values())

    async def admit(
        self, facts: CallFacts, worst: WorstCase, pricing: Pricing, hold: Amounts | None = None
    ) -> Grant:
        if self.refuse is not None:
            raise self.refuse
        ceiling = worst.output_ceiling
        if self.ceiling is not None and worst.lowerable:
            ceiling = self.ceiling
        held = hold or worst_amounts(pricing, worst, ceiling)
        left = self.limit - self.posted - self.held - held.charge
        if left < 0:
            raise spent(self.limit, self.posted, self.held, held.charge)
        grant = Grant(
            facts=facts,
            pricing=pricing,
            worst=worst,
            held=held,
            output_ceiling=ceiling,
            lowered=ceiling != worst.output_ceiling,
            postings=(),
            admitted_ms=0,
            remaining_nano=left,
        )
        assert facts.hold_id not in self.open
        self.open[facts.hold_id] = grant
        return grant

    async def response_tokens(self, response_id: str) -> int | None:
        return None

    async def find(self, kind: str, provider_id: str) -> None:
        """It has no late work."""

    async def end(self, grant: Grant, outcome: Outcome) -> Receipt:
        del self.open[grant.facts.hold_id]
        charged = {
            Status.SETTLED: lambda: amounts(grant.pricing, outcome.usage, outcome.tier),
            Status.ASSUMED: lambda: grant.held,
        }.get(outcome.status, Amounts)()
        self.posted += charged.charge
        flags = outcome.flags
        if charged.charge > grant.held.charge:
            flags |= {Flag.OVER_HOLD}
        receipt = Receipt(charged, self.limit - self.posted - self.held, flags)
        self.ended.append((grant, outcome, receipt))
        return receipt

    async def one_end(self) -> tuple[Grant, Outcome, Receipt]:
        """The one call's end, once it has come."""
        async with asyncio.timeout(60):
            while not self.ended or self.open:
                await asyncio.sleep(0.005)
        (end,) = self.ended
        return end


def spent(limit: int, posted: int, held: int, needed: int) -> Refused:
    resets_at_ms = 1_800_000_000_000
    return Refused(
        Refusal(
            "budget_exceeded", "monthly", limit, posted, held, needed, resets_at_ms,
            resets_at_ms - 10**6,
        )
    )  # fmt: skip


def terms(upstream_url: str = "http://127.0.0.1:9/v1", **changes: Any) -> Terms:
    target = Target(
        url=upstream_url,
        name="test-upstream",
        api_key="upstream-key",
        connect_s=20.0,
        write_s=120.0,
        read_s=120.0,
        pool_s=120.0,
    )
    plain = Terms(
        generation="1",
        basis="agent_rate",
        rates=RATES,
        models=MODELS,
        refuse_unpriced=True,
        target=target,
        open_to_loopback=True,
        require=frozenset(),
        aliases=(),
        estimate=EstimateLimits(),
        free_paths=(),
        spent_status=429,
        body_bytes_max=10**6,
        in_flight_max=100,
        receive_s=5.0,
    )
    return replace(plain, **changes)


class NoKeys:
    """A deployment in which nobody has made a key."""

    async def find(self, secret: str, kind: Kind = "proxy") -> KeyRecord:
        raise BadKey("unknown")


@dataclass
class Stand:
    """A running proxy."""

    url: str
    port: int
    terms: Terms
    purse: Purse
    metrics: Metrics
    client: httpx.AsyncClient
    readiness: Readiness = field(default_factory=lambda: Readiness(True, "1"))

    async def raw(self, data: bytes) -> bytes:
        """Everything that comes back for bytes written to a new connection, until it closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        async with asyncio.timeout(60):
            answer = await reader.read()
        writer.close()
        return answer


@asynccontextmanager
async def stand(
    given: Terms,
    purse: Purse | None = None,
    real: Process | None = None,
    keys: KeyFinder | None = None,
) -> AsyncIterator[Stand]:
    """Serve the proxy on a free port of loopback, with a `real` budget in place of the purse."""
    purse = purse or Purse()
    upstream = Upstream()
    metrics = Metrics()
    running: Stand

    async def readiness() -> Readiness:
        return running.readiness

    services = Services(
        current=lambda: running.terms,
        admission=real.admission if real else purse,  # type: ignore[arg-type]
        settlement=real.settlement if real else purse,  # type: ignore[arg-type]
        late=real.late if real else purse,  # type: ignore[arg-type]
        keys=keys or NoKeys(),
        upstream=upstream,
        encrypt=lambda raw: "sealed:" + raw.hex(),
        readiness=readiness,
        metrics=metrics,
    )
    config = uvicorn.Config(
        create_proxy(services),
        http=BoundedProtocol,
        ws="websockets-sansio",
        lifespan="off",
        proxy_headers=False,
        log_config=None,
        server_header=False,
        date_header=False,
        access_log=False,
    )
    server = uvicorn.Server(config)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60
    ) as client:
        running = Stand(f"http://127.0.0.1:{port}", port, given, purse, metrics, client)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        try:
            yield running
        finally:
            server.should_exit = True
            await client.aclose()
            await server.shutdown(sockets=[listener])
            await upstream.aclose()
