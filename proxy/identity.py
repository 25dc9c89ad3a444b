"""Who a call is charged to: from Purser's own headers, else from the path."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

import orjson

from config.bounds import IDENTIFIER_CHARS_MAX, METADATA_BYTES_MAX, NAME_CHARS_MAX
from config.rates import AGENT_TYPES, canonical_agent
from config.rules import UNATTRIBUTED, Dimension
from proxy.errors import HeaderList, Refusal, bad_request
from proxy.headers import one
from storage.records import Caller

AGENT: Final = "X-Agent-Type"
CAMPAIGN: Final = "X-Campaign-Id"
TASK: Final = "X-Task"
EXECUTION: Final = "X-Execution-Id"
METADATA: Final = "X-Purser-Metadata"

_IDENTIFIER: Final = re.compile(rf"[A-Za-z0-9._:-]{{1,{IDENTIFIER_CHARS_MAX}}}")
_PATH: Final = re.compile(
    rb"(?:/a/(?P<agent>[^/]*))?(?:/c/(?P<campaign>[^/]*))?(?P<rest>/v1(?:/.*)?)"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A raw request path taken apart: whom it names, and the path of the API in it."""

    path: bytes
    """From `/v1` on, as the client wrote it."""
    agent: bytes | None = None
    campaign: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """A value with where it was said, so that an error can name the place."""

    value: bytes
    where: str


def read_address(raw_path: bytes) -> Address:
    """Take `/a/<agent>/c/<campaign>/v1/…` apart; each half may be missing."""
    found = _PATH.fullmatch(raw_path)
    if found is None:
        return Address(raw_path)
    return Address(found["rest"], found["agent"], found["campaign"])


def identify(
    headers: HeaderList,
    address: Address,
    require: frozenset[Dimension],
    encrypt: Callable[[bytes], str],
) -> Caller:
    """The caller; raises a 400 `Refusal` that names the header and what is allowed in it."""
    agent = _said(headers, AGENT, address.agent)
    campaign = _said(headers, CAMPAIGN, address.campaign)
    task = _said(headers, TASK)
    execution = _said(headers, EXECUTION)
    metadata = one(headers, METADATA.lower().encode())
    caller = Caller(
        agent=UNATTRIBUTED if agent is None else _agent(agent),
        campaign=UNATTRIBUTED if campaign is None else _name(campaign),
        task=UNATTRIBUTED if task is None else _name(task),
        execution_id=None if execution is None else _identifier(execution),
        metadata=None if metadata is None else encrypt(_metadata(metadata)),
    )
    missing = {
        header
        for dimension, header, said in (
            (Dimension.AGENT, AGENT, agent),
            (Dimension.CAMPAIGN, CAMPAIGN, campaign),
            (Dimension.TASK, TASK, task),
        )
        if said is None and dimension in require
    }
    if missing:
        raise bad_request(
            f"This deployment requires {' and '.join(sorted(missing))} (auth.require).",
            code="missing_header",
        )
    return caller


def _said(headers: HeaderList, header: str, in_path: bytes | None = None) -> _Said | None:
    value = one(headers, header.lower().encode())
    if value is not None:
        return _Said(value, f"The header {header}")
    return None if in_path is None else _Said(in_path, f"The path's place of {header}")


def _identifier(said: _Said) -> str:
    text = unquote_to_bytes(said.value).strip(b" ").decode("latin-1")
    if not _IDENTIFIER.fullmatch(text):
        raise _bad(
            said, f"1 to {IDENTIFIER_CHARS_MAX} of the characters A-Z a-z 0-9 . _ : - are allowed"
        )
    return text


def _agent(said: _Said) -> str:
    text = _identifier(said)
    agent = canonical_agent(text)
    if agent is None:
        raise _bad(
            said,
            f"'{text}' is no agent type; allowed are {', '.join(AGENT_TYPES)}",
            code="unknown_agent_type",
        )
    return agent


def _name(said: _Said) -> str:
    """A campaign or task: text that a person wrote, in one form whatever its bytes."""
    try:
        text = unicodedata.normalize("NFC", unquote_to_bytes(said.value).decode().strip(" "))
    except UnicodeDecodeError:
        raise _bad(said, "its bytes are not UTF-8 (percent-encoded or not)") from None
    if not 1 <= len(text) <= NAME_CHARS_MAX or not text.isprintable():
        raise _bad(said, f"1 to {NAME_CHARS_MAX} printable characters are allowed")
    return text


def _metadata(value: bytes) -> bytes:
    said = _Said(value, f"The header {METADATA}")
    if len(value) > METADATA_BYTES_MAX:
        raise _bad(said, f"it has {len(value):,} bytes; {METADATA_BYTES_MAX:,} are allowed")
    try:
        decoded = orjson.loads(value)
    except orjson.JSONDecodeError:
        decoded = None
    if not isinstance(decoded, dict):
        raise _bad(said, "a JSON object is allowed")
    return value


def _bad(said: _Said, what: str, code: str = "invalid_header") -> Refusal:
    return bad_request(f"{said.where} is not valid: {what}.", code=code)
