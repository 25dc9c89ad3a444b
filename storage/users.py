"""Who may open the panel: names, argon2 hashes and roles in SQL, every change audited."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from config.rules import fold
from storage.audit import Act, write_line
from storage.database import reading, writing
from storage.errors import UserProblem
from storage.key_records import Role
from storage.keys import By
from storage.ledger import Ledger
from storage.published_keys import now_ms
from storage.tables import admin_user, session

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_column = admin_user.c


@dataclass(frozen=True, slots=True)
class User:
    """Someone who may log in, unless `disabled`."""

    name: str
    role: Role
    disabled: bool
    created_ms: int
    changed_ms: int
    hash: str = field(repr=False)


class Users:
    """The users of this deployment. Names fold case; the last admin can neither go nor change."""

    def __init__(self, ledger: Ledger) -> None:
        self._engine = ledger.engine

    async def list(self) -> list[User]:
        """Everybody, by name."""
        query = select(admin_user).order_by(_column.name_folded)
        async with reading(self._engine) as connection:
            return [_user(row) for row in (await connection.execute(query)).mappings()]

    async def find(self, name: str) -> User | None:
        """The user of this name, disabled or not."""
        async with reading(self._engine) as connection:
            return await _find(connection, name)

    async def exist(self) -> bool:
        """Whether there is a user at all."""
        async with reading(self._engine) as connection:
            return bool(await connection.scalar(select(func.count()).select_from(admin_user)))

    async def add(self, name: str, hashed: str, role: Role, by: By) -> User:
        """Make a user; raises `UserProblem` where the name is taken or is not one."""
        if not NAME.fullmatch(name):
            raise UserProblem(
                f"{name!r} is no user name: 1 to 64 of A-Z, a-z, 0-9 and . _ @ -, a letter or "
                "digit first"
            )
        at_ms = now_ms()
        row: dict[str, Any] = {"name_folded": fold(name), "name": name, "hash": hashed}
        row |= {"role": role, "disabled": False, "created_ms": at_ms, "changed_ms": at_ms}
        async with writing(self._engine) as connection:
            try:
                async with connection.begin_nested():
                    await connection.execute(insert(admin_user), row)
            except IntegrityError:
                raise UserProblem(f"there is a user {name!r} already") from None
            await write_line(connection, _act("user.add", by, None, f"{name} ({role})"), at_ms)
        return User(name, role, False, at_ms, at_ms, hashed)

    async def add_first(self, name: str, hashed: str, by: By) -> bool:
        """Make the first admin, where nobody is there yet; False where somebody was quicker."""
        if await self.exist():
            return False
        try:
            await self.add(name, hashed, "admin", by)
        except UserProblem:
            return False
        return True

    async def set_hash(self, name: str, hashed: str, by: By, *, keep: str = "") -> User:
        """Change a password; whoever is logged in by the old one is logged out.

        The session with the id `keep` goes on: in it the user has just proved the old one.
        """
        return await self._change(
            name, by, "user.password", {"hash": hashed}, "password", "changed", keep
        )

    async def rehash(self, name: str, hashed: str) -> None:
        """Keep the same password with newer parameters of argon2."""
        async with writing(self._engine) as connection:
            same = _column.name_folded == fold(name)
            await connection.execute(update(admin_user).where(same).values(hash=hashed))

    async def set_role(self, name: str, role: Role, by: By) -> User:
        """Change what a user may do, from the next request on."""
        return await self._change(name, by, "user.role", {"role": role}, "role", role)

    async def set_disabled(self, name: str, disabled: bool, by: By) -> User:
        """Let a user log in no more, or again; the sessions of one who may not end."""
        action = "user.disable" if disabled else "user.enable"
        told = "disabled" if disabled else "enabled"
        return await self._change(name, by, action, {"disabled": disabled}, "disabled", told)

    async def _change(
        self,
        name: str,
        by: By,
        action: str,
        values: Mapping[str, Any],
        what: str,
        told: str,
        keep: str = "",
    ) -> User:
        at_ms = now_ms()
        async with writing(self._engine) as connection:
            user = await _find(connection, name, lock=True)
            if user is None:
                raise UserProblem(f"there is no user {name!r}")
            takes_admin = values.get("disabled") or values.get("role") == "viewer"
            if takes_admin and await _is_last_admin(connection, user):
                raise UserProblem(f"{user.name} is the last admin: make another one first")
            same = _column.name_folded == fold(name)
            await connection.execute(
                update(admin_user).where(same).values(**values, changed_ms=at_ms)
            )
            if values.get("disabled") or "hash" in values:
                theirs = (session.c.user == fold(name)) & (session.c.id != keep)
                await connection.execute(delete(session).where(theirs))
            old = user.role if what == "role" else None
            await write_line(connection, _act(action, by, old, f"{user.name}: {told}"), at_ms)
            changed = await _find(connection, name)
        assert changed is not None
        return changed


async def _find(connection: AsyncConnection, name: str, *, lock: bool = False) -> User | None:
    query = select(admin_user).where(_column.name_folded == fold(name))
    query = query.with_for_update() if lock else query
    row = (await connection.execute(query)).mappings().first()
    return _user(row) if row is not None else None


async def _is_last_admin(connection: AsyncConnection, user: User) -> bool:
    if user.role != "admin" or user.disabled:
        return False
    admins = select(_column.name_folded).where(_column.role == "admin", _column.disabled.is_(False))
    found = (await connection.execute(admins.with_for_update())).all()
    return len(found) == 1


def _act(action: str, by: By, old: str | None, new: str) -> Act:
    return Act(action, by.who, by.place, old, new, by.reason)


def _user(row: Mapping[Any, Any]) -> User:
    return User(
        row["name"],
        row["role"],
        bool(row["disabled"]),
        row["created_ms"],
        row["changed_ms"],
        row["hash"],
    )
