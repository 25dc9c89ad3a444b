"""What somebody may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(found: str, allowed: Iterable[str]) -> str:
    """` (did you mean "x"?)`, or nothing where no allowed text is close, in any case."""
    by_folded = {text.casefold(): text for text in allowed}
    close = get_close_matches(found.casefold(), by_folded, n=1, cutoff=0.6)
    return f' (did you mean "{by_folded[close[0]]}"?)' if close else ""
