"""Holds in Redis: thin wrappers around the scripts that make, end and correct them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config.bounds import EACH_VALUES_MAX, RESPONSE_MEMORY_S
from config.rules import value_digest
from storage import scripts
from storage.entries import correction_record, packed_flags, record_of, refusal_line
from storage.errors import Conflict, NotReady, OutboxFull, StorageError
from storage.records import Amounts, CallFacts, Flag, LedgerEntry, Outcome, Posting
from storage.redis_link import PREFIX, Argument, RedisLink

assert RESPONSE_MEMORY_S == 30 * 86_400, "end.lua keeps response totals for 30 days"

NO_WINDOW_END_MS: Final = 2**53 - 1
"""The end of a `total` window."""


@dataclass(frozen=True, slots=True)
class Interval:
    """One window: its start, which is its id, and its end, in milliseconds UTC."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One rule as the reserve script checks it. `value` is joined digests, "" without `each`."""

    name: str
    counter: str
    counts: str
    value: str
    current: Interval
    following: Interval


@dataclass(frozen=True, slots=True)
class Reserve:
    """What one call asks to hold. With `least_ceiling < full_ceiling` it may be lowered."""

    facts: CallFacts
    rules: Sequence[RuleCheck]
    full: Amounts
    full_ceiling: int
    base: Amounts
    each_token: Amounts
    least_ceiling: int
    implicit_share_mille: int
    outbox_bytes_max: int
    price_version: str


@dataclass(frozen=True, slots=True)
class Held:
    """A hold was made, or stands already under this id."""

    admitted_ms: int
    ceiling: int
    amounts: Amounts
    postings: tuple[Posting, ...]
    remaining_nano: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """No budget for it; nothing was held."""

    reason: str
    rule: str | None
    limit_nano: int
    posted_nano: int
    held_nano: int
    needed_nano: int
    window_end_ms: int
    now_ms: int


@dataclass(frozen=True, slots=True)
class StaleRules:
    """The rules that came with the call are not those in force."""


@dataclass(frozen=True, slots=True)
class StaleWindows:
    """Neither window that came with the call holds Redis's time."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A hold has ended. `what` is ended, again, corrected, recovered or tombstone."""

    what: str
    seq: int | None
    entry: int
    totals: Amounts
    remaining_nano: int | None


@dataclass(frozen=True, slots=True)
class Prior:
    """What SQL knows of a call that Redis no longer remembers."""

    entry: int
    totals: Amounts


def pack_postings(postings: Sequence[Posting]) -> str:
    """Postings as the scripts take them."""
    return ";".join(
        f"{p.counter},{p.window_start_ms},{p.window_end_ms},{p.value},{p.counts}" for p in postings
    )


def unpack_postings(packed: str) -> tuple[Posting, ...]:
    """Postings as the scripts give them."""
    parts = (part.split(",") for part in packed.split(";") if part)
    return tuple(
        Posting(c, int(start), int(end), value, mode) for c, start, end, value, mode in parts
    )


def rule_arguments(rules: Sequence[RuleCheck]) -> list[Argument]:
    """Rules as the scripts take them that ask how full budgets are."""
    flat: list[Argument] = []
    for rule in rules:
        flat += [rule.name, rule.counter, rule.counts, rule.value]
        flat += [rule.current.start_ms, rule.current.end_ms]
        flat += [rule.following.start_ms, rule.following.end_ms]
    return flat


def _optional(text: str) -> int | None:
    return int(text) if text else None


class HoldStore:
    """Makes and ends the holds of one process. `epoch` is the life of Redis it has joined."""

    def __init__(self, link: RedisLink, process_id: str) -> None:
        self.link = link
        self.process_id = process_id
        self.epoch = ""

    async def reserve(
        self, ask: Reserve, generation: str
    ) -> Held | Refusal | StaleRules | StaleWindows:
        """Hold the worst case in every rule at once, or say which rule refuses.

        Raises `NotReady`, `OutboxFull`, `RedisUnavailable`, and `ReplyLost`, after which
        the hold may stand: void it until that is acknowledged.
        """
        reply = await self.link.run(
            scripts.RESERVE, self.epoch, generation, ask.facts.hold_id, self.process_id,
            ask.base.charge, ask.base.provider, ask.each_token.charge, ask.each_token.provider,
            ask.full_ceiling, ask.least_ceiling, ask.full.charge, ask.full.provider,
            ask.implicit_share_mille, ask.outbox_bytes_max, EACH_VALUES_MAX,
            ".".join(ask.facts.digests()), record_of(ask.facts, ask.price_version),
            refusal_line(ask.facts), *rule_arguments(ask.rules),
        )  # fmt: skip
        match reply:
            case ["granted", admitted, ceiling, charge, provider, postings, remaining]:
                held = Amounts(int(charge), int(provider))
                return Held(
                    int(admitted),
                    int(ceiling),
                    held,
                    unpack_postings(postings),
                    _optional(remaining),
                )
            case ["frozen", now]:
                return Refusal("frozen", None, 0, 0, 0, 0, NO_WINDOW_END_MS, int(now))
            case ["blocked", status, now]:
                reason = f"campaign_{status}"
                return Refusal(reason, None, 0, 0, 0, 0, NO_WINDOW_END_MS, int(now))
            case [reason, rule, *numbers] if reason.startswith("budget_"):
                return Refusal(reason, rule, *(int(number) for number in numbers))
            case ["stale", now]:
                return StaleWindows(int(now))
            case ["stale_config", *_]:
                return StaleRules()
            case ["outbox_full"]:
                raise OutboxFull(
                    "settled calls wait for SQL: admission is closed until it has them"
                )
            case ["unready"]:
                raise NotReady("Redis has not been verified yet, or is being rebuilt")
            case ["ended", state]:
                raise NotReady(f"this hold is {state} already: a late reserve is not carried out")
        raise StorageError(f"the reserve script answered {reply!r}")

    async def end(
        self,
        facts: CallFacts,
        outcome: Outcome,
        amounts: Amounts,
        flags: frozenset[Flag],
        price_version: str,
        admitted_ms: int,
        postings: Sequence[Posting],
        prior: Prior | None = None,
        generation: str = "",
    ) -> Ended:
        """End a hold once. Repeating it is harmless; another amount raises `Conflict`.

        `postings` say where it counts if Redis has forgotten it, by the rules of `generation`.
        """
        response = outcome.response_id
        known = (prior.entry, prior.totals.charge, prior.totals.provider) if prior else ("", "", "")
        reply = await self.link.run(
            scripts.END, self.epoch, facts.hold_id, outcome.status.value, amounts.charge,
            amounts.provider, packed_flags(flags), record_of(facts, price_version, outcome),
            admitted_ms, pack_postings(postings), ".".join(facts.digests()), *known,
            value_digest(response) if response else "", outcome.usage.total_tokens, EACH_VALUES_MAX,
            generation,
        )  # fmt: skip
        match reply:
            case ["unready"]:
                raise NotReady("Redis has not been verified yet, or is being rebuilt")
            case ["stale_config"]:
                raise NotReady("the rules changed while a call ended that Redis has forgotten")
            case ["tombstone"]:
                return Ended("tombstone", None, 0, Amounts(), None)
            case ["conflict", _, _, charge, provider, _]:
                raise Conflict(
                    f"hold {facts.hold_id} has ended with charge {charge}, provider {provider}; "
                    f"told {outcome.status} with {amounts.charge}, {amounts.provider}"
                )
            case [what, seq, entry, charge, provider, remaining]:
                totals = Amounts(int(charge), int(provider))
                return Ended(what, _optional(seq), int(entry), totals, _optional(remaining))
        raise StorageError(f"the end script answered {reply!r}")

    async def response_tokens(self, response_id: str) -> int | None:
        """Total tokens of an earlier `/v1/responses` answer, if it is remembered."""
        found = await self.link.command("GET", f"{PREFIX}response:{value_digest(response_id)}")
        return int(found) if found is not None else None


async def correct(
    link: RedisLink,
    entries: Sequence[LedgerEntry],
    digests: Sequence[str],
    prior: Prior,
    totals: Amounts,
    postings: Sequence[Posting],
    reason: str,
) -> int:
    """Correct an ended call to `totals`; returns the new entry's number.

    Raises `Conflict` where the call is still held or has changed since it was read.
    """
    first = entries[0]
    reply = await link.run(
        scripts.CORRECT, first.hold_id, prior.entry, prior.totals.charge, prior.totals.provider,
        totals.charge, totals.provider, correction_record(first, reason), first.admitted_ms,
        pack_postings(postings), ".".join(digests),
    )  # fmt: skip
    match reply:
        case ["corrected", _, entry]:
            return int(entry)
        case ["held"]:
            raise Conflict(f"hold {first.hold_id} is still in flight: correct it once it has ended")
        case ["moved", entry]:
            raise Conflict(
                f"hold {first.hold_id} has an entry {entry} that is not in SQL yet: try again"
            )
    raise NotReady("Redis has not been verified yet, or is being rebuilt")
