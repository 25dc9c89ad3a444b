"""Types of settings that are read from text: money, shares, sizes, addresses."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, SecretStr

from config import bounds
from config.money import MoneyError, exact_product, usd_to_nano
from config.rates import price_from_usd
from config.suggest import nearest

_DECIMAL: Final = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", re.ASCII)
_SIZE: Final = re.compile(r"([0-9]+)\s*(B|KB|MB|GB|KiB|MiB|GiB)?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_UNITS: Final = {
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}


def _decimal(value: Any, what: str) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        return Decimal(value.strip())
    raise ValueError(f"{what} like 1000 or 0.25, without sign, currency or thousands separator")


def _exact(check: Callable[[Decimal], object], what: str) -> BeforeValidator:
    def read(value: Any) -> Decimal:
        amount = _decimal(value, what)
        try:
            check(amount)
        except MoneyError as problem:
            raise ValueError(f"{what}, exact and within bounds ({problem})") from None
        return amount

    return BeforeValidator(read)


Usd = Annotated[Decimal, _exact(usd_to_nano, "an amount in USD")]
"""A non-negative amount that is exact in nano-dollars and below 2^53 of them."""
UsdPer1k = Annotated[Decimal, _exact(lambda usd: price_from_usd(usd, 1_000), "a price in USD")]
UsdPer1m = Annotated[Decimal, _exact(lambda usd: price_from_usd(usd, 1_000_000), "a price in USD")]


def share_mille(share: Decimal, mille_max: int = 1_000) -> int:
    """A share in per mille; raises `ValueError` unless it is one exactly."""
    mille = exact_product(share, 1_000)
    if mille is None or not 0 < mille <= mille_max:
        raise ValueError(f"a share above 0 and at most {mille_max // 1_000}, in steps of 0.001")
    return mille


def alert_mille(share: Decimal) -> int:
    """The share of a limit at which to alert, in per mille; raises `ValueError`."""
    return share_mille(share, bounds.ALERT_MILLE_MAX)


def _share_of(check: Callable[[Decimal], object]) -> BeforeValidator:
    def read(value: Any) -> Decimal:
        share = _decimal(value, "a share")
        check(share)
        return share

    return BeforeValidator(read)


Share = Annotated[Decimal, _share_of(share_mille)]
AlertShare = Annotated[Decimal, _share_of(alert_mille)]


def _size(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    parts = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if parts is None:
        raise ValueError("a size in bytes, like 1048576 or 64 MiB")
    return int(parts[1]) * _UNITS[parts[2] or "B"]


Size = Annotated[int, BeforeValidator(_size)]
"""Bytes, as a number or with a unit."""


def _zone(value: Any) -> str:
    text = str(value)
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        near = nearest(text, available_timezones())
        raise ValueError(f"an IANA time zone like UTC or Europe/Berlin{near}") from None
    return text


Zone = Annotated[str, BeforeValidator(_zone)]


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            pass
    raise ValueError("a day like 2026-01-31")


Day = Annotated[date, BeforeValidator(_day)]
"""A day in UTC; nothing but its plain form, since pydantic would also take a number."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Secret = Annotated[SecretStr | None, BeforeValidator(lambda value: value or None)]
"""A text that is never shown; an empty one is none."""


OneOrMore = BeforeValidator(_listed)
"""A single value stands for a list of one."""


_USER: Final = re.compile(r"^([a-z][a-z0-9+.-]*://)?.*@", re.IGNORECASE | re.DOTALL)


def redacted_url(url: str) -> str:
    """The address, however malformed, without user, password and query."""
    address, question, _ = _USER.sub(lambda m: f"{m[1] or ''}…@", url).partition("?")
    return address + ("?…" if question else "")
