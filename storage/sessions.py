"""Who is logged in to the panel: a row for each session, known by the digest of its id alone."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Select, delete, insert, select, update

from config.bounds import SESSION_IDLE_S, SESSION_LIFE_S, SESSION_TOUCH_S
from config.rules import fold
from storage.audit import Act, write_line
from storage.database import reading, writing
from storage.key_records import Role
from storage.keys import By
from storage.ledger import Ledger
from storage.published_keys import now_ms
from storage.tables import admin_user, session

SECRET_BYTES: Final = 32
_column = session.c


@dataclass(frozen=True, slots=True)
class Session:
    """One login. `id` names it for those who look; nobody can log in by it."""

    id: str
    user: str
    role: Role
    created_ms: int
    seen_ms: int
    expires_ms: int
    address: str
    agent: str
    csrf: str = field(repr=False)
    digest: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session with its two secrets, which are kept nowhere."""

    session: Session
    secret: str = field(repr=False)
    csrf: str = field(repr=False)


def digest_of(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Sessions:
    """The sessions of this deployment, seen by every process that serves the panel."""

    def __init__(self, ledger: Ledger) -> None:
        self._engine = ledger.engine

    async def open(self, user: str, role: Role, address: str, agent: str) -> Opened:
        """Log `user` in, and say so in the audit log; ended sessions are swept by the way."""
        secret, csrf = secrets.token_urlsafe(SECRET_BYTES), secrets.token_urlsafe(SECRET_BYTES)
        at_ms = now_ms()
        made = Session(
            id=secrets.token_hex(8),
            user=user,
            role=role,
            created_ms=at_ms,
            seen_ms=at_ms,
            expires_ms=at_ms + SESSION_LIFE_S * 1000,
            address=address[:64],
            agent=agent[:256],
            csrf=digest_of(csrf),
            digest=digest_of(secret),
        )
        row = {column.name: getattr(made, column.name) for column in session.columns}
        async with writing(self._engine) as connection:
            idle = _column.seen_ms <= at_ms - SESSION_IDLE_S * 1000
            await connection.execute(delete(session).where((_column.expires_ms <= at_ms) | idle))
            await connection.execute(insert(session), row | {"user": fold(user)})
            act = Act("login", user, "panel", None, made.id, f"from {made.address}")
            await write_line(connection, act, at_ms)
        return Opened(made, secret, csrf)

    async def find(self, secret: str) -> Session | None:
        """The live session of `secret`, and notes its use; its role is the user's of now."""
        at_ms = now_ms()
        async with reading(self._engine) as connection:
            query = _live(at_ms).where(_column.digest == digest_of(secret))
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            return None
        found = _session(row)
        if found.seen_ms <= at_ms - SESSION_TOUCH_S * 1000:
            async with writing(self._engine) as connection:
                same = _column.digest == found.digest
                await connection.execute(update(session).where(same).values(seen_ms=at_ms))
        return found

    async def list(self, user: str | None = None) -> list[Session]:
        """The live sessions, of everybody or of one, the newest first."""
        query = _live(now_ms()).order_by(_column.created_ms.desc(), _column.id)
        if user is not None:
            query = query.where(_column.user == fold(user))
        async with reading(self._engine) as connection:
            return [_session(row) for row in (await connection.execute(query)).mappings()]

    async def revoke(self, session_id: str, by: By, action: str = "session.revoke") -> bool:
        """End one session; False where it had ended."""
        return bool(await self._end(_column.id == session_id, by, action, session_id))

    async def revoke_all(
        self, user: str, by: By, action: str = "session.revoke_all", *, keep: str = ""
    ) -> int:
        """End every session of a user, but for the one with the id `keep`; how many there were."""
        return await self._end(
            (_column.user == fold(user)) & (_column.id != keep), by, action, user
        )

    async def _end(self, which: Any, by: By, action: str, what: str) -> int:
        async with writing(self._engine) as connection:
            ended = len(
                (await connection.execute(delete(session).where(which).returning(_column.id))).all()
            )
            if ended:
                act = Act(action, by.who, by.place, what, f"{ended} ended", by.reason)
                await write_line(connection, act, now_ms())
        return ended


def _live(at_ms: int) -> Select[Any]:
    """Sessions that have not ended, of users who may log in."""
    query = select(session, admin_user.c.name.label("user_name"), admin_user.c.role).join(
        admin_user, admin_user.c.name_folded == _column.user
    )
    return query.where(
        admin_user.c.disabled.is_(False),
        _column.expires_ms > at_ms,
        _column.seen_ms > at_ms - SESSION_IDLE_S * 1000,
    )


def _session(row: Mapping[Any, Any]) -> Session:
    return Session(
        id=row["id"],
        user=row["user_name"],
        role=row["role"],
        created_ms=row["created_ms"],
        seen_ms=row["seen_ms"],
        expires_ms=row["expires_ms"],
        address=row["address"],
        agent=row["agent"],
        csrf=row["csrf"],
        digest=row["digest"],
    )
