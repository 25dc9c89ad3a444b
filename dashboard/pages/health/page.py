"""The section: drawn whole once, then only what has changed."""

import hashlib
from typing import Any, Final
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboard import formats
from dashboard.books import books
from dashboard.components.basics import badge, code, key_values, status_badge
from dashboard.components.cards import panel, stat, stats
from dashboard.components.machinery import Day, hero, stand_card, uptime
from dashboard.components.states import banner, empty
from dashboard.components.tables import Column, data_table
from dashboard.context import Context
from dashboard.pages.health.stands import stands
from dashboard.services import Services
from insights import health as figures
from insights.books import Books
from insights.health import DayUp, Health, Process
from storage.errors import StorageError
from storage.ledger import Ledger
from storage.samples import MINUTE_MS

TICK_MS: Final = 5_000
BLOCKS: Final = ("hero", "parts", "uptime", "figures", "processes", "force")
_PROCESSES: Final = (
    Column("kind", "Process"),
    Column("host", "Host", keep="tablet"),
    Column("pid", "PID", numeric=True, keep="desk"),
    Column("since", "Started (UTC)", keep="tablet"),
    Column("holds", "Holds", numeric=True),
    Column("config", "Configuration"),
)


class Kept:
    """The uptime of 90 days, counted once a minute for all who look: it reads every sample."""

    def __init__(self) -> None:
        self._known: tuple[Ledger, int, tuple[DayUp, ...]] | None = None

    async def days(self, at: Books) -> tuple[DayUp, ...] | None:
        """As of this minute; older where SQL is away, None where it was never read."""
        minute = at.now_ms // MINUTE_MS
        known = self._known
        if known is not None and known[0] is at.ledger and known[1] == minute:
            return known[2]
        try:
            days = await figures.uptime(at)
        except StorageError:
            return known[2] if known is not None and known[0] is at.ledger else None
        self._known = (at.ledger, minute, days)
        return days


_kept: Final = Kept()


async def layout(context: Context) -> Any:
    """The whole section."""
    drawn, seen = await _drawn(context.services)
    return [
        dcc.Interval({"type": "tick", "page": "health"}, interval=TICK_MS),
        dcc.Store("health-known", data=_digests(drawn)),
        html.Div(
            [
                html.Div(drawn["hero"], id="health-hero"),
                html.Div(seen, id="health-seen", className="dim figures"),
            ],
            className="glass hero-row",
        ),
        html.Div(drawn["parts"], id="health-parts", className="parts"),
        panel("Uptime", html.Div(drawn["uptime"], id="health-uptime"), tone="green", wide=True),
        panel(
            "In flight, and on its way to the ledger",
            html.Div(drawn["figures"], id="health-figures"),
            tone="amber",
        ),
        html.Div(
            [
                panel(
                    "Processes", html.Div(drawn["processes"], id="health-processes"), tone="cyan"
                ),
                panel("In force", html.Div(drawn["force"], id="health-force"), tone="purple"),
            ],
            className="columns",
        ),
    ]


def register(app: Dash, services: Services) -> None:
    """Refresh what has changed while the page is open."""

    @app.callback(
        *(Output(f"health-{block}", "children") for block in BLOCKS),
        Output("health-seen", "children"),
        Output("health-known", "data"),
        Input({"type": "tick", "page": "health"}, "n_intervals"),
        State("health-known", "data"),
        prevent_initial_call=True,
    )
    async def refresh(_ticks: Any, known: Any) -> Any:
        drawn, seen = await _drawn(services)
        now = _digests(drawn)
        before = known if isinstance(known, dict) else {}
        changed = [
            drawn[block] if before.get(block) != now[block] else no_update for block in BLOCKS
        ]
        return *changed, seen, no_update if before == now else now


def _digests(drawn: dict[str, Any]) -> dict[str, str]:
    """Of each block, so that the browser can say which it has."""
    return {
        block: hashlib.blake2b(repr(drawn[block]).encode(), digest_size=6).hexdigest()
        for block in BLOCKS
    }


async def _drawn(services: Services) -> tuple[dict[str, Any], str]:
    at = books(services)
    found = await figures.health(at, services.problem(), await _kept.days(at))
    zone = ZoneInfo(at.timezone)
    told = stands(found)
    drawn = {
        "hero": hero(told),
        "parts": [stand_card(stand) for stand in told],
        "uptime": _uptime(found, zone),
        "figures": [*_frozen(found), _figures(found, at.now_ms)],
        "processes": _processes(found),
        "force": _force(found, at, services.upstream),
    }
    return drawn, f"Seen at {formats.local(at.now_ms):%H:%M:%S} UTC, looked at every 5 s"


def _frozen(found: Health) -> list[Any]:
    text = "All spending is frozen: every metered call is refused until it is thawed."
    return [banner(text, "cyan", "frozen")] if found.frozen else []


def _uptime(found: Health, zone: ZoneInfo) -> Any:
    if not any(day.minutes for day in found.days):
        return empty(
            "Not measured yet",
            "The janitor takes a sample each minute: the first day shows within one.",
            icon_name="health",
        )
    return uptime([Day(day.start_ms, day.minutes, day.up) for day in found.days], zone)


def _figures(found: Health, now_ms: int) -> Any:
    oldest = found.oldest_hold_ms
    compared = found.reconciled_ms
    broken = len(found.quarantined)
    return stats(
        [
            stat("Holds", _number(found.holds), "calls in flight"),
            stat("Held", _money(found.held_nano), "their worst case"),
            stat(
                "Oldest hold",
                formats.duration(now_ms - oldest) if oldest else formats.NONE,
                "since its admission" if oldest else "nothing is held",
            ),
            stat("Outbox", _number(found.outbox_bytes), "bytes wait"),
            stat("Behind", _number(found.behind), "entries not in the ledger yet"),
            stat("Settled", _number(found.seq), "entries in all"),
            stat("Quarantined", formats.integer(broken), "records that SQL refused"),
            stat(
                "Compared",
                f"{formats.local(compared):%H:%M:%S}" if compared else formats.NONE,
                _compared(found),
            ),
        ]
    )


def _compared(found: Health) -> str:
    if found.reconciled_ms is None:
        return "not since Redis was started"
    day = formats.day(found.reconciled_ms)
    return f"{day} UTC, {'no difference' if found.reconciled_clean else 'they differ'}"


def _number(value: int | None) -> str:
    return formats.NONE if value is None else formats.integer(value)


def _money(nano: int | None) -> str:
    return formats.NONE if nano is None else formats.money(nano)


def _processes(found: Health) -> Any:
    if not found.processes:
        return empty(
            "No process is known",
            "While Redis is away nobody can say who lives; otherwise start `purser serve`.",
            icon_name="requests",
        )
    return data_table(
        _PROCESSES, [_process(each) for each in found.processes], caption="Living processes"
    )


def _process(process: Process) -> dict[str, Any]:
    agrees: Any = html.Span("does not say", className="dim")
    if process.agrees is not None:
        agrees = (
            status_badge("up", "agrees")
            if process.agrees
            else badge("has another file", "amber", "warning")
        )
    return {
        "kind": html.Span(
            [html.B(process.kind.capitalize() or "Unknown"), html.Code(process.name[-6:])],
            className="process",
            title=process.name,
        ),
        "host": process.host or formats.NONE,
        "pid": str(process.pid) if process.pid is not None else formats.NONE,
        "since": formats.moment(process.started_ms) if process.started_ms else formats.NONE,
        "holds": formats.integer(process.holds),
        "config": agrees,
    }


def _force(found: Health, at: Books, upstream: str) -> Any:
    agree = [process.agrees for process in found.processes if process.agrees is not None]
    told = f"generation {found.generation}" if found.generation else "none is published yet"
    if agree:
        others = agree.count(False)
        told += ", all agree" if not others else f", {others} of {len(agree)} have another file"
    return key_values(
        [
            ("Budget rules", told),
            ("File", html.Code(str(at.loaded.path))),
            ("Its digest", code(found.config_digest[:16])),
            ("Problem", found.config_problem or "none"),
            ("Prices", code(found.price_version)),
            ("Upstream", "the sandbox: answers are made up" if found.sandbox else upstream),
            ("Time zone", at.timezone),
        ]
    )
