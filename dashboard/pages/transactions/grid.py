"""The large list: which columns it has, and what the browser is given to draw it.

Its scripts are the heaviest of the panel: they are loaded where a grid is shown, and only then.
"""

from pathlib import Path
from typing import Any, Final

import dash_ag_grid as dag
from dash.fingerprint import build_fingerprint

from dashboard.components.tables import GRID_CLASS, GRID_OPTIONS
from dashboard.context import PREFIX

GRID: Final = "transactions-grid"
BLOCK_ROWS: Final = 60
"""Rows of one question: more than a screen has."""
BLOCKS_KEPT: Final = 12
ROW_PX: Final = 56
_BUNDLE: Final = "dash_ag_grid.min.js"

# Dash would put it into every page.
for _bundle in dag.AgGrid._js_dist:
    if _bundle["relative_package_path"] == _BUNDLE:
        _bundle["async"] = True


def _column(name: str, heading: str, width: int, cell: str, **more: Any) -> dict[str, Any]:
    return {"field": name, "headerName": heading, "width": width, "cellRenderer": cell, **more}


_RIGHT: Final = {"cellClass": "num", "headerClass": "num"}
COLUMNS: Final = (
    _column("time", "Time", 98, "PurserTwo", cellRendererParams={"below": "day"}),
    _column(
        "agent", "Agent and campaign", 180, "PurserTwo", flex=3, minWidth=150,
        cellRendererParams={"below": "campaign", "icon": "icon"},
    ),
    _column(
        "model", "Model and endpoint", 180, "PurserTwo", flex=3, minWidth=130,
        cellRendererParams={"below": "endpoint"},
    ),
    _column("units", "Tokens", 218, "PurserTokens", flex=4, minWidth=178),
    _column(
        "charge", "Charged", 134, "PurserTwo", cellRendererParams={"below": "held"}, **_RIGHT
    ),
    _column("provider", "Provider", 100, "PurserTwo", **_RIGHT),
    _column("status", "Status", 140, "PurserStatus", flex=2, minWidth=130),
    _column("short", "Call", 122, "PurserId"),
)  # fmt: skip


def grid() -> dict[str, Any]:
    """The grid as the browser is told of it, once its scripts are there."""
    options = {
        **GRID_OPTIONS,
        "rowHeight": ROW_PX,
        "rowBuffer": 8,
        "cacheBlockSize": BLOCK_ROWS,
        "maxBlocksInCache": BLOCKS_KEPT,
        # The grid hears of one answer at a time.
        "maxConcurrentDatasourceRequests": 1,
        "infiniteInitialRowCount": BLOCK_ROWS,
        "suppressCellFocus": False,
    }
    made = dag.AgGrid(
        id=GRID,
        columnDefs=list(COLUMNS),
        defaultColDef={"sortable": False, "resizable": True, "suppressMovable": True},
        rowModelType="infinite",
        getRowId="params.data.key",
        eventListeners={"rowClicked": ["purserRow(params)"], "cellKeyDown": ["purserKey(params)"]},
        dashGridOptions=options,
        className=f"{GRID_CLASS} feed-grid",
        style={"height": None},
    )
    told: dict[str, Any] = made.to_plotly_json()
    return told


def scripts() -> list[str]:
    """What has to be loaded before the grid is drawn, in this order."""
    bundle = Path(dag.__file__).with_name(_BUNDLE)
    name = build_fingerprint(_BUNDLE, dag.__version__, int(bundle.stat().st_mtime))
    return [f"{PREFIX}assets/feed.js", f"{PREFIX}_dash-component-suites/dash_ag_grid/{name}"]
