"""Keys of this deployment's own, made once and kept in the data folder."""

import os
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, MultiFernet

METADATA_KEYS: Final = "metadata.keys"
"""One key a line; the first encrypts, all decrypt: put a new one on top to rotate."""


def metadata_cipher(data_dir: Path) -> MultiFernet:
    """What encrypts `X-Purser-Metadata` at rest."""
    path = data_dir / METADATA_KEYS
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
    return MultiFernet([Fernet(line) for line in path.read_bytes().split()])
