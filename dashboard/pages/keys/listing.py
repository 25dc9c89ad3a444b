"""The keys there are, as tables: pure, from the records alone."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dash import html

from dashboard import formats
from dashboard.components.basics import agent_name, badge, when
from dashboard.components.cards import panel
from dashboard.components.overlays import icon_button
from dashboard.components.states import empty
from dashboard.components.tables import Column, data_table
from dashboard.icons import agent_icon, icon
from storage.key_records import KeyRecord

SOON_MS: Final = 7 * 86_400_000
"""A key that ends within so long is marked."""
ENDED_SHOWN: Final = 50
_PROXY: Final = (
    Column("name", "Key", grow=True),
    Column("bound", "Bound to", keep="tablet"),
    Column("models", "Models", keep="desk"),
    Column("endpoints", "Endpoints", keep="desk"),
    Column("ends", "Ends", keep="tablet"),
    Column("used", "Last use", keep="tablet"),
    Column("state", "State"),
)
_ADMIN: Final = (
    Column("name", "Key", grow=True),
    Column("role", "Role", keep="tablet"),
    Column("made", "Made", keep="desk"),
    Column("ends", "Ends", keep="tablet"),
    Column("used", "Last use", keep="tablet"),
    Column("state", "State"),
)
_ACTS: Final = Column("acts", "")


def tables(records: Sequence[KeyRecord], now_ms: int, *, may_change: bool) -> list[Any]:
    """Keys for calls, keys for the billing API, and those that opened something once."""
    live = [record for record in records if record.problem(now_ms) is None]
    ended = [record for record in records if record.problem(now_ms) is not None]
    parts = [
        panel(
            title,
            _table(columns, [r for r in live if r.kind == kind], now_ms, title, may_change)
            or _none(kind, may_change=may_change),
            html.Span(_count(live, kind), className="dim"),
            note=what,
            wide=True,
        )
        for kind, title, columns, what in (
            ("proxy", "Keys for calls", _PROXY, "used as OPENAI_API_KEY"),
            ("admin", "Keys for the billing API", _ADMIN, "used below /api/billing"),
        )
    ]
    if ended:
        parts.append(_ended(ended, now_ms))
    return parts


def _count(live: Sequence[KeyRecord], kind: str) -> str:
    return f"{sum(record.kind == kind for record in live)} live"


def _none(kind: str, *, may_change: bool) -> Any:
    what = (
        "Agents on other machines need one: a key says who calls, and what it may ask for."
        if kind == "proxy"
        else "Programs that read costs or set limits need one."
    )
    how = " Make one above." if may_change else " Ask an admin for one."
    return empty("No live key", what + how, icon_name="keys")


def _ended(ended: Sequence[KeyRecord], now_ms: int) -> Any:
    rows = [_row(record, now_ms, may_change=False) for record in ended[:ENDED_SHOWN]]
    columns = (_PROXY[0], _ADMIN[1], *_PROXY[4:])
    more = len(ended) - len(rows)
    return html.Details(
        [
            html.Summary([icon("expand"), f"{formats.count(len(ended), 'key')} that ended"]),
            data_table(columns, rows, caption="Keys that ended", table="keys-ended"),
            html.P(f"and {more} older", className="dim") if more else None,
        ],
        className="glass panel keys-ended",
    )


def _table(
    columns: tuple[Column, ...],
    records: Sequence[KeyRecord],
    now_ms: int,
    caption: str,
    may_change: bool,
) -> Any:
    if not records:
        return None
    rows = [_row(record, now_ms, may_change=may_change) for record in records]
    shown = (*columns, _ACTS) if may_change else columns
    return data_table(shown, rows, caption=caption, table=f"keys-{records[0].kind}")


def _row(record: KeyRecord, now_ms: int, *, may_change: bool) -> Mapping[str, Any]:
    return {
        "name": html.Span(
            [
                html.Span(record.name, className="two-top"),
                html.Code(f"{record.prefix}…", className="two-below"),
                html.Span(_pins(record), className="two-below on-phone"),
            ],
            className="two-words key-name",
        ),
        "bound": _bound(record),
        "role": record.role or "calls",
        "models": _some(record.models),
        "endpoints": _some(record.endpoints),
        "made": when(record.created_ms, now_ms),
        "ends": _ends(record, now_ms),
        "used": when(record.last_used_ms, now_ms)
        if record.last_used_ms
        else html.Span("never", className="dim"),
        "state": state(record, now_ms),
        "acts": _acts(record) if may_change else None,
    }


def _bound(record: KeyRecord) -> Any:
    if record.agent is None and record.campaign is None:
        return html.Span("any agent, any campaign", className="dim")
    agent = (
        html.Span([icon(agent_icon(record.agent)), agent_name(record.agent)], className="two-top")
        if record.agent
        else html.Span("any agent", className="dim")
    )
    campaign = record.campaign or "any campaign"
    return html.Span([agent, html.Span(campaign, className="two-below")], className="two-words")


def _pins(record: KeyRecord) -> str:
    """The same in one line, where there is no room for its column."""
    if record.kind == "admin":
        return record.role or ""
    agent = agent_name(record.agent) if record.agent else "any agent"
    return f"{agent}, {record.campaign or 'any campaign'}"


def _some(values: Sequence[str]) -> Any:
    if not values:
        return html.Span("all", className="dim")
    more = f" and {len(values) - 2} more" if len(values) > 2 else ""
    return html.Span(", ".join(values[:2]) + more, title=", ".join(values))


def _ends(record: KeyRecord, now_ms: int) -> Any:
    at = record.revoked_ms or record.expires_ms
    return html.Span("never", className="dim") if at is None else when(at, now_ms)


def state(record: KeyRecord, now_ms: int) -> Any:
    """Whether a key opens anything, in words."""
    problem = record.problem(now_ms)
    if problem is not None:
        return badge(problem, "grey", "refused")
    if record.expires_ms is not None and record.expires_ms - now_ms < SOON_MS:
        return badge(f"ends {formats.ago(record.expires_ms, now_ms)}", "amber", "held")
    return badge("live", "green", "ok")


def _acts(record: KeyRecord) -> Any:
    return html.Span(
        [
            icon_button(
                name,
                f"{words} {record.name} ({record.prefix})",
                id={"type": "keys-act", "act": act, "key": record.id},
            )
            for act, name, words in (
                ("rotate", "refresh", "Rotate"),
                ("revoke", "remove", "Revoke"),
            )
        ],
        className="key-acts",
    )
