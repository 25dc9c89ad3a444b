"""What the gallery shows: every piece in every state."""

from typing import Any

import dash_ag_grid as dag
from dash import dcc, html

from dashboard import figures, formats
from dashboard.components import bars, basics, cards, controls, overlays, states, tables
from dashboard.icon_shapes import AGENTS, SHAPES
from dashboard.icons import agent_icon
from tests.dashboard import gallery_samples as samples

NOW, USD = samples.NOW, samples.USD


def badges() -> Any:
    row = html.Div([basics.status_badge(name) for name in basics.STATUS], className="toolbar")
    changes = html.Div(
        [
            basics.change(124, "vs. Oct"),
            basics.change(-60, "vs. Oct"),
            basics.change(87, more_is_good=True),
            basics.change(0, "vs. Oct"),
            basics.change(None, new=True),
        ],
        className="toolbar",
    )
    chips = basics.chips(
        [basics.chip("Agent", "CONTENT", "r1"), basics.chip("Campaign", "holiday-2024", "r2")],
        "clear",
    )
    return [row, html.Br(), changes, html.Br(), chips]


def lengths() -> Any:
    shown = [(120, 0), (550, 90), (820, 0), (950, 40), (1_000, 0), (1_240, 0), (2_600, 100)]
    rows = [
        html.Li(
            [
                html.Div(
                    [
                        html.Span(f"{bars.words_of(used)}"),
                        html.Span(f"held {held // 10}%", className="dim"),
                    ],
                    className="row-head",
                ),
                bars.progress(used, "Sample", held_permille=held),
            ]
        )
        for used, held in shown
    ]
    return html.Ul(rows, className="rows")


def uptime() -> Any:
    days = [(f"day {i}", "up", 1_000) for i in range(90)]
    days[20] = ("day 20", "degraded", 991)
    days[61] = ("day 61", "down", 870)
    days[:9] = [(f"day {i}", "none", None) for i in range(9)]
    hours = [
        (name, [((h - 13) ** 2 * -1 + 150) * (1 if i < 5 else 0) + (h * i) % 17 for h in range(24)])
        for i, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
    ]
    safe = [(name, [max(v, 0) for v in values]) for name, values in hours]
    return [bars.uptime_strip(days, "Proxy"), html.Br(), bars.heatmap(safe, "Spend by hour")]


def facts() -> Any:
    return [
        cards.stats(
            [
                cards.stat("Redis", "0.4 ms", "Valkey 9.1, up 12 d"),
                cards.stat("Outbox", "0", "drained 1 s ago"),
                cards.stat("Open holds", "24", "oldest 6 s"),
            ]
        ),
        html.Br(),
        basics.key_values(
            [
                ("Request", basics.code("req_0199f2a1c4", "request id")),
                ("Held", basics.money(14_530_000_123)),
                ("Charged", basics.money(41_200, fine=True)),
                ("Tokens", basics.tokens(14_038_250)),
                ("Admitted", basics.when(NOW - 6_000, NOW)),
            ]
        ),
        html.Ul(
            [
                basics.audit_line(
                    "mara",
                    "raised monthly",
                    NOW - 7_200_000,
                    NOW,
                    old="$800",
                    new="$1,000",
                    reason="Black Friday week",
                ),
                basics.audit_line("jon", "paused lookalike-test", NOW - 90_000_000, NOW),
            ]
        ),
    ]


def conditions() -> list[Any]:
    return [
        cards.panel(
            "Empty",
            states.empty(
                "No calls match",
                "Lift a filter or choose a longer time.",
                overlays.button("Clear filters", id="cf", icon_name="filter"),
            ),
        ),
        cards.panel("Loading", states.skeleton("rows")),
        cards.panel(
            "Error",
            states.error_state(
                "The ledger cannot be read",
                "storage: PostgreSQL at db:5432, connection refused",
                "Figures return by themselves once it answers.",
                overlays.button("Try again", id="ta", icon_name="refresh"),
            ),
        ),
        cards.panel(
            "Stale and notes",
            [
                states.stale(NOW - 95_000, NOW, "Redis does not answer"),
                html.Br(),
                states.note(
                    "Would be refused from now on: $61.53 is spent above it.",
                    "red",
                    "refused",
                ),
                html.Br(),
                states.note("The file changed; version 4 binds since 12:04.", "cyan"),
                html.Br(),
                overlays.toast("Limit set to $1,200", "Binds the next call.", "green", "undo"),
                html.Br(),
                overlays.toast("Not saved", "Someone changed it first: version 4.", "red"),
            ],
        ),
    ]


def grid() -> Any:
    rows = [
        {
            "time": f"14:0{i % 10}:09",
            "agent": a,
            "campaign": "holiday-2024",
            "model": "gpt-5-mini",
            "tokens": formats.integer(1_000 + 997 * i),
            "held": "$0.0480",
            "charged": "$0.0412",
            "status": s,
            "id": f"hold_0199f2a1c4{i:02d}",
        }
        for i, (a, s) in enumerate(
            [
                ("Content", "settled"),
                ("SEO", "refused"),
                ("Design", "assumed"),
                ("Ad", "settled"),
                ("Brand voice", "corrected"),
                ("Email", "failed"),
                ("Trend", "settled"),
                ("Support", "voided"),
            ]
        )
    ]
    numeric = {"cellClass": "num", "headerClass": "num", "width": 110}
    columns = [
        {"field": "time", "width": 110, "cellClass": "num-left"},
        {"field": "agent", "flex": 1, "minWidth": 120, "cellClass": "strong"},
        {"field": "campaign", "flex": 1, "minWidth": 130},
        {"field": "model", "width": 130},
        {"field": "tokens", **numeric},
        {"field": "held", **numeric},
        {"field": "charged", **numeric},
        {
            "field": "status",
            "width": 120,
            "cellClassRules": {
                f"status-{s}": f"params.value == '{s}'"
                for s in ("settled", "refused", "assumed", "corrected", "failed", "voided")
            },
        },
        {"field": "id", "minWidth": 170, "cellClass": "mono"},
    ]
    return dag.AgGrid(
        rowData=rows,
        columnDefs=columns,
        className=tables.GRID_CLASS,
        dashGridOptions=tables.GRID_OPTIONS,
        style={"height": "440px"},
    )


def graph(spec: dict[str, Any], name: str) -> Any:
    return html.Div(
        dcc.Graph(figure=spec, config=figures.GRAPH_CONFIG, id=name), className="chart-sized"
    )


def charts() -> list[Any]:
    moments = [samples.START + i * samples.DAY for i in range(22)]
    names = ("Content", "Design", "Ad", "Insight")
    series = {n: [c * USD // (i + 2) for c in samples.COSTS] for i, n in enumerate(names)}
    keys = basics.legend([(f"s{i}", n) for i, n in enumerate(names)])
    shares = [(n, (5 - i) * 30 * USD) for i, n in enumerate(names)]
    return [
        cards.panel("Spend by day", graph(figures.stacked_bars(moments, series), "bars"), keys),
        cards.panel("Shares", graph(figures.donut(shares), "donut"), keys, tone="purple"),
    ]


def icons_shown() -> Any:
    return html.Div(
        [
            html.Span(
                [basics.icon(name), html.Span(name, className="dim")],
                style={
                    "display": "inline-flex",
                    "gap": "8px",
                    "width": "160px",
                    "padding": "6px 0",
                },
            )
            for name in SHAPES
        ],
    )


LOCKED = controls.LimitView(
    "Limit, from its file",
    2_500 * USD,
    2_700 * USD,
    12 * USD,
    1,
    "config/purser.yaml, line 24",
    locked=True,
)
LOCKED_IDS = controls.LimitIds(*(f"locked-{n}" for n in range(9)))
RANGES = [("24h", "24 h"), ("7d", "7 d"), ("30d", "30 d"), ("month", "Month")]
KEYS = [
    (("g", "o"), "Go to the overview"),
    (("/",), "Search transactions"),
    (("p",), "Pause live figures"),
    (("?",), "This map"),
]


def buttons() -> Any:
    row = html.Div(
        [
            states.live(NOW - 1_000, NOW),
            states.live(NOW - 60_000, NOW, paused=True, id="live2"),
            overlays.button("Save", id="b1", kind="main"),
            overlays.button("Export CSV", id="b2", icon_name="export"),
            overlays.button("Delete", id="b3", kind="danger"),
            overlays.button("Disabled", id="b4", kind="main", disabled=True),
            overlays.icon_button("theme", "Theme", id="b5"),
        ],
        className="toolbar",
    )
    parts = [("models", "Models", "Three models"), ("calls", "Last calls", "None")]
    return [
        controls.segmented(RANGES, id="range", value="month", label="Time"),
        html.Br(),
        html.Br(),
        row,
        html.Br(),
        overlays.tabs(parts, id="tabs", value="models"),
    ]


def locked_limit() -> Any:
    return controls.limit_control(
        LOCKED,
        LOCKED_IDS,
        consequence="Over its limit: every call is refused until 1 Dec.",
        tone="red",
        tools=controls.freeze_control(False, id="fz"),
    )


def rate_tiles() -> Any:
    rate = formats.money_fine(40_000_000)
    return cards.tiles(
        [cards.tile(basics.agent_name(a), rate, agent_icon(a), "per 1K") for a in AGENTS]
    )


def pieces() -> Any:
    thaw = overlays.button("Thaw", id="th")
    pairs = (
        ("Badges, changes, chips", badges(), "Progress", lengths()),
        ("Uptime and heat", uptime(), "Facts", facts()),
        ("Locked", locked_limit(), "Controls", buttons()),
        ("Rate card", rate_tiles(), "Keyboard", basics.shortcuts(KEYS)),
    )
    return html.Div(
        [
            html.H1("Pieces"),
            states.banner("All spending is frozen since 14:02 by mara.", "cyan", "frozen", thaw),
            *(cards.columns([cards.panel(a, b), cards.panel(c, d)]) for a, b, c, d in pairs),
            cards.columns(conditions()),
            cards.columns(charts()),
            cards.panel("Transactions", grid(), wide=True),
            cards.panel("Icons", icons_shown(), wide=True),
        ],
        className="page",
    )
