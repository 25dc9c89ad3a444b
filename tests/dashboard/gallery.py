"""Every piece of the panel in every state, with sample values, on one page.

python -m tests.dashboard.gallery                 serves it and prints the address
python -m tests.dashboard.gallery --shoot DIR     photographs it in three themes and widths
"""

import argparse
import asyncio
import socket
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
import uvicorn
from dash import Dash, dcc, html
from fastapi import FastAPI
from playwright.async_api import async_playwright
from starlette.responses import Response

from dashboard import figures, theme
from dashboard.components import bars, cards, controls, overlays
from dashboard.components.overview import overview
from tests.dashboard import gallery_samples as samples
from tests.dashboard.gallery_pieces import facts, pieces

CHROMIUM: dict[str, Any] = {
    "executable_path": "/usr/bin/chromium",
    "args": ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
}
WIDTHS = {1440: 1100, 768: 1000, 390: 844}
INDEX = """<!doctype html><html lang="en" data-theme="{theme}" data-mantine-color-scheme="{scheme}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gallery</title>{{%css%}}<link rel="stylesheet" href="/assets/theme.css"></head>
<body>{{%app_entry%}}<footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer></body></html>"""


def build(theme_name: str, page: str) -> FastAPI:
    server = FastAPI()

    @server.get("/assets/theme.css")
    async def theme_css() -> Response:
        theme.stylesheet.cache_clear()
        return Response(theme.stylesheet(), media_type="text/css")

    app = Dash(
        server=server,
        assets_folder=str(theme.ASSETS),
        assets_ignore=r".*\.css$",
        index_string=INDEX.format(theme=theme_name, scheme="dark"),
    )
    burn = html.Div(
        dcc.Graph(figure=figures.burn_up(samples.burn()), config=figures.GRAPH_CONFIG, id="burn"),
        className="burn",
    )
    freeze = controls.freeze_control(False, id="freeze")
    whole = html.Div(
        overview(samples.overview_sample(), samples.limit_sample(freeze)), className="page"
    )
    shown = {
        "overview": lambda: whole,
        "pieces": pieces,
        "plotly": lambda: html.Div(
            cards.panel("Burn-up", html.Div(burn, className="chart")), className="page"
        ),
        "drawer": lambda: html.Div(
            [overlays.drawer(bars.agent_row("BRAND_VOICE"), facts(), id="d", opened=True)],
            className="page",
        ),
        "confirm": lambda: html.Div(
            [
                whole,
                overlays.confirm(
                    "Lower the limit to $500?",
                    [
                        "$561.53 is spent already: ",
                        html.B("every call is refused"),
                        " until 1 Dec.",
                    ],
                    id="c",
                    yes_id="y",
                    no_id="n",
                    yes="Set to $500",
                    dangerous=True,
                    opened=True,
                ),
            ]
        ),
    }
    app.layout = dmc.MantineProvider(shown[page](), forceColorScheme="dark")
    return server


async def serve(theme_name: str, page: str) -> tuple[uvicorn.Server, asyncio.Task[None], str]:
    """A running gallery on a free port of the loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build(theme_name, page), log_level="error"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    return server, task, f"http://127.0.0.1:{listener.getsockname()[1]}/"


async def shoot(folder: Path, themes: list[str], pages: list[str], widths: list[int]) -> None:
    async with async_playwright() as play:
        browser = await play.chromium.launch(**CHROMIUM)
        for theme_name in themes:
            for page in pages:
                server, task, address = await serve(theme_name, page)
                for width in widths:
                    tab = await browser.new_page(
                        viewport={"width": width, "height": WIDTHS.get(width, 800)}
                    )
                    tab.on(
                        "console",
                        lambda m: print(m.type, m.text[:300]) if m.type == "error" else None,
                    )
                    await tab.goto(address)
                    await tab.locator(".page").first.wait_for()
                    await tab.wait_for_timeout(1_200)
                    height = await tab.evaluate("document.documentElement.scrollHeight")
                    over = await tab.evaluate("document.documentElement.scrollWidth - innerWidth")
                    await tab.set_viewport_size({"width": width, "height": max(height, 500)})
                    await tab.wait_for_timeout(500)
                    await tab.screenshot(path=folder / f"{page}-{theme_name}-{width}.png")
                    print(page, theme_name, width, "height", height, "wider by", over)
                    await tab.close()
                server.should_exit = True
                await task
        await browser.close()


async def stay(theme_name: str, page: str) -> None:
    _, task, address = await serve(theme_name, page)
    print(address, flush=True)
    await task


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shoot", type=Path)
    parser.add_argument("--theme", default="dark")
    parser.add_argument("--page", default="pieces")
    parser.add_argument("--width", default="1440,768,390")
    given = parser.parse_args()
    if given.shoot is None:
        asyncio.run(stay(given.theme, given.page))
        return
    given.shoot.mkdir(parents=True, exist_ok=True)
    widths = [int(w) for w in given.width.split(",")]
    asyncio.run(shoot(given.shoot, given.theme.split(","), given.page.split(","), widths))


if __name__ == "__main__":
    main()
