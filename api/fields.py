"""Types of the API's fields: what is taken, and how it is told in the OpenAPI document."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from config.bounds import IDENTIFIER_CHARS_MAX, METADATA_BYTES_MAX, NAME_CHARS_MAX, TOKENS_MAX
from config.money import MoneyError, Nano, nano_to_usd, usd_text, usd_to_nano
from config.names import canonical_name
from config.rates import AGENT_TYPES, canonical_agent
from config.rules import UNATTRIBUTED, fold

REASON_CHARS_MAX: Final = 500
CURSOR_CHARS_MAX: Final = 64
MODEL_CHARS_MAX: Final = 512
_MONTH: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])", re.ASCII)
_IDENTIFIER: Final = re.compile(rf"[A-Za-z0-9._:-]{{1,{IDENTIFIER_CHARS_MAX}}}")
_AMOUNT: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,9})?", re.ASCII)


def _usd(value: Any) -> Nano:
    if isinstance(value, float):
        # Its shortest text is what was written, unless that had more digits than a float keeps.
        value = f"{Decimal(repr(value)):f}"
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value.removesuffix(".0")):
        raise ValueError('an amount in USD like "12.50": not below zero, at most 9 decimals')
    try:
        return usd_to_nano(value)
    except MoneyError as error:
        raise ValueError(str(error)) from None


UsdIn = Annotated[
    Nano,
    BeforeValidator(_usd),
    PlainSerializer(usd_text),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^[0-9]{1,7}(\.[0-9]{1,9})?$"},
                {"type": "number", "minimum": 0, "maximum": 9000000},
            ],
            "description": 'Dollars, at most 9 decimals; as text ("12.50") no digit is lost.',
            "examples": ["250.00"],
        }
    ),
]
"""Dollars as a client writes them, kept as nano-dollars."""

Usd = Annotated[Decimal, WithJsonSchema({"type": "number", "description": "Dollars, exact."})]
"""Dollars as they are answered."""


def usd(nano: int) -> Decimal:
    """An amount to answer."""
    return nano_to_usd(nano)


def _month(value: str) -> str:
    if not _MONTH.fullmatch(value):
        raise ValueError("a month like 2026-01")
    return value


Month = Annotated[
    str,
    AfterValidator(_month),
    Field(
        examples=["2026-01"],
        json_schema_extra={"pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$"},
    ),
]


def _name(value: str) -> str:
    name = canonical_name(value)
    if name is None:
        raise ValueError(f"1 to {NAME_CHARS_MAX} printable characters")
    return name


Name = Annotated[
    str,
    AfterValidator(_name),
    Field(json_schema_extra={"minLength": 1, "maxLength": NAME_CHARS_MAX}),
]
"""A campaign, a task or a key."""


def _agent(value: str) -> str:
    if fold(value) == UNATTRIBUTED:
        return UNATTRIBUTED
    agent = canonical_agent(value)
    if agent is None:
        raise ValueError(f"an agent type: {', '.join(AGENT_TYPES)}, or {UNATTRIBUTED}")
    return agent


Agent = Annotated[
    str,
    AfterValidator(_agent),
    Field(description="In any case.", json_schema_extra={"enum": [*AGENT_TYPES, UNATTRIBUTED]}),
]


def _identifier(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError(f"1 to {IDENTIFIER_CHARS_MAX} of the characters A-Z a-z 0-9 . _ : -")
    return value


Identifier = Annotated[
    str,
    AfterValidator(_identifier),
    Field(json_schema_extra={"pattern": f"^[A-Za-z0-9._:-]{{1,{IDENTIFIER_CHARS_MAX}}}$"}),
]
"""An execution, a hold or a request."""


def _text(most: int) -> AfterValidator:
    def check(value: str) -> str:
        text = " ".join(value.split(" ")).strip()
        if not 1 <= len(text) <= most or not text.isprintable():
            raise ValueError(f"1 to {most} printable characters")
        return text

    return AfterValidator(check)


Reason = Annotated[
    str,
    _text(REASON_CHARS_MAX),
    Field(
        description="Why, for the audit log.",
        json_schema_extra={"minLength": 1, "maxLength": REASON_CHARS_MAX},
    ),
]
ModelName = Annotated[
    str,
    _text(MODEL_CHARS_MAX),
    Field(json_schema_extra={"minLength": 1, "maxLength": MODEL_CHARS_MAX}),
]
Endpoint = Annotated[
    str,
    _text(256),
    AfterValidator(lambda path: path.removeprefix("/").removeprefix("v1/")),
    Field(examples=["chat/completions"], json_schema_extra={"minLength": 1, "maxLength": 256}),
]
Tokens = Annotated[int, Field(strict=True, ge=1, le=TOKENS_MAX)]


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(orjson.dumps(value))
    except (TypeError, ValueError, RecursionError):
        raise ValueError("a JSON object of plain texts, numbers, lists and objects") from None
    if size > METADATA_BYTES_MAX:
        raise ValueError(f"a JSON object of at most {METADATA_BYTES_MAX} bytes, not {size}")
    return value


Metadata = Annotated[dict[str, Any], AfterValidator(_metadata)]


def _time(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        moment_ms = value
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            moment_ms = int(moment.timestamp() * 1000)
        except (ValueError, OverflowError):
            moment_ms = -1
    else:
        moment_ms = -1
    if not 0 <= moment_ms < 253_402_300_800_000:
        raise ValueError("a date or time in UTC like 2026-01-31 or 2026-01-31T08:00:00Z")
    return moment_ms


Time = Annotated[
    int,
    BeforeValidator(_time),
    WithJsonSchema(
        {
            "type": "string",
            "description": "A date or time; UTC where no zone is given.",
            "examples": ["2026-01-31", "2026-01-31T08:00:00Z"],
        }
    ),
]
"""A moment, kept in milliseconds since 1970."""


def iso(time_ms: int) -> str:
    """A moment to answer: `2026-01-31T08:00:00.123Z`."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
