"""Who a call is charged to: from its key, Purser's own headers, the path, other tools' headers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

import orjson

from config.bounds import IDENTIFIER_CHARS_MAX, METADATA_BYTES_MAX, NAME_CHARS_MAX
from config.names import canonical_name
from config.rates import AGENT_TYPES, canonical_agent
from config.rules import UNATTRIBUTED, Dimension, fold
from proxy.aliases import AGENT, CAMPAIGN, EXECUTION, TASK, Said, read_aliases
from proxy.errors import HeaderList, Refusal, bad_request, not_its_pin
from proxy.headers import one
from storage.key_records import KeyRecord
from storage.records import Caller

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
    key: KeyRecord | None = None,
    aliases: Sequence[str] = (),
) -> Caller:
    """The caller; raises a 400 `Refusal` that names the header and what is allowed in it.

    What `key` is pinned to holds; a header that disagrees is a 403. `aliases` are the names of
    other tools' headers that may speak where neither ours nor the path does.
    """
    aliased = read_aliases(headers, aliases)

    def said(header: str, in_path: bytes | None = None) -> list[Said]:
        return [*_ours(headers, header, in_path), *aliased.get(header, ())]

    agent = _pinned(key, "agent", _first(_agent, said(AGENT, address.agent)))
    campaign = _pinned(key, "campaign", _first(_name, said(CAMPAIGN, address.campaign)))
    task = _first(_name, said(TASK))
    execution = _first(_identifier, said(EXECUTION))
    metadata = one(headers, METADATA.lower().encode())
    _check_required(require, {Dimension.AGENT: agent, Dimension.CAMPAIGN: campaign})
    return Caller(
        agent=agent or UNATTRIBUTED,
        campaign=campaign or UNATTRIBUTED,
        task=task[0] if task else UNATTRIBUTED,
        key=key.name if key else UNATTRIBUTED,
        execution_id=execution[0] if execution else None,
        metadata=None if metadata is None else encrypt(_metadata(metadata)),
    )


def _ours(headers: HeaderList, header: str, in_path: bytes | None) -> list[Said]:
    value = one(headers, header.lower().encode())
    if value is not None:
        return [Said(unquote_to_bytes(value), f"The header {header}")]
    if in_path is not None:
        return [Said(unquote_to_bytes(in_path), f"The path's place of {header}")]
    return []


def _first(read: Callable[[Said], str], said: Sequence[Said]) -> tuple[str, Said] | None:
    """The value that holds: the first one, passing over what is not valid and not for us."""
    for one_said in said:
        try:
            return read(one_said), one_said
        except Refusal:
            if not one_said.foreign:
                raise
    return None


def _pinned(key: KeyRecord | None, what: str, found: tuple[str, Said] | None) -> str | None:
    """The key's own value, else the one found; raises a 403 `Refusal` where they disagree."""
    pin: str | None = getattr(key, what, None)
    if pin is None or found is None:
        return pin or (found[0] if found else None)
    value, said = found
    if fold(value) != fold(pin) and not said.foreign:
        raise not_its_pin(said.where, what, pin)
    return pin


def _check_required(require: frozenset[Dimension], found: dict[Dimension, str | None]) -> None:
    headers = {Dimension.AGENT: AGENT, Dimension.CAMPAIGN: CAMPAIGN}
    missing = sorted(headers[name] for name in require if found[name] is None)
    if missing:
        raise bad_request(
            f"This deployment requires {' and '.join(missing)} (auth.require).",
            code="missing_header",
        )


def _identifier(said: Said) -> str:
    text = said.value.strip(b" ").decode("latin-1")
    if not _IDENTIFIER.fullmatch(text):
        raise _bad(
            said, f"1 to {IDENTIFIER_CHARS_MAX} of the characters A-Z a-z 0-9 . _ : - are allowed"
        )
    return text


def _agent(said: Said) -> str:
    text = _identifier(said)
    agent = canonical_agent(text)
    if agent is None:
        raise _bad(
            said,
            f"'{text}' is no agent type; allowed are {', '.join(AGENT_TYPES)}",
            code="unknown_agent_type",
        )
    return agent


def _name(said: Said) -> str:
    """A campaign or task: text that a person wrote, in one form whatever its bytes."""
    try:
        text = said.value.decode()
    except UnicodeDecodeError:
        raise _bad(said, "its bytes are not UTF-8 (percent-encoded or not)") from None
    name = canonical_name(text)
    if name is None:
        raise _bad(said, f"1 to {NAME_CHARS_MAX} printable characters are allowed")
    return name


def _metadata(value: bytes) -> bytes:
    said = Said(value, f"The header {METADATA}")
    if len(value) > METADATA_BYTES_MAX:
        raise _bad(said, f"it has {len(value):,} bytes; {METADATA_BYTES_MAX:,} are allowed")
    try:
        decoded = orjson.loads(value)
    except orjson.JSONDecodeError:
        decoded = None
    if not isinstance(decoded, dict):
        raise _bad(said, "a JSON object is allowed")
    return value


def _bad(said: Said, what: str, code: str = "invalid_header") -> Refusal:
    return bad_request(f"{said.where} is not valid: {what}.", code=code)
