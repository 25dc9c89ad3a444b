"""The freeze: one field that the reserve script reads, so it binds everywhere at once."""

import asyncio
import time
from typing import Any, Final

import orjson

from storage import scripts
from storage.audit import Act
from storage.errors import LedgerUnavailable
from storage.ledger import Ledger
from storage.redis_link import PREFIX, RedisLink

_PENDING = PREFIX + "audit"
_LOOK_S: Final = 0.05


async def set_frozen(link: RedisLink, who: str, where: str, reason: str, *, frozen: bool) -> bool:
    """Freeze or thaw; True where it changed. Needs Redis alone: the audit entry waits for SQL."""
    said = orjson.dumps({"who": who, "reason": reason}) if frozen else b""
    before = await link.command("HGET", PREFIX + "meta", "frozen")
    audit = {
        "action": "freeze" if frozen else "thaw",
        "who": who,
        "place": where,
        "old": "frozen" if before else "open",
        "new": "frozen" if frozen else "open",
        "reason": reason,
    }
    (replaced,) = await link.run(scripts.FREEZE, said, orjson.dumps(audit))
    return bool(replaced) != frozen


async def wait_until_kept(link: RedisLink, seconds: float) -> bool:
    """Wait until a janitor has written it to SQL, where it outlives Redis; whether it has."""
    deadline = time.monotonic() + seconds
    while await link.command("LLEN", _PENDING):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK_S)
    return True


async def write_pending_audit(link: RedisLink, ledger: Ledger) -> int:
    """Move audit entries that were made without SQL into it; returns how many.

    An entry leaves Redis after its commit: a crash between the two writes it twice, which
    an audit log may bear; it never loses one.
    """
    moved = 0
    while (row := await link.command("LINDEX", _PENDING, "0")) is not None:
        fields: dict[str, Any] = orjson.loads(row)
        try:
            await ledger.audit(Act(**fields))
        except LedgerUnavailable:
            return moved
        await link.command("LREM", _PENDING, "1", row)
        moved += 1
    return moved


async def restore(link: RedisLink, ledger: Ledger, said: str) -> None:
    """Freeze again, after Redis was lost, what was frozen before it.

    `said` is what a janitor last heard from Redis; else the audit log tells. In doubt it stays
    frozen: a thaw that was lost is quickly repeated.
    """
    last = await ledger.last_act("freeze", "thaw")
    if not said and last is not None and last.action == "freeze":
        said = orjson.dumps({"who": last.who, "reason": last.reason}).decode()
    thawed = [
        row for row in await link.command("LRANGE", _PENDING, "0", "-1")
        if orjson.loads(row)["action"] == "thaw"
    ]  # fmt: skip
    frozen = await link.command("HGET", PREFIX + "meta", "frozen")
    if said and not frozen and not thawed:
        await link.run(scripts.FREEZE, said, "")
