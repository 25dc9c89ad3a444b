"""The first user of the panel: from the configuration, or made at the first start."""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Final

from app.engines import Engines
from app.secrets import write_once
from config.settings import Loaded
from dashboard.passwords import generated, hashed
from storage.errors import StorageError
from storage.keys import By
from storage.users import Users

NAME: Final = "admin"
PASSWORD_FILE: Final = "admin-password"  # noqa: S105  a file's name
_log = logging.getLogger("purser.panel")


async def ensure_first_admin(loaded: Loaded, engines: Engines) -> str:
    """Make the first admin where there is no user; how to log in, in words for the banner.

    A password that was made stands in the data folder, mode 0600, and is told as long as it
    stands there.
    """
    users, path = Users(engines.ledger), engines.data_dir / PASSWORD_FILE
    given = loaded.settings.auth.admin_password
    try:
        if not await users.exist():
            if given is None:
                write_once(path, generated().encode() + b"\n")
            password = given.get_secret_value() if given is not None else _read(path)
            kept = await asyncio.to_thread(hashed, password)
            await users.add_first(NAME, kept, By("purser", "start"))
    except StorageError as error:
        _log.warning("the first admin waits for storage", extra={"why": str(error)})
        return "the database does not answer"
    if given is not None:
        return f"{NAME}, with the password of PURSER_ADMIN_PASSWORD at the first start"
    password = _read(path)
    return f"{NAME} / {password}  (also in {path})" if password else "the users that were made"


def _read(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text().strip()
    return ""
