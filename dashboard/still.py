"""The page as plain HTML, as Dash will draw it: seen before any of its scripts has run.

It is a picture: nothing in it has an id or leads anywhere, and it leaves once the live page
stands (`panel.js`). The policy forbids what an attribute says of style: that stands in a style
element with the page's nonce.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from dash import html as dash_html
from dash.development.base_component import Component

HTML: Final = "dash_html_components"
VOID: Final = frozenset({"br", "hr", "img", "input"})
UNSEEN: Final = frozenset({"dialog", "script", "style", "iframe", "object", "embed"})
"""What is not seen before it is opened, or does something by itself."""
ATTRIBUTES: Final = {
    "title": "title",
    "src": "src",
    "alt": "alt",
    "colSpan": "colspan",
    "rowSpan": "rowspan",
    "open": "open",
    "hidden": "hidden",
}
FIELDS: Final = frozenset(
    {"NumberInput", "TextInput", "Select", "MultiSelect", "TagsInput", "DatePickerInput"}
)
"""Mantine's fields: a label above a box."""
ROOMS: Final = frozenset({"Slider", "SegmentedControl"})
"""Others of Mantine's: the room that they will take."""
THROUGH: Final = frozenset({"MantineProvider", "Tabs", "TabsPanel"})
_CAPITAL: Final = re.compile("([A-Z])")


class Still:
    """The picture of a component with all that is in it."""

    def __init__(self, drawn: Any) -> None:
        self._parts: list[str] = []
        self._rules: dict[str, str] = {}
        self._draw(drawn)

    @property
    def markup(self) -> str:
        """What is put into the page."""
        return "".join(self._parts)

    @property
    def rules(self) -> str:
        """What is put into a style element."""
        return "".join(f".{name}{{{said}}}" for said, name in self._rules.items())

    def _draw(self, drawn: Any) -> None:
        if isinstance(drawn, list | tuple):
            for one in drawn:
                self._draw(one)
        elif isinstance(drawn, Component):
            self._component(drawn)
        elif drawn is not None and not isinstance(drawn, bool):
            self._parts.append(html.escape(str(drawn)))

    def _component(self, drawn: Any) -> None:
        kind, inside = drawn._type, getattr(drawn, "children", None)
        if drawn._namespace == HTML and kind.lower() not in UNSEEN:
            self._element(kind.lower(), _attributes(drawn), drawn, inside)
        elif kind == "Link":
            self._element("a", _attributes(drawn), drawn, inside)
        elif kind in THROUGH:
            self._draw(inside)
        elif kind in FIELDS | ROOMS:
            self._element("div", (), drawn, list(_room(drawn)))

    def _element(self, tag: str, more: Iterable[str], drawn: Any, inside: Any) -> None:
        classes = str(getattr(drawn, "className", None) or "")
        style = getattr(drawn, "style", None)
        if style:
            classes = f"{classes} {self._rule(style)}".strip()
        said = f' class="{html.escape(classes)}"' if classes else ""
        self._parts.append(f"<{tag}{said}{''.join(more)}>")
        if tag not in VOID:
            self._draw(inside)
            self._parts.append(f"</{tag}>")

    def _rule(self, style: Mapping[str, Any]) -> str:
        said = ";".join(
            f"{_property(name)}:{value}" for name, value in style.items() if value is not None
        )
        # No text ends the element that it stands in.
        return self._rules.setdefault(said.replace("<", "\\3c "), f"s{len(self._rules)}")


def _attributes(drawn: Any) -> Iterator[str]:
    for prop, name in ATTRIBUTES.items():
        value = getattr(drawn, prop, None)
        if value is True:
            yield f" {name}"
        elif value is not None and value is not False:
            yield f' {name}="{html.escape(str(value))}"'


def _room(drawn: Any) -> Iterator[Any]:
    """The place of one of Mantine's, with what is read in it."""
    if drawn._type in ROOMS:
        yield dash_html.Div(className=f"still-{drawn._type.lower()}")
        return
    label, value = getattr(drawn, "label", None), getattr(drawn, "value", None)
    if label:
        yield dash_html.Div(label, className="field-label")
    number = isinstance(value, int) and f"{getattr(drawn, 'prefix', None) or ''}{value:,}"
    yield dash_html.Div(number, className="still-field")


def _property(name: str) -> str:
    return name if name.startswith("--") else _CAPITAL.sub(r"-\1", name).lower()
