"""The panel's services on real engines, without a server in front."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from budget.manual import ManualCosts, ManualTerms
from budget.overrides import Limits
from config.rules import Rule
from config.settings import load
from dashboard.services import Services
from storage.keys import Keys
from storage.sessions import Session, Sessions
from storage.users import Users
from storage.views import Views
from tests.budget.purse import Engines, Process, Purse, open_purse

ADMIN = Session("1", "ada", "admin", 0, 0, 0, "", "", "", "")
VIEWER = replace(ADMIN, id="2", user="bob", role="viewer")


@asynccontextmanager
async def open_desk(
    engines: Engines, folder: Path, *rules: Rule
) -> AsyncIterator[tuple[Services, Purse, Process]]:
    """Services with `rules` in force, the first of them the primary one."""
    loaded = replace(load(environ={}), rules=rules, primary=rules[0])
    async with open_purse(engines, *rules) as purse:
        process = await purse.process()
        ledger, line = purse.ledger, process.lifeline

        def terms() -> ManualTerms:
            return ManualTerms(loaded.rates, loaded.models.version, 1 << 30)

        services = Services(
            link=purse.link,
            ledger=ledger,
            lifeline=line,
            keys=Keys(purse.link, ledger),
            manual=ManualCosts(line, ledger, terms, lambda plain: plain.hex()),
            limits=Limits(purse.link, ledger, line.now_ms),
            users=Users(ledger),
            sessions=Sessions(ledger),
            views=Views(ledger),
            current=lambda: loaded,
            problem=lambda: None,
            upstream="sandbox",
            cache_dir=folder,
            secret=b"secret",
        )
        yield services, purse, process


def words(component: Any) -> str:
    """All text of a layout, in order."""
    if isinstance(component, str):
        return component + " "
    if isinstance(component, list | tuple):
        return "".join(words(child) for child in component)
    return words(getattr(component, "children", None) or "")
