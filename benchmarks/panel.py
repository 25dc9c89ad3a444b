"""`python -m benchmarks panel`: the overview in Chromium, its live refresh, and calls beside it.

What a first load weighs and when figures and chart are there; what a refresh weighs and costs the
server; and the p99 of calls through the same process, quiet and while ten viewers look.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
from playwright.sync_api import BrowserContext, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.calls import BODY, HEADERS
from benchmarks.load import Asked, Sample, merged, request, run
from benchmarks.panel_books import fill
from benchmarks.servers import BUDGETS
from storage.database import EMBEDDED_FILE, upgrade
from storage.ledger import Ledger
from tests.browser.conftest import FLAGS, PASSWORD
from tests.browser.install import executable
from tests.harness import Deployment, PurserProcess

VIEWERS: Final = 10
TICK_S: Final = 5.0
CALLBACK: Final = "/admin/budget/_dash-update-component"
WATCH: Final = """
window.seenAt = {};
new MutationObserver(function () {
  [
    ['figures', '#overview-spent-figure, .still .card .figure'],
    ['drawn', '.quick-chart'],
    ['chart', '#overview-graph .main-svg']
  ].forEach(function (one) {
    if (!window.seenAt[one[0]] && document.querySelector(one[1])) {
      requestAnimationFrame(function () { window.seenAt[one[0]] = performance.now(); });
    }
  });
}).observe(document, {childList: true, subtree: true});
"""
PAINTED: Final = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass(frozen=True, slots=True)
class Load:
    """One first load: bytes over the wire, milliseconds until each is there."""

    wire_bytes: int
    figures_ms: float
    drawn_ms: float
    chart_ms: float


@dataclass(frozen=True, slots=True)
class Tick:
    """What a browser sends to refresh, and as whom."""

    body: bytes
    headers: dict[str, str]
    cookies: dict[str, str]
    sizes: tuple[int, ...]
    """Bytes of question and answer, headers included, of each refresh seen."""


def main(arguments: list[str]) -> None:
    """Reads the arguments, measures, prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks panel", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="ledger rows (SQLite)")
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=4, help="turns, quiet and looked at")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a turn")
    given = parser.parse_args(arguments)
    console = Console()
    with (
        tempfile.TemporaryDirectory(prefix="purser-bench-") as folder,
        _served(Path(folder), given.rows) as purser,
    ):
        loads, tick = _in_browser(purser, given.loads)
        console.print(loads_table(loads, given.rows))
        console.print(_ticks_table(purser, tick))
        console.print(asyncio.run(_beside(purser, tick, given.rounds, given.seconds)))


@contextmanager
def _served(folder: Path, rows: int) -> Iterator[PurserProcess]:
    deployment = Deployment(folder, BUDGETS, env={"PURSER_ADMIN_PASSWORD": PASSWORD})
    books = deployment.data_dir / "sandbox"
    books.mkdir(mode=0o700, parents=True)
    asyncio.run(_fill(f"sqlite:///{books / EMBEDDED_FILE}", rows))
    with deployment.start("serve", measured=False) as purser:
        yield purser


async def _fill(url: str, rows: int) -> None:
    await upgrade(url)
    ledger = await Ledger.open(url)
    await fill(ledger, rows, int(time.time() * 1000))
    await ledger.close()


def _in_browser(purser: PurserProcess, count: int) -> tuple[list[Load], Tick]:
    panel = f"{purser.url}/admin/budget/"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable(), args=FLAGS)
        door = browser.new_context()
        page = door.new_page()
        page.goto(f"{panel}login")
        page.fill("#name", "admin")
        page.fill("#password", PASSWORD)
        page.click("button")
        page.locator("#overview-graph .main-svg").first.wait_for(timeout=60_000)
        kept = door.storage_state()
        # A context of its own has an empty cache: each load is a first one.
        loads = [_load(browser.new_context(storage_state=kept), panel) for _ in range(count)]
        tick = _tick(page, door, purser)
        browser.close()
    return loads, tick


def _load(context: BrowserContext, panel: str) -> Load:
    page = context.new_page()
    page.add_init_script(WATCH)
    wire = 0

    def arrived(event: dict[str, Any]) -> None:
        nonlocal wire
        wire += int(event["encodedDataLength"])

    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", arrived)
    page.goto(panel)
    page.locator("#overview-graph .main-svg").first.wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    seen = page.evaluate("window.seenAt")
    painted = page.evaluate(PAINTED)
    context.close()
    # In the document is not yet on the screen.
    figures, drawn = (max(seen[name], painted) for name in ("figures", "drawn"))
    return Load(wire, figures, drawn, seen["chart"])


def _tick(page: Page, context: BrowserContext, purser: PurserProcess) -> Tick:
    """Refreshes of one page while calls are made: their sizes, and the last as it was sent."""
    sizes: list[int] = []
    body, headers = b"", dict[str, str]()
    for _ in range(6):
        _call(purser)
        with page.expect_request_finished(lambda r: "overview-seen" in (r.post_data or "")) as told:
            pass
        sent = told.value.sizes()
        sizes.append(sum(int(sent[name]) for name in sent))
        body = (told.value.post_data or "").encode()
        headers = {
            name: value
            for name, value in told.value.all_headers().items()
            if name in ("content-type", "x-csrftoken", "origin")
        }
    headers["origin"] = purser.url
    cookies = {one["name"]: one["value"] for one in context.cookies()}
    return Tick(body, headers, cookies, tuple(sizes))


def _call(purser: PurserProcess) -> None:
    url = f"{purser.url}/v1/chat/completions"
    httpx.post(url, content=BODY, headers=HEADERS, trust_env=False, timeout=30)


def loads_table(loads: list[Load], rows: int) -> Table:
    """Medians of several first loads."""
    table = Table(title=f"First load of the overview at {rows:,} rows (medians)")
    for heading in ("over the wire", "figures visible", "chart drawn", "interactive", "promised"):
        table.add_column(heading, justify="right")
    table.add_row(
        f"{statistics.median(one.wire_bytes for one in loads) / 1e6:.2f} MB",
        f"{statistics.median(one.figures_ms for one in loads):,.0f} ms",
        f"{statistics.median(one.drawn_ms for one in loads):,.0f} ms",
        f"{statistics.median(one.chart_ms for one in loads):,.0f} ms",
        "1.00 MB, 1,500 ms",
    )
    return table


def _ticks_table(purser: PurserProcess, tick: Tick) -> Table:
    """CPU is that of the server's process, less what it takes when nobody looks."""
    server = psutil.Process(purser.pid)
    with _viewer(purser, tick) as viewer:
        began, before = time.perf_counter(), _cpu_s(server)
        asked = 0
        while time.perf_counter() - began < 5:
            viewer.post(CALLBACK, content=tick.body).raise_for_status()
            asked += 1
        took, spent = time.perf_counter() - began, _cpu_s(server) - before
    before = _cpu_s(server)
    time.sleep(took)
    idle = _cpu_s(server) - before
    table = Table(title="A live refresh while calls are made")
    for heading in ("bytes, median", "bytes, most", "CPU each", "promised"):
        table.add_column(heading, justify="right")
    table.add_row(
        f"{statistics.median(tick.sizes):,.0f}",
        f"{max(tick.sizes):,}",
        f"{(spent - idle) / asked * 1000:.1f} ms",
        "4,096, 3 ms",
    )
    return table


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def _viewer(purser: PurserProcess, tick: Tick) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=purser.url, headers=tick.headers, cookies=tick.cookies, trust_env=False, timeout=30
    ) as client:
        yield client


async def _beside(purser: PurserProcess, tick: Tick, rounds: int, seconds: float) -> Table:
    """Calls one after the other, by turns quiet and with ten viewers' refreshes beside them."""
    url = f"{purser.url}/v1/chat/completions"
    asked = Asked(url, repeat(request(url, BODY, HEADERS)))
    samples: dict[str, list[Sample]] = {"quiet": [], "ten viewers": []}
    await run(asked, 1, 2.0)
    for _ in range(rounds):
        samples["quiet"].append(await run(asked, 1, seconds))
        viewers = [asyncio.create_task(_look(purser, tick, n)) for n in range(VIEWERS)]
        samples["ten viewers"].append(await run(asked, 1, seconds))
        for viewer in viewers:
            viewer.cancel()
        await asyncio.gather(*viewers, return_exceptions=True)
    table = Table(title="Calls through the same process, one in flight (ms; promised: p99 < 2 ×)")
    for heading in ("", "calls", "median", "p99", "p99, of quiet"):
        table.add_column(heading, justify="right" if heading else "left")
    quiet = merged(samples["quiet"]).quantile_ms(0.99)
    for name, taken in samples.items():
        whole = merged(taken)
        p99 = whole.quantile_ms(0.99)
        table.add_row(
            name,
            f"{len(whole.latencies):,}",
            f"{whole.quantile_ms(0.5):.1f}",
            f"{p99:.1f}",
            f"{p99 / quiet:.2f}",
        )
    return table


async def _look(purser: PurserProcess, tick: Tick, number: int) -> None:
    """One viewer; they tick one after the other, as browsers that were opened at some time do."""
    async with httpx.AsyncClient(
        base_url=purser.url, headers=tick.headers, cookies=tick.cookies, trust_env=False, timeout=30
    ) as client:
        await asyncio.sleep(TICK_S * number / VIEWERS)
        while True:
            (await client.post(CALLBACK, content=tick.body)).raise_for_status()
            await asyncio.sleep(TICK_S)
