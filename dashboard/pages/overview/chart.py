"""The burn-up's second life: plotly takes over from the drawn chart when the browser is idle."""

from typing import Any, Final

from dash import Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboard import figures
from dashboard.figures_data import BurnUp
from dashboard.pages.overview.chart_data import MOVING, SHAPE, moving, shape
from dashboard.pages.overview.look import look, view_of_address
from dashboard.services import Services

PLACE: Final = "overview-graph-place"
IDLE: Final = "overview-idle"
MOVED: Final = "overview-moved"

WHEN_IDLE: Final = """async function (shape) {
  await new Promise(function (go) {
    if (window.requestIdleCallback) window.requestIdleCallback(go, {timeout: 3000});
    else setTimeout(go, 300);
  });
  return shape;
}"""
MOVE: Final = """function (now) {
  var drawn = document.querySelector('#overview-graph .js-plotly-plot');
  if (!now || !drawn || !drawn.data || drawn.data.length < 8) {
    return window.dash_clientside.no_update;
  }
  var x = Array.from(drawn.data[3].x), y = Array.from(drawn.data[3].y);
  x[x.length - 1] = now.now[0]; y[y.length - 1] = now.now[1];
  window.Plotly.restyle(drawn, {
    x: [now.at, now.at, x, now.at, [now.now[0]]],
    y: [now.low, now.high, y, now.expected, [now.now[1]]]
  }, [0, 1, 3, 5, 7]);
  return now.now[0];
}"""


def holders(burn: BurnUp | None) -> list[Any]:
    """What the page keeps for the chart."""
    return [
        dcc.Store(SHAPE, data=shape(burn)),
        dcc.Store(MOVING, data=moving(burn)),
        dcc.Store(IDLE),
        dcc.Store(MOVED),
    ]


def place() -> html.Div:
    """Where plotly will draw, over the chart that is there."""
    return html.Div(id=PLACE)


def register(app: Dash, services: Services) -> None:
    """Draw once the browser has nothing better to do, and again when more than the end moves."""
    app.clientside_callback(WHEN_IDLE, Output(IDLE, "data"), Input(SHAPE, "data"))
    app.clientside_callback(MOVE, Output(MOVED, "data"), Input(MOVING, "data"))

    @app.callback(
        Output(PLACE, "children"),
        Input(IDLE, "data"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    async def draw(idle: Any, search: Any) -> Any:
        if not idle:
            raise PreventUpdate
        found = (await look(services, view_of_address(search))).figures.shown.burn
        if found is None:
            raise PreventUpdate
        return dcc.Graph(
            id="overview-graph", figure=figures.burn_up(found), config=figures.GRAPH_CONFIG
        )
