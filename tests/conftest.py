"""What every test shares: a failing test shows the logs of the processes it started."""

from collections.abc import Generator

import pytest

from tests.harness import Process


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the end of each live process's log to a failure."""
    report = yield
    if report.failed:
        report.sections.extend((f"log of {p.name}", p.log_tail()) for p in Process.alive)
    return report
