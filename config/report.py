"""The configuration in force as text: every value with its origin, then what to think about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from config.models import Model, PriceKind
from config.money import NANO_PER_USD, NanoPerMillion
from config.origins import DEFAULT, Steps
from config.rules import Dimension, fold
from config.sections import EMBEDDED
from config.settings import Loaded
from config.trace import named_leaves
from config.values import redacted_url

WORST_SHOWN: Final = 3
_TEXT_MODES: Final = ("chat", "responses", "completion", "embedding")
_TEXT_KINDS: Final = (
    PriceKind.INPUT,
    PriceKind.OUTPUT,
    PriceKind.CACHE_WRITE,
    PriceKind.AUDIO_INPUT,
    PriceKind.AUDIO_OUTPUT,
    PriceKind.IMAGE_OUTPUT,
)


@dataclass(frozen=True, slots=True)
class Dearer:
    """Models whose dearest token costs more than a rate: budgets count too little of them."""

    rate: NanoPerMillion
    agents: tuple[str, ...]
    models: tuple[tuple[str, NanoPerMillion], ...]
    """(name, its dearest price in nano-dollars per million tokens), the worst first."""


def report(loaded: Loaded) -> str:
    """Everything in force, aligned, a line a setting; secrets only as `set` or `not set`."""
    lines = [
        f"file    {loaded.path}",
        f"digest  {loaded.digest}",
        f"prices  {loaded.models.version}",
    ]
    shown = [(place, shown_value(place, value)) for place, value in settings_in_force(loaded)]
    place_width = max(len(place) for place, _ in shown)
    value_width = min(44, max(len(value) for _, value in shown))
    section = ""
    for place, value in shown:
        if place.partition(".")[0] != section:
            section = place.partition(".")[0]
            lines.append("")
        origin = loaded.origins.get(place, DEFAULT)
        lines.append(f"{place:<{place_width}}  {value:<{value_width}}  {origin}")
    if found := list(warnings(loaded)):
        lines += ["", f"{len(found)} to think about:", *(f"- {text}" for text in found)]
    return "\n".join(lines) + "\n"


def settings_in_force(loaded: Loaded) -> Iterator[tuple[str, Any]]:
    """Every setting by its dotted place, with its value."""
    names: dict[Steps, str] = {
        ("budgets", "rules", i): rule.name for i, rule in enumerate(loaded.rules)
    }
    for place, _, value in named_leaves(loaded.settings, names):
        yield place, value


def shown_value(place: str, value: Any) -> str:
    """A value as a reader would write it; a secret or a password in an address is never shown."""
    if place in {"upstream.api_key", "auth.admin_password"}:
        is_client = isinstance(value, SecretStr) and value.get_secret_value() == "client"
        return "client" if is_client else "not set" if value is None else "set"
    match value:
        case None:
            return "not set"
        case bool():
            return str(value).lower()
        case tuple():
            return f"[{', '.join(shown_value('', item) for item in value)}]"
        case Mapping():
            return "{}"
        case Decimal():
            return f"{value:f}"
        case Path():
            return str(value)
        case str() if place.endswith("url"):
            return redacted_url(value)
        case _:
            return str(value)


def dearer_models(loaded: Loaded) -> list[Dearer]:
    """For each level of the rate card, the models whose dearest token costs more."""
    levels: dict[NanoPerMillion, list[str]] = {loaded.rates.unattributed: ["unattributed"]}
    for agent, rate in loaded.rates.rates.items():
        levels.setdefault(rate, []).append(agent)
    today = datetime.now(UTC).date()
    dearest = {
        name: price
        for name, model in loaded.models.models.items()
        if (price := _dearest_token(model.on(today))) is not None
    }
    worst_first = sorted(dearest.items(), key=lambda item: (-item[1], item[0]))
    found = []
    for rate, agents in sorted(levels.items()):
        if models := tuple(item for item in worst_first if item[1] > rate):
            found.append(Dearer(rate, tuple(agents), models))
    return found


def _dearest_token(model: Model) -> NanoPerMillion | None:
    """At the dearest tier and the longest input; None for models that tokens do not bill."""
    if model.mode not in _TEXT_MODES:
        return None
    return model.dearest(_TEXT_KINDS, model.tiers, model.context_window or 0)


def warnings(loaded: Loaded) -> Iterator[str]:
    """What is allowed and may still surprise somebody."""
    settings = loaded.settings
    if settings.charging.basis == "agent_rate":
        yield from map(_dearer_text, dearer_models(loaded))
    if settings.upstream.key_from == "sandbox":
        yield "upstream.api_key is not set: the sandbox answers, and nothing reaches a provider"
    if settings.environment == "production":
        for name in ("redis_url", "database_url"):
            if getattr(settings.storage, name) == EMBEDDED:
                yield f"storage.{name} is embedded: production on one machine, without a replica"
    if not _is_loopback(settings.server.host) and settings.auth.proxy == "auto":
        yield f"server.host {settings.server.host} is no loopback address: every call needs a key"
    url = settings.upstream.url
    if url.startswith("http://") and not _is_loopback(url[7:].partition("/")[0].partition(":")[0]):
        yield "upstream.url is plain http: the provider's key travels in the clear"
    if not loaded.rules:
        yield "budgets.rules is empty: nothing is enforced, calls are only metered"
    yield from _rule_warnings(loaded)


def _rule_warnings(loaded: Loaded) -> Iterator[str]:
    for rule in loaded.rules:
        model = rule.match.get(Dimension.MODEL)
        if model is not None and not _knows(loaded, model):
            yield f"budgets.rules[{rule.name}] matches {model}, which no price list knows"
        if rule.slider_nano and not rule.slider_nano[0] <= rule.limit_nano <= rule.slider_nano[1]:
            yield f"budgets.rules[{rule.name}].limit_usd lies outside its slider_usd"


def _knows(loaded: Loaded, model: str) -> bool:
    return loaded.models.resolve(model) is not None or any(
        fold(name) == model for name in loaded.models.models
    )


def _dearer_text(dearer: Dearer) -> str:
    worst = ", ".join(f"{name} {_per_1k(price)}" for name, price in dearer.models[:WORST_SHOWN])
    more = ", …" if len(dearer.models) > WORST_SHOWN else ""
    return (
        f"{len(dearer.models)} models can cost more than the {_per_1k(dearer.rate)} USD per 1,000 "
        f"tokens charged for {', '.join(dearer.agents)} (worst: {worst}{more}): "
        "a rule with counts: dearer counts the larger of the two"
    )


def _per_1k(price: NanoPerMillion) -> str:
    usd = Decimal(price) / (NANO_PER_USD * 1_000)
    return f"{usd:f}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
