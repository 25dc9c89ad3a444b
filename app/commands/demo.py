"""`purser demo`: start a Purser (or take one that runs), let agents spend, sum up."""

import asyncio
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import typer

from app.commands.reconcile import reconcile_once
from app.complaints import CONFIGURATION_WRONG, DONE, FAILED, complain
from app.demo.agents import Agents, NotASandbox, agents_of
from app.demo.display import Display
from app.demo.purser import (
    FOLDER,
    START_S_MAX,
    DemoFailed,
    DemoPurser,
    alone_in,
    command,
    demo_purser,
    free_port,
    write_config,
)
from app.demo.spending import AT_ONCE, Spending, stopping_at_ctrl_c
from app.demo.summary import Books, charged, summary
from app.demo.tally import Tally
from app.demo.workload import CAMPAIGNS
from app.engines import Engines, opened
from config.rates import AGENT_TYPES
from config.rules import Dimension
from config.settings import Loaded, load

CALLS = 300
READY_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, and what."""

    calls: int | None
    seconds: float | None
    seed: int


def demo(
    config: Path | None, calls: int | None, minutes: float | None, seed: int, url: str | None
) -> int:
    """Run the demo."""
    if calls is None and minutes is None:
        calls = CALLS
    plan = Plan(calls, None if minutes is None else minutes * 60, seed)
    try:
        if url is not None:
            return asyncio.run(_elsewhere(url, plan))
        folder = load(config).settings.storage.data_dir.absolute() / FOLDER
        with alone_in(folder):
            return asyncio.run(_on_its_own(folder, plan))
    except NotASandbox as error:
        complain(str(error))
        return FAILED
    except KeyboardInterrupt:
        return FAILED


async def _elsewhere(url: str, plan: Plan) -> int:
    """Spend through a Purser that runs already; its books are its own affair."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        complain(f"--url {url}: write an address like http://127.0.0.1:8080")
        return CONFIGURATION_WRONG
    base = url.rstrip("/").removesuffix("/v1")
    async with agents_of(base, _new_run(), AT_ONCE) as agents:
        await agents.check_sandbox()
        tally = Tally({})
        await _spend(agents, tally, plan, base)
    typer.echo(summary(tally, None))
    return DONE


async def _on_its_own(folder: Path, plan: Plan) -> int:
    port = free_port()
    path = write_config(folder, port)
    loaded = load(path, {})
    base = f"http://127.0.0.1:{port}"
    typer.echo(f"Starting a Purser on {base} with its data in {folder} …")
    async with opened(loaded) as engines:
        try:
            async with demo_purser(path) as purser, agents_of(base, _new_run(), AT_ONCE) as agents:
                await _until_ready(purser, agents)
                await agents.check_sandbox()
                tally = Tally(_limits(loaded))
                await _spend(agents, tally, plan, base)
                books = await _books(engines, loaded, agents)
        finally:
            if engines.embedded is not None:
                await asyncio.to_thread(engines.embedded.stop)
    typer.echo(summary(tally, books))
    typer.echo(f"\nThe entries stay: {command('ledger', 'list', '--config', str(path))}")
    return DONE if books.agree_with(tally) else FAILED


async def _until_ready(purser: DemoPurser, agents: Agents) -> None:
    try:
        async with asyncio.timeout(START_S_MAX):
            while not await agents.ready():
                if purser.ended:
                    raise DemoFailed(
                        f"the demo's Purser ended at its start:\n  {purser.last_words()}"
                    )
                await asyncio.sleep(READY_POLL_S)
    except TimeoutError:
        raise DemoFailed(
            f"the demo's Purser was not ready within {START_S_MAX:g} s:\n  {purser.last_words()}"
        ) from None


async def _spend(agents: Agents, tally: Tally, plan: Plan, base: str) -> None:
    spending = Spending(agents, tally, plan.seed, plan.calls)
    with Display(tally, base) as display:
        async with stopping_at_ctrl_c(spending.stop):
            await spending.run(display, plan.seconds)
    if spending.problem is not None:
        raise spending.problem


async def _books(engines: Engines, loaded: Loaded, agents: Agents) -> Books:
    report = await reconcile_once(engines, loaded)
    total, calls = await charged(
        engines.ledger, [agents.execution_id(agent) for agent in AGENT_TYPES]
    )
    return Books(report, total, calls)


def _limits(loaded: Loaded) -> dict[str, int]:
    """Each campaign's tightest budget."""
    limits: dict[str, int] = {}
    for campaign in CAMPAIGNS:
        of_it = [
            rule.limit_nano
            for rule in loaded.rules
            if rule.match.get(Dimension.CAMPAIGN) == campaign or Dimension.CAMPAIGN in rule.each
        ]
        limits[campaign] = min(of_it)
    return limits


def _new_run() -> str:
    return f"demo-{uuid.uuid4().hex[:8]}"
