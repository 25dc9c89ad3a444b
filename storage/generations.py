"""The rules in force: one generation a deployment, published through Redis."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from config.published import published_rule, rules_from_published
from config.rules import DIMENSIONS, Rule, value_digest
from storage import scripts
from storage.errors import NotReady
from storage.holds import Interval
from storage.ledger import Ledger
from storage.redis_link import META, PREFIX, Argument, RedisLink


@dataclass(frozen=True, slots=True)
class Generation:
    """Rules under one number. `digest` is that of the configuration they came from."""

    number: str
    digest: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class NewCounter:
    """A counter that did not exist before, with the window in which it starts."""

    rule: Rule
    window: Interval


async def load(link: RedisLink) -> Generation | None:
    """The generation in force, or None before the first."""
    number, digest = await link.command("HMGET", META, "generation", "digest")
    blob = await link.command("GET", PREFIX + "rules")
    again = await link.command("HGET", META, "generation")
    if not number or not blob:
        return None
    if again != number:
        return await load(link)
    return Generation(number.decode(), digest.decode(), rules_from_published(orjson.loads(blob)))


async def publish(
    link: RedisLink,
    ledger: Ledger,
    epoch: str,
    before: Generation | None,
    rules: Sequence[Rule],
    digest: str,
    fresh: Sequence[NewCounter],
    drained: int,
) -> str:
    """Publish `rules` as the next generation; returns what the script answered.

    "published"; "moved" where another generation came first; "drained" or "stale" where the
    sums of new counters were overtaken: read how things stand and ask again.
    """
    number = str(int(before.number) + 1) if before else "1"
    arguments: list[Argument] = [
        epoch, before.number if before else "", number,
        orjson.dumps({"rules": [published_rule(rule) for rule in rules]}),
        digest, drained, len(rules),
    ]  # fmt: skip
    for rule in rules:
        arguments += [rule.counter, f"{rule.limit_nano}{'!' if rule.locked else ''}"]
    for new in fresh:
        arguments += await _filled(ledger, new, drained)
    reply = await link.run(scripts.PUBLISH, *arguments)
    if reply[0] == "unready":
        raise NotReady("Redis has not been verified yet, or is being rebuilt")
    return str(reply[0])


async def _filled(ledger: Ledger, new: NewCounter, drained: int) -> list[Argument]:
    """A new counter as the script takes it, with what the ledger says was spent."""
    rule, window = new.rule, new.window
    match = ";".join(
        f"{index}={value_digest(rule.match[dimension])}"
        for index, dimension in enumerate(DIMENSIONS, 1)
        if dimension in rule.match
    )
    each = ";".join(str(i) for i, dimension in enumerate(DIMENSIONS, 1) if dimension in rule.each)
    posted = await posted_values(ledger, rule, window, drained)
    flat: list[Argument] = [
        rule.counter, rule.counts.value, match, each, window.start_ms, window.end_ms, len(posted),
    ]  # fmt: skip
    for value, amount in posted.items():
        flat += [value, amount]
    return flat


async def posted_values(
    ledger: Ledger, rule: Rule, window: Interval, up_to_seq: int
) -> dict[str, int]:
    """What the ledger says each value of a rule has posted in a window, nano-dollars."""
    sums = await ledger.sums(rule, window.start_ms, window.end_ms, up_to_seq)
    return {value: found.amount(rule.counts) for value, found in sums.items()}
