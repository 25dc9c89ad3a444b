"""Keys of this deployment's own, made once and kept in the data folder."""

import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, MultiFernet

METADATA_KEYS: Final = "metadata.keys"
"""One key a line; the first encrypts, all decrypt: put a new one on top to rotate."""
PANEL_KEY: Final = "panel.key"
"""Signs what browsers keep of the panel."""


def metadata_cipher(data_dir: Path) -> MultiFernet:
    """What encrypts `X-Purser-Metadata` at rest."""
    path = data_dir / METADATA_KEYS
    write_once(path, Fernet.generate_key() + b"\n")
    return MultiFernet([Fernet(line) for line in path.read_bytes().split()])


def panel_key(data_dir: Path) -> bytes:
    """What signs the cookie by which a browser is known."""
    path = data_dir / PANEL_KEY
    write_once(path, secrets.token_hex(32).encode())
    return path.read_bytes()


def write_once(path: Path, content: bytes) -> bool:
    """Write a file that its owner alone may read; False where it is there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # A link, unlike a rename, leaves what is there; and nobody reads half a file.
        path.hardlink_to(new)
    except FileExistsError:
        return False
    finally:
        new.unlink()
    return True
