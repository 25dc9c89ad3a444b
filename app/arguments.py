"""Values of the command line that are more than text; a bad one is told as a usage error."""

import re
import time
from datetime import UTC, datetime
from typing import Final

import typer

from config.money import MoneyError, usd_to_nano

_AGO: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def usd(text: str) -> int:
    """An amount in nano-dollars, not below zero."""
    try:
        nano = usd_to_nano(text)
    except MoneyError as error:
        raise typer.BadParameter(f"{error}: write an amount in USD like 0.0042") from error
    if nano < 0:
        raise typer.BadParameter(f"{text} is below zero: a call costs 0 or more")
    return nano


def moment_ms(text: str) -> int:
    """So long ago (`90m`, `24h`, `7d`), or a date or time in UTC; milliseconds since 1970."""
    if ago := _AGO.fullmatch(text):
        return int(time.time() * 1000) - int(ago[1]) * _UNIT_S[ago[2]] * 1000
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no time: write 90m, 24h, 7d, 2026-01-31 or 2026-01-31T08:00"
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def duration_s(text: str) -> int:
    """So long (`90m`, `24h`, `30d`), in seconds."""
    span = _AGO.fullmatch(text)
    if span is None:
        raise typer.BadParameter(f"{text!r} is no duration: write 90m, 24h, 30d or 12w")
    return int(span[1]) * _UNIT_S[span[2]]


def future_ms(text: str) -> int:
    """So long from now (`30d`), or a date or time in UTC; milliseconds since 1970."""
    if _AGO.fullmatch(text):
        return int(time.time() * 1000) + duration_s(text) * 1000
    return moment_ms(text)


def some_text(text: str) -> str:
    """Text that says something, on one line."""
    line = " ".join(text.split())
    if not line:
        raise typer.BadParameter("it must not be empty: audits read it")
    return line
