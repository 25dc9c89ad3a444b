"""What simulated agents ask: the same for the same seed, without end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from config.rates import AGENT_TYPES

CAMPAIGNS: Final[Mapping[str, int]] = {
    "holiday-2024": 26,
    "spring-launch": 20,
    "brand-refresh": 14,
    "newsletter": 12,
    "flash-sale": 16,
    "partner-pilot": 12,
}
"""How often each campaign is worked for, in per cent."""

BUDGETS: Final[Mapping[str, Any]] = {
    "primary": "monthly",
    "rules": [
        {"name": "monthly", "limit_usd": "500", "window": "month", "slider_usd": ["100", "1000"]},
        {"name": "per-campaign", "each": "campaign", "limit_usd": "10", "window": "day"},
        {
            "name": "flash-sale-hourly",
            "match": {"campaign": "flash-sale"},
            "limit_usd": "0.10",
            "window": "hour",
        },
        {
            "name": "partner-pilot-hourly",
            "match": {"campaign": "partner-pilot"},
            "limit_usd": "0.025",
            "window": "hour",
        },
    ],
}
"""Roomy on the whole, tight for two campaigns: some calls are refused."""

_TIGHT: Final = frozenset({"flash-sale", "partner-pilot"})
_TASKS: Final = ("draft", "review", "classify", "plan", "summarise")
_CHAT_MODELS: Final = ("gpt-4o-mini", "gpt-4o", "gpt-4.1-mini", "gpt-4.1-nano")
_SUBJECTS: Final = (
    "a spring sale of garden chairs",
    "the launch of a trail shoe",
    "a loyalty programme for a bakery",
    "weekend trips by night train",
    "a refill shop's tenth birthday",
    "noise-cancelling headphones for commuters",
)
_ORDERS: Final = (
    "Write three titles for {}.",
    "Which audience should hear of {}, and why?",
    "Name the keywords that people search for before {}.",
    "Write a short mail about {}.",
    "What went well last time with {}? Answer in four points.",
)
_LOOKUP: Final = {
    "name": "campaign_numbers",
    "description": "Clicks, orders and costs of a campaign in a period.",
    "parameters": {
        "type": "object",
        "properties": {"campaign": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["campaign", "days"],
        "additionalProperties": False,
    },
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One call of an agent. `pause_s` is how long it thinks before."""

    agent: str
    campaign: str
    task: str
    path: str
    body: Mapping[str, Any]
    stream: bool
    pause_s: float


def asks(seed: int) -> Iterator[Ask]:
    """Calls without end; every fourteen of them come from all agent types."""
    chance = Random(seed)  # noqa: S311  a play, not a secret
    first = True
    while True:
        agents = list(AGENT_TYPES)
        chance.shuffle(agents)
        for agent in agents:
            yield _ask(chance, agent, roomy=first)
        first = False


def _ask(chance: Random, agent: str, *, roomy: bool) -> Ask:
    campaign = chance.choices(list(CAMPAIGNS), list(CAMPAIGNS.values()))[0]
    if roomy and campaign in _TIGHT:
        campaign = next(iter(CAMPAIGNS))
    text = chance.choice(_ORDERS).format(chance.choice(_SUBJECTS))
    kind = chance.choices(
        ("chat", "chat_stream", "chat_tools", "responses", "responses_stream", "embeddings"),
        (34, 20, 10, 16, 10, 10),
    )[0]
    path, body = _body(chance, kind, f"{agent} agent for {campaign}.", text)
    stream = bool(body.get("stream"))
    return Ask(agent, campaign, chance.choice(_TASKS), path, body, stream, chance.uniform(0, 0.25))


def _body(chance: Random, kind: str, role: str, text: str) -> tuple[str, dict[str, Any]]:
    model = chance.choice(_CHAT_MODELS)
    ceiling = chance.choice((40, 80, 120))
    messages = [{"role": "system", "content": role}, {"role": "user", "content": text}]
    chat = {"model": model, "messages": messages, "max_completion_tokens": ceiling}
    answer = {"model": model, "instructions": role, "input": text, "max_output_tokens": ceiling}
    match kind:
        case "chat":
            return "/v1/chat/completions", chat
        case "chat_stream":
            usage = {"stream": True, "stream_options": {"include_usage": True}}
            return "/v1/chat/completions", chat | usage
        case "chat_tools":
            tool = {"type": "function", "function": _LOOKUP}
            return "/v1/chat/completions", chat | {"tools": [tool]}
        case "responses":
            return "/v1/responses", answer
        case "responses_stream":
            return "/v1/responses", answer | {"stream": True}
        case _:
            texts = [text] * chance.randint(1, 4)
            return "/v1/embeddings", {"model": "text-embedding-3-small", "input": texts}
