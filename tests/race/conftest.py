"""Engines for every race: a real Valkey, a real database."""

import pytest

from tests.budget.purse import Engines


@pytest.fixture
def engines(valkey_url: str, sqlite_url: str) -> Engines:
    """Embedded engines, empty."""
    return Engines(valkey_url, sqlite_url)
