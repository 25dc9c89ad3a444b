"""What the panel's figures are read from, at this moment."""

from dashboard.services import Services
from insights.books import Books


def books(services: Services) -> Books:
    """The ledger, Redis and the configuration in force, by Redis's clock."""
    return Books(services.ledger, services.link, services.current(), services.lifeline.now_ms())
