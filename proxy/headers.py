"""Which headers cross Purser, in each direction, and which never do.

Names are compared in lower case; values, order and duplicates of what crosses stay as they are.
"""

from collections.abc import Iterable
from typing import Final

from proxy.errors import HeaderList, bad_request
from storage.key_records import MARK

KEY_MARK: Final = MARK.encode()
"""A key of ours goes to nobody, in whatever header a client put it."""

Headers = Iterable[tuple[bytes, bytes]]

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
    }
)
"""RFC 9110 §7.6.1, with those that older agents still send."""

FRAMING: Final = frozenset({b"host", b"content-length", b"accept-encoding", b"expect"})
"""Set anew for the upstream: they speak of one connection or of bytes that a splice changes."""

CREDENTIALS: Final = frozenset({b"authorization", b"api-key", b"x-api-key", b"cookie"})

PAYERS: Final = frozenset({b"openai-organization", b"openai-project"})
"""They choose who pays at the provider. Where Purser supplies the key, its owner has chosen."""

OURS: Final = frozenset({b"x-agent-type", b"x-campaign-id", b"x-task", b"x-execution-id"})
OURS_PREFIX: Final = b"x-purser-"

ROUTE: Final = frozenset({b"forwarded", b"via", b"x-real-ip"})
ROUTE_PREFIX: Final = b"x-forwarded-"
"""They say which machines a client came through: nothing that a provider should learn."""

REWRITES: Final = frozenset(
    {
        b"x-http-method",
        b"x-http-method-override",
        b"x-method-override",
        b"x-original-url",
        b"x-rewrite-url",
    }
)
"""Some servers take them for the method or the path: a free call must not become a paid one."""

BAGGAGE: Final = b"baggage"
"""It carries what the callers' own systems say of a request: campaigns, users, tenants."""

GATEWAYS_PREFIXES: Final = (b"helicone-", b"x-portkey-", b"x-litellm-")
"""Words to other gateways, some of them keys."""

NOT_TO_CLIENTS: Final = frozenset(
    {b"set-cookie", b"strict-transport-security", b"alt-svc", b"nel", b"report-to"}
)
"""They would bind a client to the upstream's host while it talks to ours."""

TO_UPSTREAM_NEVER: Final = HOP_BY_HOP | FRAMING | OURS | ROUTE | REWRITES | {BAGGAGE}
TO_UPSTREAM_NEVER_PREFIXES: Final = (OURS_PREFIX, ROUTE_PREFIX, *GATEWAYS_PREFIXES)


def named_in_connection(headers: Headers) -> frozenset[bytes]:
    """The names that `Connection` declares to concern this connection alone, in lower case."""
    return frozenset(
        token.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for token in value.split(b",")
    )


def to_upstream(headers: Headers, api_key: str | None) -> HeaderList:
    """The client's headers as the upstream gets them, without framing.

    `api_key` is Purser's key for the upstream; None passes the caller's own credentials on.
    """
    headers = list(headers)
    dropped = TO_UPSTREAM_NEVER | named_in_connection(headers)
    if api_key is None:
        dropped |= {b"cookie"}
    else:
        dropped |= CREDENTIALS | PAYERS
    passed = [
        (name, value)
        for name, value in headers
        if (lower := name.lower()) not in dropped
        and not lower.startswith(TO_UPSTREAM_NEVER_PREFIXES)
        and KEY_MARK not in value.lower()
    ]
    if api_key is not None:
        passed.append((b"authorization", b"Bearer " + api_key.encode()))
    passed.append((b"accept-encoding", b"identity"))
    return passed


def to_client(headers: Headers) -> HeaderList:
    """The upstream's headers as the client gets them; its `x-purser-` ones give way to ours."""
    headers = list(headers)
    dropped = HOP_BY_HOP | NOT_TO_CLIENTS | named_in_connection(headers)
    return [
        (name, value)
        for name, value in headers
        if (lower := name.lower()) not in dropped and not lower.startswith(OURS_PREFIX)
    ]


def without(headers: Headers, *names: bytes) -> HeaderList:
    """The headers without those called `names` (lower case)."""
    return [(name, value) for name, value in headers if name.lower() not in names]


def values(headers: Headers, name: bytes) -> list[bytes]:
    """Every value of the header `name` (lower case)."""
    return [value for key, value in headers if key.lower() == name]


def one(headers: Headers, name: bytes) -> bytes | None:
    """The value of `name` (lower case), None without one; raises a 400 `Refusal` for several."""
    found = values(headers, name)
    if len(found) > 1:
        raise bad_request(
            f"The header {name.decode()} stands {len(found)} times; once is allowed.",
            code="duplicate_header",
        )
    return found[0] if found else None
