"""A key of Purser's own: its secret, what it is pinned to, and how it looks at rest."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal

import orjson

from config.bounds import KEY_SECRET_BYTES, TOMBSTONE_S

Kind = Literal["proxy", "admin"]
Role = Literal["admin", "viewer"]
Why = Literal["unknown", "expired", "revoked", "kind"]

MARK: Final = "pk-purser-"
"""How every secret begins, so that people, Purser and scanners for leaked secrets know it."""
ADMIN_MARK: Final = MARK + "admin-"
PREFIX_CHARS: Final = 6
"""So many characters of the random part are shown, to tell one key from another."""

_SECRET: Final = re.compile(rf"{MARK}(?:admin-)?[A-Za-z0-9_-]{{43}}")
_FOREVER: Final = 2**52


class BadKey(Exception):
    """A presented secret opens nothing. `why`: unknown, expired, revoked, or of another kind."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is kept of a key. Times are milliseconds since 1970; empty lists allow everything."""

    id: str
    name: str
    kind: Kind
    role: Role | None
    """Of an admin key: what its holder may do."""
    agent: str | None
    campaign: str | None
    models: tuple[str, ...]
    endpoints: tuple[str, ...]
    expires_ms: int | None
    revoked_ms: int | None
    created_ms: int
    last_used_ms: int | None
    prefix: str
    """The beginning of the secret, to recognise it by."""
    digest: str = field(repr=False)
    version: int = 1
    """Grows with each change, so that Redis never goes back to an older one."""

    def problem(self, now_ms: int) -> Why | None:
        """Why it opens nothing at `now_ms`; None while it is live."""
        if self.revoked_ms is not None:
            return "revoked"
        if self.expires_ms is not None and self.expires_ms <= now_ms:
            return "expired"
        return None

    def allows_model(self, model: str) -> bool:
        """Whether a call may ask for `model`."""
        return allows(self.models, model)

    def allows_endpoint(self, endpoint: str) -> bool:
        """Whether a call may go to `endpoint`, a path without `/v1/` (`chat/completions`)."""
        return allows(self.endpoints, endpoint)


def allows(patterns: Sequence[str], value: str) -> bool:
    """Whether one of `patterns` is `value`, or its beginning where it ends in `*`."""
    return not patterns or any(
        value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern
        for pattern in patterns
    )


def mint(kind: Kind) -> str:
    """A new secret."""
    mark = ADMIN_MARK if kind == "admin" else MARK
    return mark + secrets.token_urlsafe(KEY_SECRET_BYTES)


def looks_like_ours(text: str) -> bool:
    """Whether somebody meant this to be a key of ours, well written or not."""
    return text.strip()[: len(MARK)].lower() == MARK


def prefix_of(secret: str) -> str:
    """What of a secret may be shown."""
    mark = ADMIN_MARK if secret.startswith(ADMIN_MARK) else MARK
    return secret[: len(mark) + PREFIX_CHARS]


def digest_of(secret: str) -> str | None:
    """SHA-256 in hex; None for what no secret of ours can be.

    A slow hash is for passwords: 256 random bits cannot be guessed from a fast one either.
    """
    if not _SECRET.fullmatch(secret):
        return None
    return hashlib.sha256(secret.encode()).hexdigest()


def packed(record: KeyRecord) -> bytes:
    """As Redis keeps it: version, when to forget it, then everything as JSON."""
    ends = [at for at in (record.expires_ms, record.revoked_ms) if at is not None]
    forget_ms = min(ends) + TOMBSTONE_S * 1000 if ends else _FOREVER
    return b"%d|%d|%s" % (record.version, forget_ms, orjson.dumps(asdict(record)))


def unpacked(value: bytes | str) -> KeyRecord:
    """The key that `packed` wrote."""
    text = value.encode() if isinstance(value, str) else value
    told: dict[str, Any] = orjson.loads(text.split(b"|", 2)[2])
    told["models"], told["endpoints"] = tuple(told["models"]), tuple(told["endpoints"])
    # While versions of Purser change, a newer one may have told more than this one knows.
    return KeyRecord(**{part.name: told[part.name] for part in fields(KeyRecord)})


def forget_ms_of(value: str) -> int:
    """When Redis need not keep this key any longer."""
    return int(value.split("|", 2)[1])
