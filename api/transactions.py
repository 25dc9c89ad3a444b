"""Procedures about ledger entries: lists by page, corrections, files."""

import base64
import binascii
import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict

from api.answers import dump
from api.context import PLACE, Context
from api.costs import zone
from api.errors import BadField, NotFound
from api.fields import iso, usd
from api.inputs import CorrectionIn, ExportIn, FilterIn, TransactionsIn
from api.outputs import Correction, Transaction, Transactions
from api.periods import interval_of
from budget.corrections import Wanted, correct
from config.money import usd_text
from storage import queries
from storage.queries import Cursor, Filter
from storage.records import LedgerEntry

EXPORT_PAGE = 500
"""Entries that an export reads at once: other requests have their turn between two pages."""

CSV_TOKENS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
CSV_COLUMNS = (
    "hold_id", "entry", "sequence", "status", "admitted_at", "posted_at", "request_id",
    "execution_id", "agent", "campaign", "task", "key", "endpoint", "requested_model",
    "served_model", "tier", *CSV_TOKENS, "charge_usd", "provider_usd", "held_usd", "flags",
    "price_version", "http_status", "latency_ms", "ttfb_ms", "count", "rule", "reason",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def get_transactions(ctx: Context, given: TransactionsIn) -> Transactions:
    """One page of ledger entries, newest first."""
    after = None if given.cursor is None else _cursor(given.cursor)
    found = await queries.page(ctx.services.ledger, _filter(ctx, given), given.limit, after)
    following = found.following
    return Transactions(
        transactions=[transaction(entry) for entry in found.entries],
        next_cursor=None if following is None else _packed(following),
    )


async def correct_transaction(ctx: Context, given: CorrectionIn) -> Correction:
    """Correct what an ended call has cost."""
    services = ctx.services
    if not await services.ledger.entries_of(given.hold_id):
        open_or_none = "the ledger has no call of this id yet: one in flight cannot be corrected"
        raise NotFound(open_or_none)
    done = await correct(
        services.link,
        services.ledger,
        Wanted(
            given.hold_id, given.charge_usd, given.provider_usd, ctx.actor.name, PLACE,
            given.reason,
        ),
    )  # fmt: skip
    return Correction(
        hold_id=done.hold_id,
        entry=done.entry,
        before_charge_usd=usd(done.before.charge),
        before_provider_usd=usd(done.before.provider),
        charge_usd=usd(done.after.charge),
        provider_usd=usd(done.after.provider),
    )


async def export(ctx: Context, given: ExportIn) -> AsyncIterator[bytes]:
    """All entries that fit, oldest first, as bytes of a file."""
    head = _csv_lines([CSV_COLUMNS]) if given.format == "csv" else b""
    async for entries in queries.pages(ctx.services.ledger, _filter(ctx, given), EXPORT_PAGE):
        if given.format == "csv":
            yield head + _csv_lines([_csv_row(entry) for entry in entries])
        else:
            yield b"".join(dump(transaction(entry)) + b"\n" for entry in entries)
        head = b""


def transaction(entry: LedgerEntry) -> Transaction:
    """A ledger entry to answer."""
    return Transaction(
        hold_id=entry.hold_id,
        entry=entry.entry,
        sequence=entry.seq,
        status=entry.status.value,
        admitted_at=iso(entry.admitted_ms),
        posted_at=iso(entry.posted_ms),
        request_id=entry.request_id,
        execution_id=entry.execution_id,
        agent=entry.agent,
        campaign=entry.campaign,
        task=entry.task,
        key=entry.key,
        endpoint=entry.endpoint,
        requested_model=entry.requested_model,
        served_model=entry.served_model,
        tier=entry.tier,
        usage={name: n for name, n in asdict(entry.usage).items() if n},
        charge_usd=usd(entry.charge_nano),
        provider_usd=usd(entry.provider_nano),
        held_usd=usd(entry.held_nano),
        flags=sorted(flag.value for flag in entry.flags),
        price_version=entry.price_version,
        http_status=entry.http_status,
        latency_ms=entry.latency_ms,
        ttfb_ms=entry.ttfb_ms,
        count=entry.count,
        rule=entry.rule,
        reason=entry.reason,
    )


def _filter(ctx: Context, given: FilterIn) -> Filter:
    """Without any word of time, all of it."""
    since = until = None
    if given.month or given.since is not None or given.until is not None:
        interval = interval_of(given, zone(ctx), ctx.services.lifeline.now_ms())
        since, until = interval.start_ms, interval.end_ms
    return Filter(
        since, until, given.agent, given.campaign, given.task, given.key, given.model,
        given.endpoint, given.status, given.execution_id, given.request_id, given.hold_id,
    )  # fmt: skip


def _packed(cursor: Cursor) -> str:
    text = f"{cursor.admitted_ms}.{cursor.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _cursor(text: str) -> Cursor:
    try:
        padded = text + "=" * (-len(text) % 4)
        at, number = base64.urlsafe_b64decode(padded.encode("ascii")).decode("ascii").split(".")
        cursor = Cursor(int(at), int(number))
    except (ValueError, binascii.Error):
        raise BadField("cursor", "the next_cursor of an earlier page") from None
    if not (0 <= cursor.admitted_ms < 1 << 62 and 0 <= cursor.id < 1 << 62):
        raise BadField("cursor", "the next_cursor of an earlier page")
    return cursor


def _csv_row(entry: LedgerEntry) -> Sequence[object]:
    shown = transaction(entry).model_dump()
    shown |= {name: getattr(entry.usage, name) for name in CSV_TOKENS}
    for name in ("charge", "provider", "held"):
        shown[f"{name}_usd"] = usd_text(getattr(entry, f"{name}_nano"))
    shown["flags"] = " ".join(shown["flags"])
    texts = ((name, shown[name]) for name in CSV_COLUMNS)
    return [value if name.endswith("_usd") else _plain(value) for name, value in texts]


def _plain(value: object) -> object:
    """A text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _csv_lines(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
