"""Every section of the panel, in the order in which the navigation shows them."""

from typing import Final

from dashboard.pages import (
    agents,
    alerts,
    audit,
    campaigns,
    health,
    keys,
    overview,
    rates,
    rules,
    settings,
    transactions,
)
from dashboard.registry import Page

PAGES: Final[tuple[Page, ...]] = (
    overview.PAGE,
    agents.PAGE,
    campaigns.PAGE,
    rules.PAGE,
    transactions.PAGE,
    rates.PAGE,
    alerts.PAGE,
    keys.PAGE,
    audit.PAGE,
    health.PAGE,
    settings.PAGE,
)
BY_SLUG: Final = {page.slug: page for page in PAGES}
