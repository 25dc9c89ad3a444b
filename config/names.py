"""Names that people give to campaigns, tasks and keys, in one form whatever their bytes."""

import unicodedata

from config.bounds import NAME_CHARS_MAX


def canonical_name(text: str) -> str | None:
    """`text` trimmed and in NFC; None where it is empty, too long or not printable."""
    name = unicodedata.normalize("NFC", text.strip(" "))
    return name if 1 <= len(name) <= NAME_CHARS_MAX and name.isprintable() else None
