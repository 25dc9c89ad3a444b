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
from tests.harness import ROOT, Process

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

LONG_FIRST = ("app/demo", "browser", "faults", "clients", "security", "app", "api", "race")
"""Rooms whose files take long: of what is begun last, one worker would have to do the rest alone.
The files of a room stand together, so that they share its processes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest rooms first, and leaves the order within each as it is."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    place = item.path.relative_to(ROOT / "tests").as_posix()
    rooms = (turn for turn, room in enumerate(LONG_FIRST) if place.startswith(f"{room}/"))
    return next(rooms, len(LONG_FIRST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the end of each live process's log to a failure."""
    report = yield
    if report.failed:
        report.sections.extend((f"log of {p.name}", p.log_tail()) for p in Process.alive)
    return report
