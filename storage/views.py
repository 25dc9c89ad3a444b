"""Views of the panel that users have saved under a name: a section and its query string."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from config.bounds import NAME_CHARS_MAX, VIEW_QUERY_CHARS_MAX, VIEWS_PER_USER_MAX
from config.names import canonical_name
from config.rules import fold
from storage.audit import Act, write_line
from storage.database import reading, writing
from storage.errors import UserProblem
from storage.ledger import Ledger
from storage.published_keys import now_ms
from storage.tables import saved_view

ID_BYTES: Final = 8
_column = saved_view.c


@dataclass(frozen=True, slots=True)
class SavedView:
    """One view. Everybody sees a `shared` one; only its owner may take it away."""

    id: str
    owner: str
    name: str
    section: str
    query: str
    shared: bool
    made_ms: int


class Views:
    """The saved views of this deployment."""

    def __init__(self, ledger: Ledger) -> None:
        self._engine = ledger.engine

    async def visible_to(self, user: str) -> list[SavedView]:
        """A user's own and those that others share, by name."""
        query = select(saved_view).where(or_(_column.owner == fold(user), _column.shared))
        ordered = query.order_by(_column.name, _column.id)
        async with reading(self._engine) as connection:
            return [_view(row) for row in (await connection.execute(ordered)).mappings()]

    async def save(
        self, owner: str, name: str, section: str, query: str, *, shared: bool = False
    ) -> SavedView:
        """Keep a view; one of the same owner and name is replaced. Raises `UserProblem`."""
        called = _called(name)
        if len(query) > VIEW_QUERY_CHARS_MAX or len(section) > 32:
            raise UserProblem(f"a view's query has at most {VIEW_QUERY_CHARS_MAX} characters")
        view = SavedView(
            secrets.token_hex(ID_BYTES), fold(owner), called, section, query, shared, now_ms()
        )
        mine = _column.owner == view.owner
        async with writing(self._engine) as connection:
            await connection.execute(delete(saved_view).where(mine, _column.name == view.name))
            count = select(func.count()).select_from(saved_view).where(mine)
            if (await connection.scalar(count) or 0) >= VIEWS_PER_USER_MAX:
                raise UserProblem(f"at most {VIEWS_PER_USER_MAX} views each: remove one first")
            await connection.execute(insert(saved_view), asdict(view))
            if shared:
                await _tell(connection, owner, "view.share", None, view)
        return view

    async def rename(self, owner: str, view_id: str, name: str) -> SavedView:
        """Call a view of `owner`'s otherwise. Raises `UserProblem`."""
        return await self._change(owner, view_id, "view.rename", name=_called(name))

    async def share(self, owner: str, view_id: str, *, shared: bool) -> SavedView:
        """Show a view of `owner`'s to everybody, or to nobody else. Raises `UserProblem`."""
        action = "view.share" if shared else "view.unshare"
        return await self._change(owner, view_id, action, shared=shared)

    async def remove(self, owner: str, view_id: str) -> bool:
        """Take a view of `owner`'s away; False where there is none."""
        async with writing(self._engine) as connection:
            statement = delete(saved_view).where(_own(owner, view_id)).returning(saved_view)
            row = (await connection.execute(statement)).mappings().first()
            if row is not None and row["shared"]:
                await _tell(connection, owner, "view.remove", _view(row), None)
        return row is not None

    async def _change(self, owner: str, view_id: str, action: str, **values: Any) -> SavedView:
        async with writing(self._engine) as connection:
            query = select(saved_view).where(_own(owner, view_id))
            row = (await connection.execute(query)).mappings().first()
            if row is None:
                raise UserProblem("this view is not there any more, or is not yours")
            before = _view(row)
            after = replace(before, **values)
            try:
                async with connection.begin_nested():
                    statement = update(saved_view).where(_own(owner, view_id)).values(**values)
                    await connection.execute(statement)
            except IntegrityError:
                raise UserProblem(f"you have a view {after.name!r} already") from None
            if before.shared or after.shared:
                await _tell(connection, owner, action, before, after)
        return after


def _called(name: str) -> str:
    called = canonical_name(name)
    if called is None:
        raise UserProblem(f"a view's name has 1 to {NAME_CHARS_MAX} printable characters")
    return called


def _own(owner: str, view_id: str) -> Any:
    return (_column.owner == fold(owner)) & (_column.id == view_id)


async def _tell(
    connection: AsyncConnection,
    owner: str,
    action: str,
    old: SavedView | None,
    new: SavedView | None,
) -> None:
    """What others see is audited; what is one's own is one's own affair."""
    before, after = (view.name if view else None for view in (old, new))
    view = new or old
    assert view is not None
    where = f"{view.section}?{view.query}"
    await write_line(connection, Act(action, owner, "panel", before, after, where), now_ms())


def _view(row: Mapping[Any, Any]) -> SavedView:
    values = {part.name: row[part.name] for part in fields(SavedView)}
    return SavedView(**values | {"shared": bool(row["shared"])})
