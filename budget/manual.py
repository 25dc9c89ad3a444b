"""Costs told by hand: what was spent where Purser did not see it counts in every budget."""

import asyncio
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from budget.asking import ask
from budget.endings import Ending
from budget.errors import AlreadyMetered, CostTooLarge, KeyReused, Refused
from budget.lifeline import Lifeline
from config.money import NANO_MAX, cost_nano, usd_text
from config.rates import RateCard
from storage import queries
from storage.holds import Refusal
from storage.ledger import Ledger
from storage.manual import Answer, ManualCost, Metered, Recorded, RecordedBefore, record
from storage.records import Amounts, Caller, CallFacts, Flag

ENDPOINT: Final = "manual"
"""What stands in the ledger for the path of a call."""

AT_ONCE_MAX: Final = 16
"""Costs that are recorded at a time in a process; more wait their turn.

A burst of a thousand would otherwise open every connection at once, in an event loop that is
too busy to hear the answers in time: some would be told that Redis is away.
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A cost as somebody tells it. `metadata` is plain JSON text."""

    agent: str
    campaign: str
    tokens: int
    task: str
    execution_id: str | None
    metadata: str | None

    def digest(self) -> str:
        """Stands for all that was told."""
        return hashlib.sha256(orjson.dumps(asdict(self))).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Written:
    """A cost in the books. `over` names budgets that it took above their limit."""

    hold_id: str
    charge_nano: int
    admitted_ms: int
    over: tuple[str, ...]
    replayed: bool
    over_budget: bool
    remaining_nano: int | None


@dataclass(frozen=True, slots=True)
class ManualTerms:
    """What is in force when a cost is told."""

    rates: RateCard
    price_version: str
    outbox_bytes_max: int


class ManualCosts:
    """Records costs, each once. `terms` gives what is in force now."""

    def __init__(
        self,
        lifeline: Lifeline,
        ledger: Ledger,
        terms: Callable[[], ManualTerms],
        encrypt: Callable[[bytes], str],
    ) -> None:
        self._lifeline = lifeline
        self._ledger = ledger
        self._terms = terms
        self._encrypt = encrypt
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)

    async def record(
        self, told: Told, key: str, idempotency_key: str | None, *, enforce: bool, additional: bool
    ) -> Written:
        """Record a cost; `key` names who tells it.

        It is one cost for each idempotency key, else for each execution and what was told of
        it; without either, each time is another. Raises `KeyReused`, `AlreadyMetered`,
        `CostTooLarge`, with `enforce` `Refused`, and `Unavailable` or what SQL raises: then it
        may be told again under the same key.
        """
        async with self._turns:
            return await self._record(
                told, key, idempotency_key, enforce=enforce, additional=additional
            )

    async def _record(
        self, told: Told, key: str, idempotency_key: str | None, *, enforce: bool, additional: bool
    ) -> Written:
        digest = told.digest()
        hold_id = _hold_id(told, digest, idempotency_key)
        if hold_id is None:
            # Nobody has told of it before, and no call can belong to it.
            hold_id = f"manual-{uuid.uuid4().hex}"
        else:
            execution = None if additional else told.execution_id
            known = await queries.known(self._ledger, hold_id, execution)
            if known.first is not None:
                return _from_ledger(known.first, digest)
            if known.metered_hold is not None:
                raise AlreadyMetered(told.execution_id or "", known.metered_hold)
        cost = self._cost(told, key, hold_id, digest, enforce=enforce, additional=additional)
        holds = self._lifeline.holds
        answer: Answer = await ask(
            self._lifeline,
            cost.facts,
            lambda checks, number: record(holds, cost, checks, number),
        )
        return await self._read(answer, cost)

    def _cost(
        self, told: Told, key: str, hold_id: str, digest: str, *, enforce: bool, additional: bool
    ) -> ManualCost:
        terms = self._terms()
        charge = cost_nano(told.tokens, terms.rates.rate(told.agent))
        if charge > NANO_MAX:
            raise CostTooLarge(f"{told.tokens} tokens cost more than {usd_text(NANO_MAX)} USD")
        metadata = None if told.metadata is None else self._encrypt(told.metadata.encode())
        caller = Caller(told.agent, told.campaign, told.task, key, told.execution_id, metadata)
        facts = CallFacts(hold_id, f"manual-{digest}", caller, ENDPOINT, "")
        # Nobody knows what a provider asked for it: the charge stands for that too, so that
        # rules which count the provider's cost do not miss it.
        amounts = Amounts(charge, charge)
        return ManualCost(
            facts, digest, told.tokens, amounts, enforce, additional, terms.price_version,
            terms.outbox_bytes_max,
        )  # fmt: skip

    async def _read(self, answer: Answer, cost: ManualCost) -> Written:
        match answer:
            case Recorded():
                self._keep(cost, answer)
                return Written(
                    cost.facts.hold_id, cost.amounts.charge, answer.admitted_ms, answer.over,
                    replayed=False, over_budget=bool(answer.over),
                    remaining_nano=answer.remaining_nano,
                )  # fmt: skip
            case RecordedBefore(digest=""):
                # Corrected or recovered since: SQL has what was told.
                known = await queries.known(self._ledger, cost.facts.hold_id, None)
                if known.first is not None:
                    return _from_ledger(known.first, cost.digest)
                return _replayed(cost.facts.hold_id, answer)
            case RecordedBefore():
                if answer.digest != cost.digest:
                    raise _reused()
                return _replayed(cost.facts.hold_id, answer)
            case Metered():
                raise AlreadyMetered(cost.facts.caller.execution_id or "", answer.hold_id)
            case Refusal():
                raise Refused(answer)
        raise AssertionError(f"{answer!r} is no answer to a manual cost")

    def _keep(self, cost: ManualCost, done: Recorded) -> None:
        """Redis may lose what it acknowledged: until SQL has it, this process can say it again."""
        flags = frozenset({Flag.OVER_BUDGET}) if done.over else frozenset()
        ending = Ending(
            cost.facts, cost.outcome, cost.amounts, flags, cost.price_version, done.admitted_ms,
            done.postings, self._lifeline.holds.epoch,
        )  # fmt: skip
        self._lifeline.endings.recorded(ending, done.seq)


def _hold_id(told: Told, digest: str, idempotency_key: str | None) -> str | None:
    """The id that a repetition has too; None where there is none."""
    if idempotency_key is not None:
        text = f"key:{idempotency_key}"
    elif told.execution_id is not None:
        text = f"execution:{told.execution_id}:{digest}"
    else:
        return None
    return "manual-" + hashlib.sha256(text.encode()).hexdigest()[:40]


def _from_ledger(first: queries.First, digest: str) -> Written:
    if first.request_id != f"manual-{digest}":
        raise _reused()
    return Written(
        first.hold_id, first.charge_nano, first.admitted_ms, (), replayed=True,
        over_budget=first.over_budget, remaining_nano=None,
    )  # fmt: skip


def _replayed(hold_id: str, before: RecordedBefore) -> Written:
    return Written(
        hold_id, before.amounts.charge, before.admitted_ms, before.over, replayed=True,
        over_budget=bool(before.over), remaining_nano=None,
    )  # fmt: skip


def _reused() -> KeyReused:
    return KeyReused(
        "this Idempotency-Key was used for another cost: a repetition tells the same, another "
        "cost takes another key"
    )
