"""Engines for this room: a real Valkey, and each database in its turn."""

import pytest

from tests.budget.purse import Engines


@pytest.fixture
def engines(valkey_url: str, database_url: str) -> Engines:
    return Engines(valkey_url, database_url)


@pytest.fixture
def embedded(valkey_url: str, sqlite_url: str) -> Engines:
    return Engines(valkey_url, sqlite_url)
