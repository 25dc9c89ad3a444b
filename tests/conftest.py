"""What every test shares: the engines, and the logs of its processes when it fails."""

from collections.abc import Generator

import pytest

from tests.engines import (
    _postgres_template,
    _sqlite_template,
    database_url,
    empty_database_url,
    postgres,
    postgres_url,
    short_folder,
    sqlite_url,
    valkey_folder,
    valkey_url,
)
from tests.harness import Process

__all__ = [
    "_postgres_template",
    "_sqlite_template",
    "database_url",
    "empty_database_url",
    "postgres",
    "postgres_url",
    "short_folder",
    "sqlite_url",
    "valkey_folder",
    "valkey_url",
]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the end of each live process's log to a failure."""
    report = yield
    if report.failed:
        report.sections.extend((f"log of {p.name}", p.log_tail()) for p in Process.alive)
    return report
