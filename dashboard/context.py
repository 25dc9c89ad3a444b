"""Who looks, and at what: given to each page, and found by each callback."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from dashboard.services import Services
from dashboard.state import View
from storage.keys import By
from storage.sessions import Session

PREFIX: Final = "/admin/budget/"
PLACE: Final = "panel"
"""Where from, in the audit log."""

current_session: ContextVar[Session] = ContextVar("purser_session")
current_nonce: ContextVar[str] = ContextVar("purser_nonce")


@dataclass(frozen=True, slots=True)
class Context:
    """One look at one section."""

    services: Services
    session: Session
    view: View

    @property
    def may_change(self) -> bool:
        """Whether this is an admin; a viewer sees everything and changes nothing."""
        return self.session.role == "admin"


def who() -> Session:
    """The session whose request is being answered: set by the gate before any callback runs."""
    return current_session.get()


def by(reason: str = "") -> By:
    """The same, as the audit log names it."""
    return By(who().user, PLACE, reason)
