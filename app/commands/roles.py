"""`purser serve`, `proxy`, `dashboard` and `janitor`: one process in its role."""

from pathlib import Path

from app.serve import run_dashboard, run_janitor, run_proxy, run_serve
from config.settings import load


def serve(config: Path | None) -> int:
    """Everything in one place."""
    return run_serve(load(config))


def proxy(config: Path | None) -> int:
    """A proxy alone."""
    return run_proxy(load(config))


def dashboard(config: Path | None) -> int:
    """Panel and billing API."""
    return run_dashboard(load(config))


def janitor(config: Path | None) -> int:
    """A janitor alone."""
    return run_janitor(load(config))
