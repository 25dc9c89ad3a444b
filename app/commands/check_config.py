"""`purser check-config`: what is in effect, and where each value comes from."""

from pathlib import Path

import typer

from app.complaints import DONE
from config.report import report
from config.settings import config_path, load


def check_config(config: Path | None, *, only_path: bool) -> int:
    """Print the configuration, or the path of its file; raises `ConfigError`."""
    if only_path:
        typer.echo(config or config_path())
        return DONE
    typer.echo(report(load(config)), nl=False)
    return DONE
