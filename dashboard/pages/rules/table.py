"""Every rule in a panel of its own, with the values of an `each` rule in a table."""

from collections.abc import Sequence
from typing import Any, Final

from dash import html

from config.money import NANO_PER_USD
from config.rules import Rule
from dashboard import formats
from dashboard.components.bars import spent_of_limit
from dashboard.components.basics import agent_name, badge, money
from dashboard.components.cards import panel, stat, stats
from dashboard.components.limit_form import source_words
from dashboard.components.states import empty
from dashboard.components.tables import Column, data_table
from dashboard.components.threshold_form import marks
from dashboard.context import PREFIX
from dashboard.icons import icon
from dashboard.links import opens, stay
from dashboard.live_cells import Slot, Slots, slot
from dashboard.rule_rows import name_of
from dashboard.state import View
from insights.rules import RuleRow

SECTION: Final = "rules"
TOP: Final = 8
ROWS_MAX: Final = 200
COLUMNS: Final = (
    Column("value", "Value"),
    Column("bar", "Posted of limit", grow=True),
    Column("held", "Held", numeric=True, keep="tablet"),
    Column("refused", "Refused", numeric=True, keep="tablet"),
    Column("source", "Limit from", keep="desk"),
)
LIVE: Final = ("bar", "held", "refused", "source")
SHARED: Final = "other"


def words_of(rule: Rule) -> str:
    """What a rule counts: `every campaign on its own, by the day in UTC`."""
    match = " and ".join(f"{d.value} {v}" for d, v in rule.match.items())
    each = " and ".join(dimension.value for dimension in rule.each)
    counted = f"calls of {match}" if match else "all calls"
    if each:
        counted = f"every {each} on its own" + (f", of {match}" if match else "")
    span = "for good" if rule.window.value == "total" else f"by the {rule.window.value}"
    return f"{counted}, {span} in {rule.timezone}"


def groups(rows: Sequence[RuleRow]) -> list[tuple[RuleRow, list[RuleRow]]]:
    """Each rule's own row with those of its values."""
    found: list[tuple[RuleRow, list[RuleRow]]] = []
    for row in rows:
        if row.value_name:
            found[-1][1].append(row)
        else:
            found.append((row, []))
    return found


def shown(values: Sequence[RuleRow], view: View) -> Sequence[RuleRow]:
    """The fullest values, or all that are read."""
    return values[: ROWS_MAX if view.every else TOP]


def wanted(rows: Sequence[RuleRow], view: View) -> list[RuleRow]:
    """The rows that the filters leave: of rules, and of values, that say something of a filter."""

    def fits(row: RuleRow) -> bool:
        told = {d.value: v.casefold() for d, v in (*row.rule.match.items(), *row.value)}
        for name, values in view.filters.items():
            if name in told and told[name] not in {value.casefold() for value in values}:
                return False
        return True

    return [row for row in rows if fits(row)]


def slots(rows: Sequence[RuleRow], view: View, now_ms: int) -> Slots:
    """Every live figure, by `<rule>/<value>.<part>`."""
    made: dict[str, Slot] = {}
    for own, values in groups(rows):
        made.update(_of_rule(own, now_ms))
        for row in shown(values, view):
            made.update(_of_value(row, own))
    return made


def _bar(row: RuleRow) -> Slot:
    limit = None if row.rule.each and not row.value_name else row.limit_nano
    bar = spent_of_limit(
        row.posted_nano, limit, held_nano=row.held_nano, label=f"{name_of(row)}: posted"
    )
    return Slot(f"{row.posted_nano}/{row.held_nano}/{limit}", bar)


def _of_value(row: RuleRow, own: RuleRow) -> dict[str, Slot]:
    name = name_of(row)
    # A version of its own is older than what the rule says now where that is what binds.
    same = row.source.kind != "override" or row.source.made_ms == own.source.made_ms
    text = "as the rule" if same else source_words(row.source)
    said = html.Span(text, className="dim") if same else _source(row)
    return {
        f"{name}.bar": _bar(row),
        f"{name}.held": Slot(formats.money(row.held_nano), money(row.held_nano, dim=True)),
        f"{name}.refused": _refused(row),
        f"{name}.source": Slot(text, said),
    }


def _refused(row: RuleRow) -> Slot:
    classes = "figures tint tone-red" if row.refused else "figures dim"
    text = formats.integer(row.refused)
    return Slot(text, html.Span(text, className=classes))


def _source(row: RuleRow) -> html.Span:
    overridden = row.source.kind == "override"
    return html.Span(
        [
            icon("edit", tone="purple") if overridden else None,
            html.Span("override by " if overridden else "", className="tint tone-purple"),
            html.Span(source_words(row.source)),
        ],
        className="source",
        title=row.source.why or row.source.text,
    )


def _alerts(row: RuleRow) -> Slot:
    at_mille, told = row.alerting.at_mille, source_words(row.alerting.source)
    passed = sum(at <= (row.utilisation_mille or 0) for at in at_mille)
    return Slot(f"{at_mille}/{passed}/{told}", marks(row, told))


def _exactly(nano: int) -> Slot:
    fine = bool(nano % formats.NANO_PER_CENT) and abs(nano) < NANO_PER_USD
    return Slot(str(nano), money(nano, fine=fine))


def _of_rule(row: RuleRow, now_ms: int) -> dict[str, Slot]:
    name = name_of(row)
    left = row.limit_nano - row.posted_nano - row.held_nano
    resets = formats.ago(row.resets_ms, now_ms) if row.resets_ms else "never"
    return {
        **({} if row.rule.each else {f"{name}.bar": _bar(row)}),
        # Never filled: another key has the page drawn anew, with what says so.
        f"{name}.by-{'redis' if row.live else 'ledger'}": Slot("", None),
        f"{name}.posted": Slot(formats.money(row.posted_nano), money(row.posted_nano)),
        f"{name}.held": Slot(formats.money(row.held_nano), money(row.held_nano)),
        f"{name}.limit": _exactly(row.limit_nano),
        f"{name}.left": _exactly(left),
        f"{name}.values": Slot(str(row.values), formats.integer(row.values)),
        f"{name}.refused": _refused(row),
        f"{name}.resets": Slot(resets, resets),
        f"{name}.alerts": _alerts(row),
        f"{name}.source": Slot(source_words(row.source), _source(row)),
    }


def body(rows: Sequence[RuleRow], view: View, made: Slots, *, primary: str) -> list[Any]:
    """All panels, or how to have a rule where there is none."""
    if not rows:
        return [
            empty(
                "No rule here",
                "Rules stand in budgets.rules of the configuration file; lift a filter to see all.",
                icon_name="rules",
            )
        ]
    every = groups(rows)
    plain = [
        _rule(own, values, view, made, primary=primary)
        for own, values in every
        if not own.rule.each
    ]
    split = [
        _rule(own, values, view, made, primary=primary) for own, values in every if own.rule.each
    ]
    return [html.Div(plain, className="columns rules-plain"), *split]


def _rule(row: RuleRow, values: Sequence[RuleRow], view: View, made: Slots, *, primary: str) -> Any:
    rule, name = row.rule, name_of(row)
    marks = [
        badge("primary", "cyan", "overview") if rule.name == primary else None,
        badge(f"counts {rule.counts.value}", "purple", "rates")
        if rule.counts.value != "charge"
        else None,
        badge("locked", "grey", "locked") if row.locked else None,
        None if row.live else badge("from the ledger: Redis is away", "amber", "stale"),
    ]
    act = opens(
        [icon("locked" if row.locked else "edit"), "Details" if row.locked else "Change"],
        view.opening(name, PREFIX),
        section=SECTION,
        name=name,
        className="button plain",
        **{"aria-label": f"{'Details of' if row.locked else 'Change'} {name}"},
    )

    def figure(words: str, part: str, under: Any = "") -> Any:
        return stat(words, slot(SECTION, f"{name}.{part}", made), under)

    each = bool(rule.each)
    zone = formats.zone(rule.timezone)
    anew = formats.bucket(row.resets_ms, zone, hourly=True) if row.resets_ms else "counts for good"
    space = ("Values", "values", "spend now") if each else ("Left", "left", "after what is held")
    source = slot(SECTION, f"{name}.source", made)
    facts = [
        figure("Posted", "posted", "in all values" if each else "in this window"),
        figure("Held", "held", "calls in flight"),
        figure(*space),
        figure("Limit of each" if each else "Limit", "limit", source),
        figure("Refused", "refused", "in this window"),
        figure("Resets", "resets", anew),
    ]
    inside = [
        None if each else slot(SECTION, f"{name}.bar", made),
        stats(facts),
        html.Div(slot(SECTION, f"{name}.alerts", made), className="rule-alerts"),
        _values(row, values, view, made) if each else None,
    ]
    aside = html.Div([*marks, act], className="rule-marks")
    return panel(
        rule.name,
        html.Div(inside, className="rule"),
        aside,
        tone="cyan" if rule.name == primary else "purple" if each else "grey",
        note=words_of(rule),
    )


def _values(row: RuleRow, values: Sequence[RuleRow], view: View, made: Slots) -> Any:
    if not values:
        return html.P("No value has spent in this window.", className="dim")
    some = shown(values, view)
    table = data_table(
        COLUMNS,
        [_value(one, view, made) for one in some],
        caption=f"Values of {row.rule.name}, the fullest first",
        table=row.rule.name,
    )
    more = len(values) - len(some)
    if not more and len(values) <= TOP:
        return table
    there = View(SECTION, every=not view.every, filters=view.filters).href(PREFIX)
    text = f"{more} more" if more and not view.every else "Only the fullest"
    return html.Div([table, html.Div(stay(text, there, className="more"), className="table-more")])


def _value(row: RuleRow, view: View, made: Slots) -> dict[str, Any]:
    name = name_of(row)
    if row.value:
        head: Any = opens(
            value_words(row),
            view.opening(name, PREFIX),
            section=SECTION,
            name=name,
            className="row-link",
            title=row.value_name,
        )
    else:
        shared = "all further values share this limit" if row.value_name == SHARED else "unnamed"
        head = html.Span([row.value_name, html.Span(f" {shared}", className="dim small")])
    return {"value": head, **{part: slot(SECTION, f"{name}.{part}", made) for part in LIVE}}


def value_words(row: RuleRow) -> str:
    """A value as people read it: agents by their names."""
    return " · ".join(agent_name(v) if d.value == "agent" else v for d, v in row.value)
