"""The reader's reference and the carried file tell of every setting."""

from pathlib import Path

import pytest

from config.origins import dotted
from config.settings import CARRIED_FILE, Settings
from config.trace import setting_names
from config.yaml_text import read_yaml

PAGE = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()


@pytest.mark.parametrize("name", list(setting_names(Settings)))
def test_the_page_explains(name: str) -> None:
    assert f"| `{name}` |" in PAGE


def test_the_page_explains_nothing_that_is_not_there() -> None:
    rows = [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    told = {row for row in rows if not row.isupper()}
    assert told == set(setting_names(Settings))


def test_the_carried_file_shows_every_plain_setting() -> None:
    shown = {dotted(place) for place in read_yaml(CARRIED_FILE.read_bytes(), "f", {}).origins}
    plain = {name for name in setting_names(Settings) if "[]" not in name and "*" not in name}
    assert plain <= shown
