"""How the machinery stands."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from budget.windows import window_at
from config.rules import Window
from insights.books import Books, mille_of
from insights.period import DAY_MS, cut
from storage import generations, presence, samples
from storage.errors import StorageError
from storage.glance import Glance, glance
from storage.outbox import quarantined
from storage.reconcile import noted
from storage.redis_link import RedisLink
from storage.samples import MINUTE_MS

UP_DAYS: Final = 90
OUTBOX_HALF: Final = 500
OUTBOX_FULL: Final = 1000
"""Per mille of what the outbox may hold: then admission closes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the machinery, in words."""

    name: Literal["redis", "sql", "outbox", "proxies", "janitor", "reconcile", "config", "upstream"]
    state: Literal["ok", "degraded", "down"]
    says: str


@dataclass(frozen=True, slots=True)
class Process:
    """A process that beats."""

    name: str
    kind: str
    holds: int
    host: str = ""
    pid: int | None = None
    started_ms: int | None = None
    agrees: bool | None = None
    """Whether it has the configuration in force; None where it does not say."""


@dataclass(frozen=True, slots=True)
class DayUp:
    """A day of minute samples. Minutes without one were downtime (or before the first start)."""

    start_ms: int
    minutes: int
    """Minutes of this day that are over and not before the first sample."""
    up: int
    """Of these, minutes in which Redis and SQL answered and a proxy lived."""


@dataclass(frozen=True, slots=True)
class Health:
    """The section."""

    parts: tuple[Part, ...]
    processes: tuple[Process, ...]
    holds: int | None
    held_nano: int | None
    oldest_hold_ms: int | None
    outbox_bytes: int | None
    behind: int | None
    """Settled entries that the ledger does not have yet."""
    seq: int | None
    quarantined: tuple[int, ...]
    reconciled_ms: int | None
    """When a janitor last compared counters and ledger; None: not since Redis was started."""
    reconciled_clean: bool | None
    days: tuple[DayUp, ...]
    """90, oldest first."""
    uptime_mille: int | None
    price_version: str
    generation: str | None
    config_digest: str
    config_problem: str | None
    sandbox: bool
    frozen: str
    """"" or who froze and why, as JSON text."""


async def health(
    books: Books, problem: str | None = None, days: tuple[DayUp, ...] | None = None
) -> Health:
    """How things stand; `problem` is what is wrong with the file of this process.

    With `days`, the uptime as it was counted a moment ago, only whether SQL answers is asked.
    """
    heard = await _hear(books.link)
    try:
        if days is None:
            days = await uptime(books)
        else:
            await samples.first_minute(books.ledger)
        sql = Part("sql", "ok", "the ledger's database answers")
    except StorageError as error:
        days, sql = days or (), Part("sql", "down", str(error))
    look = heard.look
    minutes, up = sum(day.minutes for day in days), sum(day.up for day in days)
    sandbox = books.loaded.settings.upstream.key_from == "sandbox"
    return Health(
        parts=(*_redis_parts(heard, books), sql, *_own_parts(heard, books, problem, sandbox)),
        processes=heard.processes,
        holds=look.holds if look else None,
        held_nano=look.held_nano if look else None,
        oldest_hold_ms=look.oldest_ms if look else None,
        outbox_bytes=look.outbox_bytes if look else None,
        behind=look.seq - look.drained if look else None,
        seq=look.seq if look else None,
        quarantined=heard.quarantined,
        reconciled_ms=heard.compared[0] if heard.compared else None,
        reconciled_clean=heard.compared[1] if heard.compared else None,
        days=days,
        uptime_mille=mille_of(up, minutes),
        price_version=books.loaded.models.version,
        generation=heard.generation,
        config_digest=books.loaded.digest,
        config_problem=problem,
        sandbox=sandbox,
        frozen=look.frozen if look else "",
    )


async def uptime(books: Books) -> tuple[DayUp, ...]:
    """The last 90 days in the budgets' zone, today with its minutes so far."""
    first = await samples.first_minute(books.ledger)
    today = window_at(Window.DAY, books.timezone, books.now_ms)
    start = window_at(Window.DAY, books.timezone, today.start_ms - UP_DAYS * DAY_MS).end_ms
    quarters = await samples.up_by_quarter(books.ledger, start)
    found: list[DayUp] = []
    # The minute that runs is not over.
    until = books.now_ms - books.now_ms % MINUTE_MS
    for day in cut(start, today.end_ms, "day", books.timezone):
        begun = max(day.start_ms, first if first is not None else day.end_ms)
        minutes = max(0, min(day.end_ms, until) - begun) // MINUTE_MS
        up = sum(count for at, count in quarters.items() if day.start_ms <= at < day.end_ms)
        found.append(DayUp(day.start_ms, minutes, min(up, minutes)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What Redis says; nothing of it while it is away."""

    why: str = ""
    look: Glance | None = None
    processes: tuple[Process, ...] = ()
    quarantined: tuple[int, ...] = ()
    compared: tuple[int, bool] | None = None
    generation: str | None = None
    digest: str = ""


async def _hear(link: RedisLink) -> _Heard:
    try:
        look = await glance(link)
        told = await presence.processes(link)
        owners = Counter((await link.hash("open")).values())
        generation = await generations.load(link)
        return _Heard(
            look=look,
            processes=tuple(
                _process(name, about, owners[name], generation.digest if generation else "")
                for name, about in sorted(told.items())
            ),
            quarantined=tuple(sorted(await quarantined(link))),
            compared=await noted(link),
            generation=generation.number if generation else None,
            digest=generation.digest if generation else "",
        )
    except StorageError as error:
        return _Heard(why=str(error))


def _process(name: str, about: Mapping[str, Any], holds: int, digest: str) -> Process:
    pid, started, own = about.get("pid"), about.get("started_ms"), about.get("digest")
    return Process(
        name,
        str(about.get("kind", "")),
        holds,
        str(about.get("host", "")),
        pid if isinstance(pid, int) else None,
        started if isinstance(started, int) else None,
        own == digest if own and digest else None,
    )


def _redis_parts(heard: _Heard, books: Books) -> list[Part]:
    look = heard.look
    if look is None:
        return [Part("redis", "down", f"nothing is admitted: {heard.why}")]
    ready = look.state == presence.READY
    says = "it answers, and was verified" if ready else f"nothing is admitted: it is {look.state}"
    outbox_max = books.loaded.settings.storage.outbox_bytes_max
    share = mille_of(look.outbox_bytes, outbox_max) or 0
    proxies = sum(1 for process in heard.processes if process.kind == "proxy")
    janitors = sum(1 for process in heard.processes if process.kind == "janitor")
    clean = heard.compared is None or heard.compared[1]
    return [
        Part("redis", "ok" if ready else "down", says),
        Part(
            "outbox",
            "down" if share >= OUTBOX_FULL else "degraded" if share >= OUTBOX_HALF else "ok",
            f"{look.outbox_bytes:,} bytes wait, {look.seq - look.drained:,} entries behind",
        ),
        Part("proxies", "ok" if proxies else "down", f"{proxies} live"),
        Part("janitor", "ok" if janitors else "down", f"{janitors} live"),
        Part(
            "reconcile",
            "ok" if clean and not heard.quarantined else "degraded",
            "not compared yet" if heard.compared is None
            else f"{len(heard.quarantined)} records wait in quarantine" if heard.quarantined
            else "counters equal the ledger" if clean
            else "counters and ledger differ: run `purser reconcile`",
        ),
    ]  # fmt: skip


def _own_parts(heard: _Heard, books: Books, problem: str | None, sandbox: bool) -> list[Part]:
    other = heard.digest not in ("", books.loaded.digest)
    says = problem or (
        "another configuration is in force than this process has" if other
        else f"{books.loaded.path} is in force"
    )  # fmt: skip
    upstream = "the sandbox answers: nothing is paid" if sandbox else (
        books.loaded.settings.upstream.url
    )  # fmt: skip
    return [
        Part("config", "degraded" if problem or other else "ok", says),
        Part("upstream", "ok", upstream),
    ]
