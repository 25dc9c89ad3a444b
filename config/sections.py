"""The other sections of the settings, typed, with defaults and bounds.

`docs/configuration.md` explains each; a test holds the two together.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from config import bounds
from config.rates import (
    AGENT_TYPES,
    DEFAULT_RATES_USD_PER_1K,
    DEFAULT_UNATTRIBUTED_USD_PER_1K,
    RateCard,
    canonical_agent,
)
from config.section import Section
from config.suggest import nearest
from config.values import OneOrMore, Secret, Share, Size, Usd, UsdPer1k, share_mille

Seconds = Annotated[float, Field(gt=0, le=bounds.UPSTREAM_TIMEOUT_S_MAX, allow_inf_nan=False)]
NonEmpty = Annotated[str, StringConstraints(min_length=1)]

EMBEDDED = "embedded"


def _address(*schemes: str, embedded: bool) -> AfterValidator:
    what = f"an address like {schemes[0]}://host" + (f", or {EMBEDDED}" if embedded else "")

    def check(value: str) -> str:
        if embedded and value == EMBEDDED:
            return value
        try:
            parts = urlsplit(value)
            usable = parts.scheme in schemes and (parts.hostname or parts.path) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError(f"{what} (schemes: {', '.join(schemes)})")
        return value.rstrip("/") if parts.scheme in {"http", "https"} else value

    return AfterValidator(check)


class Server(Section):
    """Where Purser listens, and what it takes."""

    host: NonEmpty = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    workers: Annotated[int, Field(ge=1, le=128)] = 1
    body_bytes_max: Annotated[Size, Field(ge=1, le=bounds.BODY_BYTES_MAX_CEILING)] = (
        bounds.BODY_BYTES_MAX
    )
    upload_bytes_max: Annotated[Size, Field(ge=1, le=bounds.UPLOAD_BYTES_MAX_CEILING)] = (
        bounds.IMAGES_BYTES_MAX
    )
    in_flight_max: Annotated[int, Field(ge=1, le=bounds.IN_FLIGHT_MAX_CEILING)] = (
        bounds.IN_FLIGHT_MAX
    )


class Upstream(Section):
    """Whom calls are passed on to."""

    url: Annotated[str, _address("https", "http", embedded=False), Field(repr=False)] = (
        "https://api.openai.com/v1"
    )
    api_key: Secret = None
    connect_s: Seconds = bounds.CONNECT_S
    write_s: Seconds = bounds.WRITE_S
    read_s: Seconds = bounds.READ_S
    pool_s: Seconds = bounds.POOL_S

    @property
    def key_from(self) -> Literal["purser", "client", "sandbox"]:
        """Whose key goes upstream; without any, the sandbox answers."""
        if self.api_key is None:
            return "sandbox"
        return "client" if self.api_key.get_secret_value() == "client" else "purser"


class Storage(Section):
    """Where holds, counters and the ledger are kept."""

    redis_url: Annotated[
        str, _address("redis", "rediss", "unix", embedded=True), Field(repr=False)
    ] = EMBEDDED
    database_url: Annotated[
        str,
        _address("postgresql", "postgresql+asyncpg", "sqlite", "sqlite+aiosqlite", embedded=True),
        Field(repr=False),
    ] = EMBEDDED
    data_dir: Path = Path("data")
    outbox_bytes_max: Annotated[Size, Field(ge=bounds.OUTBOX_BYTES_MIN)] = (
        bounds.OUTBOX_BYTES_MAX_DEFAULT
    )


class Auth(Section):
    """Who may call."""

    proxy: Literal["auto", "keys"] = "auto"
    require: Annotated[tuple[Literal["agent", "campaign"], ...], OneOrMore] = ()
    admin_password: Secret = None


def _rates(given: Any) -> Any:
    """Names in canonical spelling; rates not given keep their default."""
    if not isinstance(given, Mapping):
        return given
    rates: dict[str, Any] = dict(DEFAULT_RATES_USD_PER_1K)
    seen = set()
    for name, rate in given.items():
        agent = canonical_agent(str(name))
        if agent is None:
            near = nearest(str(name), AGENT_TYPES)
            raise ValueError(f"agent types ({', '.join(AGENT_TYPES)}), not {name!r}{near}")
        if agent in seen:
            raise ValueError(f"each agent type once, {agent} is there twice")
        seen.add(agent)
        rates[agent] = rate
    return rates


class Charging(Section):
    """What a call is charged."""

    basis: Literal["agent_rate", "provider_price"] = "agent_rate"
    agent_rates_usd_per_1k: Annotated[Mapping[str, UsdPer1k], BeforeValidator(_rates)] = Field(
        default_factory=lambda: dict(DEFAULT_RATES_USD_PER_1K)
    )
    unattributed_usd_per_1k: UsdPer1k = DEFAULT_UNATTRIBUTED_USD_PER_1K

    def rate_card(self) -> RateCard:
        """The card in integers."""
        return RateCard.from_usd_per_1k(self.agent_rates_usd_per_1k, self.unattributed_usd_per_1k)


class Admission(Section):
    """How calls without a ceiling, or without a price, are admitted."""

    implicit_share: Share = Decimal("0.05")
    min_output_tokens: Annotated[int, Field(ge=1, le=bounds.TOKENS_MAX)] = bounds.MIN_OUTPUT_TOKENS
    unpriced_model: Literal["refuse", "admit"] = "refuse"

    @property
    def implicit_share_mille(self) -> int:
        """The share in per mille."""
        return share_mille(self.implicit_share)


Alias = Literal["x-litellm-tags", "helicone-property", "x-portkey-metadata", "baggage"]


class Identity(Section):
    """Other tools' headers that may say who calls."""

    aliases: Annotated[tuple[Alias, ...], OneOrMore] = ()


def _status(given: Any) -> Any:
    # A Literal of numbers takes no text, and settings are read from text.
    return int(given) if isinstance(given, str) and given.isdecimal() else given


class Refusal(Section):
    """How a refusal looks."""

    status: Annotated[Literal[429, 402], BeforeValidator(_status)] = 429


PathTemplate = Annotated[str, StringConstraints(pattern=r"^/v1/[!-~]+$")]


class Endpoints(Section):
    """Paths that Purser would refuse while a budget applies."""

    free: Annotated[tuple[PathTemplate, ...], OneOrMore] = ()
    assume_usd: Mapping[PathTemplate, Usd] = Field(default_factory=dict)


class Log(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"
