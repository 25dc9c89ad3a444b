"""A change of the file is noticed, however it is made; a bad one is told once."""

import os
import time
from pathlib import Path

import pytest

from config.bounds import CONFIG_BIND_S
from config.origins import ConfigError
from config.settings import Loaded, load
from config.watch import ConfigWatch

GOOD = "budgets: {rules: [{name: a, limit_usd: %s, window: day}]}\n"


def write(path: Path, text: str) -> None:
    """Write, as if three seconds ago: a file written just now may be half written."""
    path.write_text(text)
    past = time.time_ns() - 3 * 10**9
    os.utime(path, ns=(past, past))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "purser.yaml"
    write(path, GOOD % 1)
    return path


def limit(news: object) -> int:
    assert isinstance(news, Loaded)
    return news.rules[0].limit_nano


def test_no_change_is_no_news(path: Path) -> None:
    watch = ConfigWatch(load(path, {}), {})
    assert [watch.poll() for _ in range(3)] == [None] * 3
    write(path, GOOD % 1)
    assert watch.poll() is None, "the same bytes again"


def test_an_edit_in_place(path: Path) -> None:
    watch = ConfigWatch(load(path, {}), {})
    write(path, GOOD % 2)
    assert limit(watch.poll()) == 2 * 10**9
    assert watch.poll() is None


def test_a_file_renamed_over_the_old_one(path: Path) -> None:
    watch = ConfigWatch(load(path, {}), {})
    assert watch.poll() is None
    write(path.with_suffix(".new"), GOOD % 3)
    path.with_suffix(".new").replace(path)
    assert limit(watch.poll()) == 3 * 10**9


def test_a_symlink_swapped_as_kubernetes_does(tmp_path: Path) -> None:
    for name, amount in (("..v1", 1), ("..v2", 2)):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "purser.yaml", GOOD % amount)
    (tmp_path / "..data").symlink_to("..v1")
    (tmp_path / "purser.yaml").symlink_to("..data/purser.yaml")
    watch = ConfigWatch(load(tmp_path / "purser.yaml", {}), {})
    assert watch.poll() is None
    (tmp_path / "..data_tmp").symlink_to("..v2")
    (tmp_path / "..data_tmp").replace(tmp_path / "..data")
    assert limit(watch.poll()) == 2 * 10**9


def test_a_bad_file_is_told_once_and_so_is_its_return(path: Path) -> None:
    watch = ConfigWatch(load(path, {}), {})
    write(path, "budgets: [")
    error = watch.poll()
    assert isinstance(error, ConfigError)
    assert str(path) in str(error)
    write(path, "budgets: [")
    assert watch.poll() is None
    write(path, GOOD % 1)
    assert limit(watch.poll()) == 10**9, "good again, though it is what is in force"
    assert watch.poll() is None


def test_a_missing_file_is_told_once_and_not_for_a_moment(path: Path) -> None:
    watch = ConfigWatch(load(path, {}), {})
    path.rename(path.with_suffix(".away"))
    assert watch.poll() is None
    path.with_suffix(".away").rename(path)
    assert watch.poll() is None
    path.unlink()
    assert watch.poll() is None
    assert isinstance(watch.poll(), ConfigError)
    assert watch.poll() is None
    write(path, GOOD % 1)
    assert limit(watch.poll()) == 10**9


def test_a_file_that_an_editor_has_emptied_is_not_taken(path: Path) -> None:
    watch = ConfigWatch(load(path, {}), {})
    ahead = time.time_ns() - 10**6
    path.write_text("")
    os.utime(path, ns=(ahead, ahead))
    assert watch.poll() is None


def test_a_change_is_seen_within_its_bound(path: Path) -> None:
    watch = ConfigWatch(load(path, {}), {})
    assert watch.poll() is None
    path.write_text(GOOD % 7)
    start = time.monotonic()
    while (news := watch.poll()) is None and time.monotonic() - start < 10:
        pass
    assert limit(news) == 7 * 10**9
    assert time.monotonic() - start < CONFIG_BIND_S


def test_the_environment_still_wins(path: Path) -> None:
    environ = {"MAX_MONTHLY_BUDGET": "9"}
    watch = ConfigWatch(load(path, environ), environ)
    write(path, GOOD % 2)
    assert limit(watch.poll()) == 9 * 10**9
