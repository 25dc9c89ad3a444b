"""How tests of settings read a text as if it stood in a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from config.origins import ConfigError, Problem
from config.settings import Loaded, parse

FILE = Path("purser.yaml")


def loaded(text: str = "", environ: Mapping[str, str] | None = None) -> Loaded:
    """The configuration that `text` makes, with nothing of the real environment."""
    return parse(text.encode(), FILE, environ or {})


def problems(text: str, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """What is wrong with `text`."""
    with pytest.raises(ConfigError) as caught:
        loaded(text, environ)
    return caught.value.problems


def rule(**changed: Any) -> str:
    """A file with one rule: a good one but for what is changed."""
    fields = {"name": "one", "limit_usd": "10", "window": "day", **changed}
    return f"budgets: {{rules: [{{{', '.join(f'{k}: {v}' for k, v in fields.items())}}}]}}"
