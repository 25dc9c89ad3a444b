"""Two deployments that the tests of this folder share; one that a test has spoiled is replaced.

Their books are checked whole after each test, so a fault that one test left shows at once.
"""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import pytest

from tests.engines import Postgres
from tests.faults.stand import Parted, Serving
from tests.harness import SandboxProcess

S = TypeVar("S", Serving, Parted)
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


class Kept(Generic[S]):
    """A deployment that is made when it is first needed, and after it was spoiled."""

    def __init__(self, make: Callable[[], S]) -> None:
        self._make = make
        self._stand: S | None = None

    def get(self) -> S:
        if self._stand is None:
            stand = self._make()
            try:
                stand.start()
            except BaseException:
                stand.close()
                raise
            self._stand = stand
        return self._stand

    def drop(self) -> None:
        if self._stand is not None:
            self._stand.close()
            self._stand = None


@pytest.fixture(scope="package")
def upstream(short_folder: Path) -> Iterator[SandboxProcess]:
    """The upstream of all; each deployment knows its own calls by their names."""
    with SandboxProcess(short_folder / "sandbox", measured=False) as sandbox:
        yield sandbox


@pytest.fixture(scope="package")
def _serving(
    upstream: SandboxProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kept[Serving]]:
    kept = Kept(lambda: Serving(tmp_path_factory.mktemp("serving"), upstream))
    yield kept
    kept.drop()


@pytest.fixture(scope="package")
def _parted(
    upstream: SandboxProcess,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: Postgres,
    _postgres_template: str,
) -> Iterator[Kept[Parted]]:
    def make() -> Parted:
        folder = tmp_path_factory.mktemp("parted")
        return Parted(folder, upstream, postgres.folder, postgres.create(_postgres_template))

    kept = Kept(make)
    yield kept
    kept.drop()


@pytest.fixture
def serving(_serving: Kept[Serving], request: pytest.FixtureRequest) -> Iterator[Serving]:
    """`purser serve` on embedded engines."""
    stand = _serving.get()
    yield stand
    if stand.spoiled or request.node.stash.get(FAILED, False):
        _serving.drop()


@pytest.fixture
def parted(_parted: Kept[Parted], request: pytest.FixtureRequest) -> Iterator[Parted]:
    """A proxy and a janitor of their own, with relays between."""
    stand = _parted.get()
    yield stand
    if stand.spoiled or request.node.stash.get(FAILED, False):
        _parted.drop()
