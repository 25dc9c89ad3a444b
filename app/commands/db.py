"""`purser db`: the database's tables."""

import asyncio
from pathlib import Path

import typer

from app.complaints import DONE
from app.engines import effective_data_dir
from config.settings import load
from config.values import redacted_url
from storage.database import database_url, head_revision, upgrade


def upgrade_tables(config: Path | None) -> int:
    """Bring the database to this version's tables."""
    loaded = load(config)
    url = database_url(loaded.settings.storage.database_url, effective_data_dir(loaded))
    asyncio.run(upgrade(url))
    typer.echo(f"{redacted_url(url)} is at revision {head_revision()}.")
    return DONE
