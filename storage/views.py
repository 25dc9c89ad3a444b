"""Views of the panel that users have saved under a name: a section and its query string."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from sqlalchemy import delete, func, insert, or_, select

from config.bounds import NAME_CHARS_MAX, VIEW_QUERY_CHARS_MAX, VIEWS_PER_USER_MAX
from config.names import canonical_name
from config.rules import fold
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
        called = canonical_name(name)
        if called is None:
            raise UserProblem(f"a view's name has 1 to {NAME_CHARS_MAX} printable characters")
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
        return view

    async def remove(self, owner: str, view_id: str) -> bool:
        """Take a view of `owner`'s away; False where there is none."""
        which = (_column.owner == fold(owner)) & (_column.id == view_id)
        async with writing(self._engine) as connection:
            statement = delete(saved_view).where(which).returning(_column.id)
            return bool((await connection.execute(statement)).all())


def _view(row: Mapping[Any, Any]) -> SavedView:
    values = {part.name: row[part.name] for part in fields(SavedView)}
    return SavedView(**values | {"shared": bool(row["shared"])})
