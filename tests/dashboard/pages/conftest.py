"""Engines of its own for each test."""

import pytest

from tests.budget.purse import Engines


@pytest.fixture
def engines(valkey_url: str, sqlite_url: str) -> Engines:
    return Engines(valkey_url, sqlite_url)
