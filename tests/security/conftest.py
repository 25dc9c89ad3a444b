"""One panel for all attacks on it."""

from collections.abc import Iterator

import pytest

from tests.security.panel import Target, given_viewer, started


@pytest.fixture(scope="package")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """`purser serve` on the sandbox, with an admin and a viewer."""
    with started(tmp_path_factory.mktemp("target")) as process:
        target = Target(process)
        given_viewer(target)
        yield target
