"""Correcting what an ended call has cost, by somebody's word."""

from dataclasses import dataclass

from budget.errors import Uncorrectable
from budget.rulebook import Rulebook
from config.money import usd_text
from storage import generations, holds
from storage.audit import Act
from storage.entries import totals_of
from storage.errors import NotReady
from storage.holds import Prior
from storage.ledger import Ledger
from storage.outbox import Outbox
from storage.records import Amounts, Caller, CallFacts, LedgerEntry, Posting, Status
from storage.redis_link import RedisLink
from storage.snapshot import read_snapshot
from storage.sums import OTHER


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a call shall have cost in all, who says so and why. `provider_nano` None: as it is."""

    hold_id: str
    charge_nano: int
    provider_nano: int | None
    who: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction as it stands in the ledger: the number of its entry, and both totals."""

    hold_id: str
    entry: int
    before: Amounts
    after: Amounts


async def correct(link: RedisLink, ledger: Ledger, wanted: Wanted) -> Corrected:
    """Correct a call to what is wanted, and say so in the audit log.

    Raises `Uncorrectable` for a call that is unknown, in flight, refused, or costs that
    already; `Conflict` where it changed meanwhile; and what storage raises.
    """
    outbox = Outbox(link, ledger)
    await outbox.drain()
    entries = await ledger.entries_of(wanted.hold_id)
    await _check(link, wanted.hold_id, entries)
    entry, before = totals_of(entries)
    provider = before.provider if wanted.provider_nano is None else wanted.provider_nano
    after = Amounts(wanted.charge_nano, provider)
    if after == before:
        raise Uncorrectable(f"the call {wanted.hold_id} costs that already: nothing to correct")
    generation = await generations.load(link)
    if generation is None:
        raise NotReady("no rules have been published yet: start `purser serve` or `purser janitor`")
    facts = _facts(entries[0])
    postings = _postings(Rulebook(generation), facts, entries[0])
    number = await holds.correct(
        link, entries, facts.digests(), Prior(entry, before), after, postings, wanted.reason
    )
    await outbox.drain()
    await ledger.audit(
        Act("correct", wanted.who, wanted.place, _told(wanted.hold_id, before),
            _told(wanted.hold_id, after), wanted.reason)
    )  # fmt: skip
    return Corrected(wanted.hold_id, number, before, after)


async def _check(link: RedisLink, hold_id: str, entries: list[LedgerEntry]) -> None:
    if not entries:
        open_holds = (await read_snapshot(link)).holds
        if any(hold.hold_id == hold_id for hold in open_holds):
            raise Uncorrectable(f"the call {hold_id} is in flight: correct it once it has ended")
        raise Uncorrectable(
            f"the ledger has no call {hold_id}: `purser ledger list` shows those that it has"
        )
    if entries[0].status is Status.REFUSED:
        raise Uncorrectable(f"{hold_id} stands for refused calls, which cost nothing")


def _facts(first: LedgerEntry) -> CallFacts:
    """The call as it asked for admission."""
    caller = Caller(first.agent, first.campaign, first.task, first.key, first.execution_id)
    return CallFacts(
        first.hold_id, first.request_id, caller, first.endpoint, first.requested_model, first.tier
    )


def _postings(book: Rulebook, facts: CallFacts, first: LedgerEntry) -> tuple[Posting, ...]:
    """Where the call counts now; under the shared value where it was counted under that."""
    return tuple(
        Posting(p.counter, p.window_start_ms, p.window_end_ms, OTHER, p.counts)
        if p.counter in first.overflow
        else p
        for p in book.postings(facts, first.admitted_ms)
    )


def _told(hold_id: str, totals: Amounts) -> str:
    return f"{hold_id}: {usd_text(totals.charge)} USD, provider {usd_text(totals.provider)} USD"
