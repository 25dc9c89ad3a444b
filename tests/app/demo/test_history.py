"""Months of history fill a demo's own books, which agree, and no others."""

from pathlib import Path

from app.demo.history import PAUSED, PAUSED_DAYS_AGO, History
from app.demo.past import raises_of, samples_of
from app.demo.purser import MARK, write_config
from config.settings import load
from storage.records import Status
from tests.harness import Deployment
from tests.storage.entries import DAY_MS, NEW_YEAR_MS

NOW_MS = NEW_YEAR_MS + 80 * DAY_MS + 50_000_000


def test_the_same_seed_tells_the_same_history(tmp_path: Path) -> None:
    loaded = load(write_config(tmp_path, 8080), {})
    assert loaded.primary is not None
    raised = raises_of(loaded.primary, NOW_MS)
    first, second = (
        [one for day in History(loaded, 1, 5, NOW_MS, raised).by_day() for one in day]
        for _ in range(2)
    )
    assert first == second
    assert [one.seq for one in first] == list(range(1, len(first) + 1))
    assert {one.status for one in first} == set(Status) - {Status.MANUAL}
    assert all(one.admitted_ms < NOW_MS for one in first)
    paused = [
        one
        for one in first
        if one.campaign == PAUSED and one.admitted_ms >= NOW_MS - (PAUSED_DAYS_AGO - 1) * DAY_MS
    ]
    assert {one.reason for one in paused} == {"campaign_paused"}
    minutes = list(samples_of(3, 5, NOW_MS))
    assert 0 < 3 * 1440 - len(minutes) < 400


def test_books_are_filled_once_dropped_and_no_others_touched(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path, env={"OPENAI_API_KEY": "sk-real"})
    done = deployment.cli("demo", "--months", "1", "--seed", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rollup and counters agree" in done.stdout
    assert [path.name for path in deployment.data_dir.iterdir()] == ["demo"]
    config = str(deployment.data_dir / "demo" / "purser.yaml")
    assert f"purser serve --config {config}" in done.stdout

    again = deployment.cli("demo", "--months", "1")
    assert (again.returncode, "has entries already" in again.stderr) == (1, True)
    assert deployment.cli("demo", "--purge").returncode == 0
    assert not (deployment.data_dir / "demo" / "sandbox").exists()


def test_a_folder_that_is_no_demos_is_left_alone(tmp_path: Path) -> None:
    deployment = Deployment(tmp_path)
    foreign = deployment.data_dir / "demo"
    (foreign / "sandbox").mkdir(parents=True)
    (foreign / "sandbox" / "purser.sqlite3").write_bytes(b"somebody's")
    for option in (("--purge",), ("--months", "1")):
        done = deployment.cli("demo", *option)
        assert (done.returncode, "not marked as a demo's" in done.stderr) == (1, True)
    assert (foreign / "sandbox" / "purser.sqlite3").read_bytes() == b"somebody's"
    assert MARK.startswith("#")
