"""What somebody may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(found: str, allowed: Iterable[str]) -> str:
    """` (did you mean "x"?)`, or nothing where no allowed text is close, in any case."""
    close = nearest_of(found, allowed, most=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def nearest_of(found: str, allowed: Iterable[str], most: int) -> list[str]:
    """Up to `most` of the allowed texts that are close, in any case, the closest first."""
    by_folded = {text.casefold(): text for text in allowed}
    close = get_close_matches(found.casefold(), by_folded, n=most, cutoff=0.6)
    return [by_folded[text] for text in close]
