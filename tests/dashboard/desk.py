"""Services of a panel on real engines, and words that a drawn section holds."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from budget.manual import ManualCosts, ManualTerms
from budget.overrides import Limits
from config.settings import Loaded
from dashboard.context import Context, current_session
from dashboard.services import Services
from dashboard.state import parse
from storage.key_records import Role
from storage.keys import Keys
from storage.sessions import Session, Sessions
from storage.users import Users
from storage.views import Views
from tests.budget.purse import Engines, Purse, open_purse


def session_of(user: str = "ada", role: Role = "admin") -> Session:
    """A session as the gate finds it."""
    return Session("session-1", user, role, 0, 0, 1 << 50, "127.0.0.1", "", "", "")


@contextmanager
def asked_by(session: Session) -> Iterator[None]:
    """What happens inside is asked by this session."""
    token = current_session.set(session)
    try:
        yield
    finally:
        current_session.reset(token)


@asynccontextmanager
async def open_services(
    engines: Engines, loaded: Loaded, folder: Path, **more: Any
) -> AsyncIterator[tuple[Services, Purse]]:
    """A panel's services with one process that is ready."""
    async with open_purse(engines, *loaded.rules) as purse:
        await purse.publication.publish(loaded.rules, loaded.digest)
        process = await purse.process()
        ledger, link, lifeline = purse.ledger, process.link, process.lifeline
        terms = ManualTerms(loaded.rates, loaded.models.version, 1 << 30)
        given: dict[str, Any] = {
            "link": link,
            "ledger": ledger,
            "lifeline": lifeline,
            "keys": Keys(link, ledger),
            "manual": ManualCosts(lifeline, ledger, lambda: terms, lambda plain: plain.hex()),
            "limits": Limits(link, ledger, lifeline.now_ms),
            "users": Users(ledger),
            "sessions": Sessions(ledger),
            "views": Views(ledger),
            "current": lambda: loaded,
            "problem": lambda: None,
            "upstream": "sandbox",
            "cache_dir": folder,
            "secret": b"secret",
        }
        yield Services(**given | more), purse


def context_of(services: Services, section: str, query: str = "") -> Context:
    """A look at a section."""
    return Context(services, current_session.get(), parse(section, query))


def words(drawn: Any) -> str:
    """All text of a drawn part, in its order."""
    if drawn is None:
        return ""
    if isinstance(drawn, str | int):
        return str(drawn)
    if isinstance(drawn, list | tuple):
        return " ".join(part for part in map(words, drawn) if part)
    return words(getattr(drawn, "children", None))


def found(drawn: Any, name: str) -> Any:
    """The part with this id; None where there is none."""
    if isinstance(drawn, list | tuple):
        return next((part for one in drawn if (part := found(one, name)) is not None), None)
    if getattr(drawn, "id", None) == name:
        return drawn
    inside = getattr(drawn, "children", None)
    return found(inside, name) if isinstance(inside, list | tuple) or inside is not None else None
