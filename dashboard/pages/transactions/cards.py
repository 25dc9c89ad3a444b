"""The same calls on a phone: a card each, the newest first."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from dashboard import formats
from dashboard.components.states import empty
from dashboard.icons import icon


def card_list(
    rows: Sequence[Mapping[str, Any]], shown: int, total: int, most: int, more: int
) -> Any:
    """Cards of `rows`, the first `shown` of `total`; a button brings `more`, up to `most`."""
    if not rows:
        return empty("No calls yet", "They appear here by themselves.", icon_name="transactions")
    ahead = min(total, most) - len(rows)
    return [
        html.Ul([_card(row) for row in rows], className="feed-cards"),
        html.Div(
            html.Button(
                f"Show {min(more, max(ahead, 0))} more",
                id={"type": "transactions-more", "rows": shown},
                className="button plain",
                hidden=ahead <= 0,
            ),
            className="feed-more",
        ),
        html.P(
            f"The newest {most}; the CSV has all {formats.integer(total)}.",
            className="dim",
            hidden=len(rows) < most or total <= most,
        ),
    ]


def _card(row: Mapping[str, Any]) -> html.Li:
    words = [row["units"], " tok"] if row["split"] else [row["units"]]
    return html.Li(
        html.Button(
            [
                html.Span(
                    [
                        html.Span(icon(row["icon"]), className="two-icon"),
                        html.Span(
                            [
                                html.Span(row["agent"], className="two-top"),
                                html.Span(row["campaign"], className="two-below"),
                            ],
                            className="two-words",
                        ),
                        html.Span(
                            [
                                html.Span(row["charge"], className="two-top figures"),
                                html.Span(row["held"], className="two-below figures"),
                            ],
                            className="two-words feed-money",
                        ),
                    ],
                    className="feed-card-top",
                ),
                html.Span(
                    [
                        html.Span(
                            [icon(row["mark"]), html.Span(row["status"])],
                            className=f"badge tone-{row['tone']}",
                        ),
                        html.Span(row["model"], className="feed-model"),
                        html.Span(words, className="figures"),
                        html.Span(f"{row['day']}, {row['time']}", className="figures dim"),
                    ],
                    className="feed-card-foot",
                ),
                *([html.Span(row["flags"], className="two-below")] if row["flags"] else []),
            ],
            className="feed-card",
            title="All about this call",
            **{"data-hold": row["hold"]},
        )
    )
