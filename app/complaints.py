"""How a command that cannot do its work says so: on standard error, and by its exit status."""

import sys
from typing import Final

DONE: Final = 0
FAILED: Final = 1
"""It found something wrong, or could not do what was asked."""
CONFIGURATION_WRONG: Final = 2


def complain(first: str, *more: str) -> None:
    """Say what is wrong."""
    sys.stderr.write("\n  ".join((f"purser: {first}", *more)) + "\n")
