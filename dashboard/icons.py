"""Icons as masks: painted in the colour of the text around them, one class each.

Dash has no SVG elements and the policy allows no inline styles, so each drawing becomes a
`data:` image in the theme's style sheet, and an icon is an empty span that wears its class.
"""

from urllib.parse import quote

from dash import html

from dashboard.aria import aria
from dashboard.icon_shapes import AGENTS, SHAPES

_FRAME = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='#000' "
    "stroke-width='1.75' stroke-linecap='round' stroke-linejoin='round'>{}</svg>"
)


def data_uri(svg: str) -> str:
    """An SVG as a `data:` address, fit for `url("…")`."""
    return "data:image/svg+xml," + quote(svg, safe=" =:/'-,.")


def icons_css() -> str:
    """The style sheet with one class for each icon."""
    rules = (
        f'.icon-{name} {{ --icon: url("{data_uri(_FRAME.format(shape))}"); }}'
        for name, shape in SHAPES.items()
    )
    return "\n".join(rules) + "\n"


def icon(name: str, label: str | None = None, tone: str | None = None) -> html.Span:
    """One icon; without a label it is decoration and hidden from screen readers.

    Raises `KeyError` for a name that was never drawn.
    """
    SHAPES[name]
    classes = f"icon icon-{name}" + (f" tint tone-{tone}" if tone else "")
    if label is None:
        return html.Span(className=classes, **aria(hidden="true"))
    return html.Span(className=classes, role="img", title=label, **aria(label=label))


def agent_icon(agent_type: str) -> str:
    """The icon's name for an agent type in any case; types of one's own get the robot."""
    name = agent_type.lower().replace("_", "-")
    return name if name in AGENTS else "agents"
