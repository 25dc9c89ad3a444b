"""The roles of a process: everything in one place, a proxy alone, a janitor alone."""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import uvloop

from app.banner import banner, panel_banner
from app.dashing import DashboardProcess
from app.engines import Engines, answers_from_sandbox, opened
from app.first_admin import ensure_first_admin
from app.janitor import Janitor
from app.jobs import Job, repeat
from app.live import Live, Publisher
from app.logs import set_up_logs
from app.proxying import ProxyProcess
from app.serving import CannotListen, SideServer, address, bind, server
from budget.publication import Publication
from config.bounds import CONFIG_POLL_S
from config.settings import Loaded, load
from sandbox.app import create_app
from sandbox.options import Options
from storage.errors import StorageError

FAILED: Final = 1
MISCONFIGURED: Final = 2
_log = logging.getLogger("purser")


def run_serve(loaded: Loaded) -> int:
    """Proxy and janitor in one place, with several proxy processes where `workers` says so."""
    if loaded.settings.server.workers > 1:
        return _run(loaded, _serve_many)
    return _run(loaded, lambda given: _serve_one(given, with_janitor=True))


def run_proxy(loaded: Loaded) -> int:
    """One proxy process; a janitor has to run somewhere."""
    return _run(loaded, lambda given: _serve_one(given, with_janitor=False))


def run_dashboard(loaded: Loaded) -> int:
    """Panel and billing API; proxies and a janitor run elsewhere."""
    return _run(loaded, _dashboard_alone)


def run_janitor(loaded: Loaded) -> int:
    """Everything periodic, and nothing else."""
    return _run(loaded, _janitor_alone)


def _run(loaded: Loaded, role: Callable[[Loaded], Awaitable[int]]) -> int:
    set_up_logs(loaded.settings.log)
    if loaded.settings.environment == "production" and answers_from_sandbox(loaded):
        _say(
            "PURSER_ENV=production without a key for the upstream: set OPENAI_API_KEY, or "
            "`upstream: {api_key: client}`. The sandbox does not answer in production."
        )
        return MISCONFIGURED
    try:
        return uvloop.run(_awaited(role(loaded)))
    except (StorageError, CannotListen) as error:
        _say(str(error))
        return FAILED
    except KeyboardInterrupt:
        return 0


async def _awaited(role: Awaitable[int]) -> int:
    return await role


def _say(text: str) -> None:
    sys.stderr.write(f"purser: {text}\n")


@asynccontextmanager
async def _proxy(engines: Engines, live: Live, *, with_panel: bool) -> AsyncIterator[ProxyProcess]:
    """A proxy that has joined Redis, with the sandbox beside it where that answers."""
    async with AsyncExitStack() as stack:
        url = ""
        if engines.sandbox:
            sandbox = SideServer(create_app(Options()))
            await sandbox.start()
            stack.push_async_callback(sandbox.stop)
            url = sandbox.url
        proxy = ProxyProcess(engines, live, url, with_panel=with_panel)
        await proxy.start()
        stack.push_async_callback(proxy.stop)
        yield proxy


async def _serve_one(
    loaded: Loaded, *, with_janitor: bool, listener: socket.socket | None = None
) -> int:
    settings = loaded.settings
    listener = listener or bind(settings.server.host, settings.server.port)
    live = Live(loaded)
    async with opened(loaded) as engines, AsyncExitStack() as stack:
        janitor = Janitor(engines, live) if with_janitor else None
        if janitor is not None:
            janitor.start()
            stack.push_async_callback(janitor.stop)
        else:
            watcher = asyncio.create_task(_watch(live, engines))
            stack.callback(watcher.cancel)
        alone = multiprocessing.parent_process() is None
        with_panel = with_janitor or not alone
        door = await ensure_first_admin(loaded, engines) if with_janitor else ""
        proxy = await stack.enter_async_context(_proxy(engines, live, with_panel=with_panel))
        if janitor is not None:
            janitor.sandbox_url = proxy.sandbox_url
        if alone:
            sys.stderr.write(banner(loaded, engines, address(listener), door))
        await server(proxy.app).serve([listener])
    return 0


async def _watch(live: Live, engines: Engines) -> None:
    """A proxy alone watches its file, and publishes what it saw change."""
    publication = Publication(engines.link, engines.ledger)
    publisher = Publisher(live, engines.link, publication, leads=False)
    await repeat(Job("configuration", publisher.tick, CONFIG_POLL_S), _log)


async def _dashboard_alone(loaded: Loaded) -> int:
    settings = loaded.settings
    listener = bind(settings.server.host, settings.server.port)
    live = Live(loaded)
    async with opened(loaded) as engines, AsyncExitStack() as stack:
        watcher = asyncio.create_task(_watch(live, engines))
        stack.callback(watcher.cancel)
        door = await ensure_first_admin(loaded, engines)
        process = DashboardProcess(engines, live)
        await process.start()
        stack.push_async_callback(process.stop)
        sys.stderr.write(panel_banner(loaded, engines, address(listener), door))
        await server(process.app).serve([listener])
    return 0


async def _janitor_alone(loaded: Loaded) -> int:
    stop = _stop_signal()
    async with opened(loaded) as engines:
        janitor = Janitor(engines, Live(loaded))
        janitor.start()
        _log.info("the janitor is at work")
        await stop.wait()
        await janitor.stop()
    return 0


def _stop_signal() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _serve_many(loaded: Loaded) -> int:
    """A janitor here, and `workers` proxy processes that accept on one socket."""
    stop, settings = _stop_signal(), loaded.settings
    listener = bind(settings.server.host, settings.server.port)
    async with opened(loaded) as engines:
        janitor = Janitor(engines, Live(loaded))
        janitor.start()
        door = await ensure_first_admin(loaded, engines)
        workers = [_worker(loaded.path, listener) for _ in range(settings.server.workers)]
        sys.stderr.write(banner(loaded, engines, address(listener), door))
        while not stop.is_set():
            for at, worker in enumerate(workers):
                if not worker.is_alive():
                    _log.error("a proxy process has ended: another takes its place")
                    workers[at] = _worker(loaded.path, listener)
            await _wait(stop, 0.5)
        for worker in workers:
            worker.terminate()
        await asyncio.gather(*(asyncio.to_thread(worker.join) for worker in workers))
        await janitor.stop()
    return 0


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    # Not wait_for: before 3.12 it may lose a cancellation.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _worker(path: Path, listener: socket.socket) -> BaseProcess:
    process = multiprocessing.get_context("spawn").Process(
        target=_work, args=(path, listener), daemon=True
    )
    process.start()
    return process


def _work(path: Path, listener: socket.socket) -> None:
    loaded = load(path)

    async def role(given: Loaded) -> int:
        orphaned = asyncio.create_task(_end_with_parent(os.getppid()))
        code = await _serve_one(given, with_janitor=False, listener=listener)
        orphaned.cancel()
        return code

    sys.exit(_run(loaded, role))


async def _end_with_parent(parent: int) -> None:
    """A worker whose supervisor was killed ends as if told to."""
    while os.getppid() == parent:  # noqa: ASYNC110  nothing tells a process of this
        await asyncio.sleep(1.0)
    os.kill(os.getpid(), signal.SIGTERM)
