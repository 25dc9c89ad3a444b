"""Whether a request certainly comes from a program on this machine."""

import ipaddress
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from proxy.headers import values
from proxy.request import Request

FORWARDED: Final = (b"forwarded", b"via", b"x-real-ip")
FORWARDED_PREFIX: Final = b"x-forwarded-"


def why_not_local(request: Request) -> str | None:
    """Why a request is not certainly from a program on this machine; None where it is."""
    if request.peer is None or not is_loopback(request.peer):
        return "the request comes from another machine"
    hosts = values(request.headers, b"host")
    if len(hosts) != 1 or not is_loopback(hostname(hosts[0])):
        return "the Host header names no loopback address"
    for name, _ in request.headers:
        if name in FORWARDED or name.startswith(FORWARDED_PREFIX):
            return f"the header {name.decode('latin-1')} says that a proxy forwarded it"
    for origin in values(request.headers, b"origin"):
        if origin.partition(b"://")[2].lower() != hosts[0].lower():
            return "the Origin header names another site"
    return None


def hostname(host: bytes) -> str:
    """The name in a `Host` value, without port and brackets; empty for what is none."""
    try:
        return urlsplit("//" + host.decode("ascii")).hostname or ""
    except ValueError:
        return ""


@lru_cache(256)
def is_loopback(name: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
