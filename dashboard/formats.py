"""How numbers, moments and names are written: exact, short, and the same everywhere.

Money enters as integer nano-dollars and never becomes a float. Times enter as milliseconds
since 1970 in UTC, with the zone they are shown in.
"""

from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

from config.money import NANO_PER_USD

NANO_PER_CENT = NANO_PER_USD // 100
MINUS = "\N{MINUS SIGN}"
NONE = "\N{EM DASH}"
"""What stands where there is no figure."""

ACRONYMS = frozenset({"ai", "api", "crm", "csv", "id", "roi", "sem", "seo", "sms", "sql", "ui"})
"""Words that keep their capitals; `AD` is a short word and none of them."""

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))


def _half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` to the nearest whole, halves away from zero."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def money(nano: int) -> str:
    """Dollars and cents, rounded half up: `$1,234.50`, `−$0.03`."""
    cents = _half_up(nano, NANO_PER_CENT)
    sign = MINUS if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}${whole:,}.{rest:02d}"


def money_fine(nano: int) -> str:
    """For unit costs: to the cent from a dollar up, below that to four places or the first digit.

    An amount that is not zero never reads as zero.
    """
    if nano == 0 or abs(nano) >= NANO_PER_USD:
        return money(nano)
    sign = MINUS if nano < 0 else ""
    places = 4
    while places < 9 and _half_up(abs(nano), 10 ** (9 - places)) == 0:
        places += 1
    units = _half_up(abs(nano), 10 ** (9 - places))
    whole, rest = divmod(units, 10**places)
    return f"{sign}${whole}.{rest:0{places}d}"


def money_exact(nano: int) -> str:
    """Every nano-dollar that is there, at least two decimals: what a copied figure must say."""
    sign = MINUS if nano < 0 else ""
    whole, rest = divmod(abs(nano), NANO_PER_USD)
    return f"{sign}${whole:,}.{f'{rest:09d}'.rstrip('0').ljust(2, '0')}"


def money_short(nano: int) -> str:
    """For axes and marks: whole dollars, from 10,000 on with a scale: `$800`, `$12.5K`."""
    dollars = _half_up(nano, NANO_PER_USD)
    sign = MINUS if dollars < 0 else ""
    text = f"{abs(dollars):,}" if abs(dollars) < 10_000 else compact(abs(dollars))
    return f"{sign}${text}"


def integer(number: int) -> str:
    """With thousands separated: `12,408`."""
    return f"{MINUS if number < 0 else ''}{abs(number):,}"


def compact(number: int) -> str:
    """Three digits and a scale: `999`, `12.4K`, `3.05M`."""
    sign = MINUS if number < 0 else ""
    size = abs(number)
    if size < 1_000:
        return f"{sign}{size}"
    if size < 10_000:
        return f"{sign}{size:,}"
    for position, (scale, letter) in enumerate(_SCALES):
        if size < scale:
            continue
        places = 2 if size < 10 * scale else 1 if size < 100 * scale else 0
        units = _half_up(size * 10**places, scale)
        if units >= 1_000 * 10**places and position:
            scale, letter = _SCALES[position - 1]
            places, units = 2, _half_up(size * 100, scale)
        whole, rest = divmod(units, 10**places)
        exact = size % scale == 0 or not places
        text = f"{whole}" if exact else f"{whole}.{rest:0{places}d}"
        return f"{sign}{text}{letter}"
    return f"{sign}{size}"


def per_mille(part: int, whole: int) -> int | None:
    """`part` of `whole` in thousandths, rounded half up; None of nothing."""
    return _half_up(part * 1_000, whole) if whole > 0 else None


def percent(permille: int | None) -> str:
    """Thousandths as a percentage: one place below 100 %, none above; 0 and 100 are exact."""
    if permille is None:
        return NONE
    sign = MINUS if permille < 0 else ""
    whole, rest = divmod(abs(permille), 10)
    if abs(permille) >= 1_000:
        return f"{sign}{_half_up(abs(permille), 10):,}%"
    return f"{sign}{whole}.{rest}%" if rest else f"{sign}{whole}%"


def local(moment_ms: int, zone: tzinfo = UTC) -> datetime:
    """The moment on the clock of `zone`."""
    return datetime.fromtimestamp(moment_ms // 1_000, zone)


def moment(moment_ms: int, zone: tzinfo = UTC) -> str:
    """Date and time to the second: `22 Nov 2026, 14:03:09`."""
    at = local(moment_ms, zone)
    return f"{at.day} {at:%b %Y, %H:%M:%S}"


def day(moment_ms: int, zone: tzinfo = UTC) -> str:
    """A day of this year, as on an axis: `22 Nov`."""
    at = local(moment_ms, zone)
    return f"{at.day} {at:%b}"


def duration(length_ms: int) -> str:
    """A length of time in its two largest units: `8 d 4 h`, `1 min 20 s`, `340 ms`."""
    length = abs(length_ms)
    if length < _SECOND:
        return f"{length} ms"
    units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (_SECOND, "s"))
    for (size, name), (lesser, lesser_name) in pairwise(units):
        if length >= size:
            whole, rest = divmod(length, size)
            second = rest // lesser
            return f"{whole} {name} {second} {lesser_name}" if second else f"{whole} {name}"
    return f"{length // _SECOND} s"


def ago(moment_ms: int, now_ms: int) -> str:
    """How long since, or until, in one unit: `just now`, `6 s ago`, `in 8 days`."""
    distance = now_ms - moment_ms
    length = abs(distance)
    if length < 2 * _SECOND:
        return "just now"
    if length < _MINUTE:
        text = f"{length // _SECOND} s"
    elif length < _HOUR:
        text = f"{length // _MINUTE} min"
    elif length < 2 * _DAY:
        text = f"{length // _HOUR} h"
    else:
        text = f"{length // _DAY} days"
    return f"{text} ago" if distance > 0 else f"in {text}"


def words(name: str) -> str:
    """A code name as people write it: `BRAND_VOICE` is Brand voice, `SEO` stays SEO."""
    parts = name.replace("_", " ").replace("-", " ").split()
    kept = [p.upper() if _is_acronym(p) else p.lower() for p in parts]
    if kept and not _is_acronym(parts[0]):
        kept[0] = kept[0].capitalize()
    return " ".join(kept)


def _is_acronym(word: str) -> bool:
    return word.lower() in ACRONYMS


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: `1 call`, `24 calls`."""
    return f"{integer(number)} {noun if number == 1 else plural or noun + 's'}"


def zone(name: str) -> tzinfo:
    """The zone of a name that the configuration has checked."""
    return ZoneInfo(name)


def bucket(start_ms: int, shown_in: tzinfo, *, hourly: bool) -> str:
    """Where a bucket begins: `22 Nov`, or with the hour `22 Nov, 14:00`."""
    at = day(start_ms, shown_in)
    return f"{at}, {local(start_ms, shown_in):%H:%M}" if hourly else at
