"""The table of agent types: the first few or all, the unattributed always by themselves."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from dash import html

from config.rules import UNATTRIBUTED
from dashboard import formats
from dashboard.components.bars import agent_row, meter
from dashboard.components.basics import Tone, agent_name, change, money, tokens
from dashboard.components.cards import sparkline
from dashboard.components.states import empty
from dashboard.components.tables import Column, Sorted, data_table, sorted_of
from dashboard.context import PREFIX
from dashboard.links import opens, stay
from dashboard.live_cells import Slot, Slots, slot
from dashboard.state import View
from insights.agents import AgentRow, Agents

SECTION: Final = "agents"
TOP: Final = 8
COLUMNS: Final = (
    Column("agent", "Agent", sortable=True),
    Column("share", "Share", keep="tablet", grow=True),
    Column("spent", "Spent", numeric=True, sortable=True),
    Column("each", "Per execution", numeric=True, sortable=True, keep="tablet"),
    Column("tokens", "Tokens", numeric=True, sortable=True, keep="tablet"),
    Column("campaigns", "Campaigns", numeric=True, sortable=True, keep="desk"),
    Column("trend", "Trend", numeric=True, sortable=True),
    Column("course", "Course", keep="desk"),
)
FIGURES: Final = ("share", "spent", "each", "tokens", "campaigns", "trend")
_KEYS: Final[dict[str, Callable[[AgentRow], Any]]] = {
    "agent": lambda row: agent_name(row.agent),
    "spent": lambda row: row.spent_nano,
    "each": lambda row: row.cost_per_execution_nano or 0,
    "tokens": lambda row: row.use.tokens,
    "campaigns": lambda row: row.campaigns,
    "trend": lambda row: grown(row) or 0,
}


def grown(row: AgentRow) -> int | None:
    """By how much more it spent than in the period before, per mille."""
    return formats.per_mille(row.spent_nano - row.before_nano, row.before_nano)


def chosen(found: Agents, view: View) -> tuple[list[AgentRow], list[AgentRow], AgentRow | None]:
    """The rows shown in their order, those summed up, and the unattributed."""
    asked = view.filters.get("agent", ())
    rows = [row for row in found.rows if not asked or row.agent in asked]
    lone = next((row for row in rows if row.agent == UNATTRIBUTED), None)
    known = [row for row in rows if row.agent != UNATTRIBUTED]
    shown, rest = (known, []) if view.every else (known[:TOP], known[TOP:])
    by = sorted_of(view.sort, COLUMNS)
    if by is not None:
        shown = sorted(shown, key=_KEYS[by.key], reverse=by.descending)
    return shown, rest, lone


def slots(found: Agents, view: View) -> Slots:
    """Every live figure, by `<agent>.<column>`."""
    shown, rest, lone = chosen(found, view)
    largest = max((row.share_mille for row in found.rows), default=0)
    made: dict[str, Slot] = {}
    for row in [*shown, *([lone] if lone else [])]:
        made.update(_of_row(row, largest))
    if rest:
        made["rest.spent"] = _money(sum(row.spent_nano for row in rest))
        made["rest.tokens"] = _tokens(sum(row.use.tokens for row in rest))
    every = [*shown, *rest, *([lone] if lone else [])]
    made["total.spent"] = _money(sum(row.spent_nano for row in every))
    made["total.tokens"] = _tokens(sum(row.use.tokens for row in every))
    return made


def _money(nano: int) -> Slot:
    return Slot(formats.money(nano), money(nano))


def _tokens(number: int) -> Slot:
    return Slot(formats.compact(number), tokens(number))


def _of_row(row: AgentRow, largest: int) -> dict[str, Slot]:
    each, more = row.cost_per_execution_nano, grown(row)
    tone: Tone = "amber" if row.agent == UNATTRIBUTED else "cyan"
    length = formats.per_mille(row.share_mille, largest) or 0
    share = html.Span(
        [
            meter(length, f"{agent_name(row.agent)}, of the largest share", tone),
            html.Span(formats.percent(row.share_mille), className="figures dim"),
        ],
        className="share-cell",
    )
    new = not row.before_nano and row.spent_nano > 0
    found = {
        "share": Slot(f"{row.share_mille}/{length}", share),
        "spent": _money(row.spent_nano),
        "each": Slot(
            formats.NONE if each is None else formats.money_fine(each),
            formats.NONE if each is None else money(each, fine=True, dim=True),
        ),
        "tokens": _tokens(row.use.tokens),
        "campaigns": Slot(str(row.campaigns), formats.integer(row.campaigns)),
        "trend": Slot(f"{more}{new}", change(more, new=new) if more or new else _level(more)),
    }
    return {f"{row.agent}.{name}": one for name, one in found.items()}


def _level(more: int | None) -> Any:
    return change(0) if more == 0 else html.Span(formats.NONE, className="dim")


def body(found: Agents, view: View, made: Slots) -> Any:
    """The table, or what to do where nothing was spent."""
    shown, rest, lone = chosen(found, view)
    if not shown and lone is None:
        return empty(
            "No calls in this time",
            "Choose a longer time, lift a filter, or send a call with X-Agent-Type through the "
            "proxy.",
            icon_name="agents",
        )
    rows = [_row(row, found, view, made) for row in shown]
    if rest:
        rows.append(_rest(rest, view, made))
    if lone is not None:
        rows.append(_row(lone, found, view, made))
    total = {
        "agent": "Total",
        "spent": slot(SECTION, "total.spent", made),
        "tokens": slot(SECTION, "total.tokens", made),
    }
    return data_table(
        COLUMNS,
        rows,
        caption="Agents by spend",
        table=SECTION,
        by=sorted_of(view.sort, COLUMNS) or Sorted("spent"),
        total=total,
        sort_href=lambda text: replace(view, sort=text).href(PREFIX),
    )


def begun(row: AgentRow, found: Agents) -> Sequence[int]:
    """The course up to now: what lies ahead is no course."""
    starts = [bucket.start_ms for bucket in found.period.buckets]
    return row.series[: sum(1 for start in starts if start <= found.period.now_ms)]


def _row(row: AgentRow, found: Agents, view: View, made: Slots) -> dict[str, Any]:
    name = opens(
        agent_row(row.agent),
        view.opening(row.agent, PREFIX),
        section=SECTION,
        name=row.agent,
        className="row-link",
    )
    cells = {column: slot(SECTION, f"{row.agent}.{column}", made) for column in FIGURES}
    tone: Tone = "amber" if row.agent == UNATTRIBUTED else "cyan"
    course = html.Div(
        sparkline(begun(row, found), f"{agent_name(row.agent)}: course of spend"),
        className=f"course tone-{tone}",
    )
    return {"agent": name, **cells, "course": course if any(row.series) else None}


def _rest(rest: Sequence[AgentRow], view: View, made: Slots) -> dict[str, Any]:
    text = formats.count(len(rest), "other agent type")
    return {
        "agent": stay(text, replace(view, every=True).href(PREFIX), className="row-link dim"),
        "spent": slot(SECTION, "rest.spent", made),
        "tokens": slot(SECTION, "rest.tokens", made),
    }


def top_or_all(found: Agents, view: View) -> Any:
    """The choice between the first few and all; nothing where that is the same."""
    if len(found.rows) <= TOP:
        return None
    links = [
        stay(text, replace(view, every=every).href(PREFIX), className="on" if same else "")
        for text, every, same in (
            (f"Top {TOP}", False, not view.every),
            ("All", True, view.every),
        )
    ]
    return html.Div(links, className="periods", role="group", **{"aria-label": "How many"})
