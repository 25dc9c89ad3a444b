"""From which shares of the budget on it is told: the rule's thresholds, and where they stand."""

from dash import html

from config.origins import DEFAULT
from config.settings import Loaded
from dashboard import formats
from insights.rules import RuleRow


def thresholds(row: RuleRow, loaded: Loaded) -> html.Div:
    """Each threshold with whether it is passed, and the line that sets them."""
    used = row.utilisation_mille or 0
    marks = [
        html.Span(
            f"{formats.percent(at)}{' passed' if used >= at else ''}",
            className=f"badge tone-{'grey' if used < at else 'amber' if at < 1_000 else 'red'}",
        )
        for at in row.alert_at_mille
    ]
    origin = loaded.origins.get(f"budgets.rules[{row.rule.name}].alert_at", DEFAULT)
    return html.Div(
        [html.Span("Alerts at", className="field-label"), *marks,
         html.Span(f"from {origin}", className="dim")],
        className="alert-at",
    )  # fmt: skip
