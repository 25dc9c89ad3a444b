"""Parts of a whole: shares by name, budgets with their bars, the last calls."""

from collections.abc import Sequence
from datetime import tzinfo

from dash import html

from dashboard import formats
from dashboard.components.bars import meter, spent_of_limit
from dashboard.components.basics import (
    Children,
    Tone,
    agent_name,
    badge,
    money,
    status_badge,
    tokens,
)
from dashboard.components.tables import Column, data_table
from insights.agents import Share
from insights.rules import RuleRow
from storage.records import LedgerEntry

SHARES_SHOWN = 8
LIMITS_SHOWN = 6


def share_list(shares: Sequence[Share], what: str, tone: Tone = "cyan") -> html.Div:
    """Names with their share, dearest first; beyond the first few they are summed up."""
    if not shares:
        return html.Div(html.P(f"No {what} in this time.", className="dim"))
    named = agent_name if what == "agent" else str
    first, rest = shares[:SHARES_SHOWN], shares[SHARES_SHOWN:]
    lines = [_share(named(s.name) or "none", s.spent_nano, s.share_mille, tone) for s in first]
    if rest:
        spent, mille = sum(s.spent_nano for s in rest), sum(s.share_mille for s in rest)
        lines.append(_share(f"{len(rest)} more", spent, mille, "grey"))
    return html.Div(html.Ul(lines, className="shares"))


def _share(name: str, spent_nano: int, share_mille: int, tone: Tone) -> html.Li:
    return html.Li(
        [
            html.Span(name, className="share-name", title=name),
            html.Span(formats.percent(share_mille), className="figures dim share-part"),
            html.Span(money(spent_nano), className="share-spent"),
            meter(share_mille, f"{name}, share", tone),
        ]
    )


def part(title: str, children: Children, aside: Children = None) -> html.Section:
    """A titled part of a drawer."""
    return html.Section(
        [html.Header([html.H3(title), aside], className="row-head"), html.Div(children)],
        className="part",
    )


def limit_list(rows: Sequence[RuleRow], now_ms: int) -> html.Div:
    """Budgets that count something, each with its bar and when it begins anew."""
    if not rows:
        return html.Div(html.P("No budget of its own: only the general ones count it.",
                               className="dim"))  # fmt: skip
    more = len(rows) - LIMITS_SHOWN
    rest = html.P(f"{more} more with less of them spent.", className="dim small")
    lines = [_limit(row, now_ms) for row in _fullest(rows)[:LIMITS_SHOWN]]
    return html.Div([html.Ul(lines, className="rows"), rest if more > 0 else None])


def _fullest(rows: Sequence[RuleRow]) -> list[RuleRow]:
    return sorted(rows, key=lambda row: -(row.utilisation_mille or 0))


def _limit(row: RuleRow, now_ms: int) -> html.Li:
    name = f"{row.rule.name} · {row.value_name}" if row.value_name else row.rule.name
    reset = f"resets {formats.ago(row.resets_ms, now_ms)}" if row.resets_ms else "never resets"
    return html.Li(
        [
            html.Div(
                [
                    html.Span(name, className="row-name"),
                    badge("locked", "grey", "locked") if row.locked else None,
                    html.Span(reset, className="dim small"),
                ],
                className="row-head",
            ),
            spent_of_limit(
                row.posted_nano, row.limit_nano, held_nano=row.held_nano, label=f"{name}: posted"
            ),
        ]
    )


CALL_COLUMNS = (
    Column("when", "Admitted"),
    Column("model", "Model", grow=True),
    Column("tokens", "Tokens", numeric=True),
    Column("charge", "Charge", numeric=True),
    Column("status", "Status"),
)


def calls_table(entries: Sequence[LedgerEntry], zone: tzinfo, caption: str) -> html.Div:
    """The last entries of the ledger, newest first."""
    if not entries:
        return html.Div(html.P("No call in this time.", className="dim"))
    rows = [
        {
            "when": html.Span(
                f"{formats.day(e.admitted_ms, zone)}, "
                f"{formats.local(e.admitted_ms, zone):%H:%M:%S}",
                className="figures dim",
                title=e.request_id,
            ),
            "model": e.requested_model or formats.NONE,
            "tokens": tokens(e.usage.total_tokens),
            "charge": money(e.charge_nano, fine=True),
            "status": status_badge("corrected" if e.status == "correction" else e.status.value),
        }
        for e in entries
    ]
    return html.Div(data_table(CALL_COLUMNS, rows, caption=caption), className="calls")
