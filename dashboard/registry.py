"""How a section plugs in: a module in `dashboard/pages/` that exports a `PAGE`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from dash import Dash

from dashboard.context import Context
from dashboard.services import Services


@dataclass(frozen=True, slots=True)
class Page:
    """One section. `slug` is its path; `icon` names a mask in `assets/icons.css`.

    `layout` makes the content for one look; `register` adds the section's callbacks once, when
    the panel is put together. Ids begin with the slug, so that sections cannot meet.
    """

    slug: str
    title: str
    icon: str
    layout: Callable[[Context], Awaitable[Any]]
    register: Callable[[Dash, Services], None]
    phone: bool = False
    """Whether it is one of the few that the phone's bar shows at once."""


def no_callbacks(_app: Dash, _services: Services) -> None:
    """For a section that only shows."""
