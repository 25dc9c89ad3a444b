"""What a running process says of an edit: whether it waits for a restart."""

import asyncio
from pathlib import Path

import pytest

from app.live import Live
from config.settings import load

HERE = "storage: {outbox_bytes_max: %s}\nserver: {in_flight_max: %d, port: %d}\n"


async def taken_up(live: Live) -> None:
    """A file that is being written is left alone for a moment."""
    async with asyncio.timeout(60):
        while await live.look() is None:
            await asyncio.sleep(0.01)


async def test_only_what_waits_for_a_restart_is_said_to(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PURSER_PORT", raising=False)
    path = tmp_path / "purser.yaml"
    path.write_text(HERE % ("512 MiB", 100, 8080))
    live = Live(load(path))
    path.write_text(HERE % ("256 MiB", 10, 8080))
    await taken_up(live)
    assert live.loaded.settings.storage.outbox_bytes_max == 256 * 2**20
    assert "restart" not in caplog.text
    path.write_text(HERE % ("256 MiB", 10, 8081))
    await taken_up(live)
    (told,) = [record for record in caplog.records if "restart" in record.message]
    assert vars(told)["setting"] == "server.port"
