"""Tables: plain ones that read well aloud, and the options of the large grid."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dash import html

from dashboard.aria import aria
from dashboard.components.basics import Children
from dashboard.icons import icon
from dashboard.links import stay

ROW_PX = 44


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key in each row, its heading, and how it behaves.

    `keep` says down to which width it stays: always, from a tablet on, on a desk only.
    """

    key: str
    label: str
    numeric: bool = False
    sortable: bool = False
    keep: Literal["always", "tablet", "desk"] = "always"
    grow: bool = False


@dataclass(frozen=True, slots=True)
class Sorted:
    """By which column a table is sorted, and which way."""

    key: str
    descending: bool = True


def _classes(column: Column) -> str:
    parts = (
        "figures num" if column.numeric else "",
        f"keep-{column.keep}" if column.keep != "always" else "",
        "grow" if column.grow else "",
    )
    return " ".join(part for part in parts if part)


def sorted_of(text: str, columns: Sequence[Column]) -> Sorted | None:
    """What the `sort` of an address asks for; None where no such column is sorted by."""
    key = text.removeprefix("-")
    known = any(column.key == key and column.sortable for column in columns)
    return Sorted(key, text.startswith("-")) if known else None


def _heading(
    column: Column, table: str, by: Sorted | None, href: Callable[[str], str] | None
) -> html.Th:
    here = by if by is not None and by.key == column.key else None
    if not column.sortable:
        return html.Th(column.label, className=_classes(column), scope="col")
    name = "sort" if here is None else "down" if here.descending else "up"
    order = "none" if here is None else "descending" if here.descending else "ascending"
    classes = "sort" + (" sort-on" if here else "")
    down = not here.descending if here else column.numeric
    button = (
        stay(
            [column.label, icon(name)],
            href(f"{'-' if down else ''}{column.key}"),
            className=classes,
        )
        if href
        else html.Button(
            [column.label, icon(name)],
            id={"type": "sort", "table": table, "column": column.key},
            className=classes,
        )
    )
    return html.Th(button, className=_classes(column), scope="col", **aria(sort=order))


def data_table(
    columns: Sequence[Column],
    rows: Sequence[Mapping[str, Children]],
    *,
    caption: str,
    table: str = "table",
    by: Sorted | None = None,
    total: Mapping[str, Children] | None = None,
    fill: bool = False,
    sort_href: Callable[[str], str] | None = None,
) -> html.Div:
    """A table whose first column names its row; `caption` says what it lists.

    `fill` lets its rows share the height of the panel it stands in.

    A row with an `id` can be changed alone. Headings of sortable columns are buttons with the
    id `{"type": "sort", "table", "column"}`, or, with `sort_href`, links to what it makes of the
    `sort` that an address has.
    """
    first, rest = columns[0], columns[1:]

    def line(row: Mapping[str, Children], classes: str = "") -> html.Tr:
        head = html.Th(row.get(first.key), className=_classes(first), scope="row")
        cells = [html.Td(row.get(c.key), className=_classes(c)) for c in rest]
        known = {"id": row["id"]} if "id" in row else {}
        return html.Tr([head, *cells], className=classes, **known)

    body: list[Children] = [html.Tbody([line(row) for row in rows])]
    if total is not None:
        body.append(html.Tfoot(line(total)))
    return html.Div(
        html.Table(
            [
                html.Caption(caption, className="spoken"),
                html.Thead(html.Tr([_heading(c, table, by, sort_href) for c in columns])),
                *body,
            ],
            className="table",
        ),
        className="table-frame fill" if fill else "table-frame",
        role="region",
        tabIndex=0,
        **aria(label=caption),
    )


GRID_CLASS = "grid-glass"
"""The class of every `AgGrid`: `assets/theme/grid.css` sets the variables of the grid's theme."""

GRID_OPTIONS: dict[str, Any] = {
    "rowHeight": ROW_PX,
    "headerHeight": ROW_PX,
    "animateRows": False,
    "enableCellTextSelection": True,
    "tooltipShowDelay": 300,
}
"""What every `AgGrid` is given; its columns wear `num` for figures and `mono` for ids."""
