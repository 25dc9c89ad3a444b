"""What admins are served with: the billing API and the panel, of one process."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from api.app import create_api
from api.context import Services as ApiServices
from app.engines import Engines
from app.live import Live
from app.panel import Panel
from app.secrets import panel_key
from budget.lifeline import Lifeline
from budget.manual import ManualCosts, ManualTerms
from budget.overrides import Limits
from dashboard.services import Services as PanelServices
from storage.keys import Keys
from storage.sessions import Sessions
from storage.users import Users
from storage.views import Views

CACHE_FOLDER: Final = "cache"


@dataclass(frozen=True, slots=True)
class Desk:
    """The two applications; a process that only serves calls has no panel."""

    api: Any
    panel: Panel | None


def desk_of(
    engines: Engines,
    live: Live,
    lifeline: Lifeline,
    encrypt: Callable[[bytes], str],
    *,
    with_panel: bool,
) -> Desk:
    """Put both together on the same services."""

    def manual_terms() -> ManualTerms:
        loaded = live.loaded
        return ManualTerms(
            loaded.rates, loaded.models.version, loaded.settings.storage.outbox_bytes_max
        )

    keys = Keys(engines.link, engines.ledger)
    manual = ManualCosts(lifeline, engines.ledger, manual_terms, encrypt)
    limits = Limits(engines.link, engines.ledger, lifeline.now_ms)
    api = create_api(
        ApiServices(
            link=engines.link,
            ledger=engines.ledger,
            lifeline=lifeline,
            keys=keys,
            manual=manual,
            limits=limits,
            current=lambda: live.loaded,
        )
    )
    if not with_panel:
        return Desk(api, None)
    panel = Panel(
        PanelServices(
            link=engines.link,
            ledger=engines.ledger,
            lifeline=lifeline,
            keys=keys,
            manual=manual,
            limits=limits,
            users=Users(engines.ledger),
            sessions=Sessions(engines.ledger),
            views=Views(engines.ledger),
            current=lambda: live.loaded,
            problem=lambda: live.problem,
            upstream="sandbox" if engines.sandbox else live.loaded.settings.upstream.url,
            cache_dir=engines.data_dir / CACHE_FOLDER,
            secret=panel_key(engines.data_dir),
        )
    )
    return Desk(api, panel)
