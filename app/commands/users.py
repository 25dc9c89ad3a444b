"""`purser users`: who may open the panel."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
import typer

from app.books import say_whose, system_user
from app.columns import columns
from app.complaints import CONFIGURATION_WRONG, DONE, complain
from app.engines import opened
from config.settings import Loaded, load
from dashboard.passwords import generated, hashed, problem_with
from storage.key_records import Role
from storage.keys import By
from storage.users import User, Users

T = TypeVar("T")
_HEAD: Final = ("name", "role", "state", "made (UTC)", "changed (UTC)")


def list_users(config: Path | None, *, as_json: bool) -> int:
    """Print who may log in."""
    loaded = load(config)
    say_whose(loaded)
    users = asyncio.run(_with(loaded, lambda users: users.list()))
    if as_json:
        for user in users:
            typer.echo(orjson.dumps(_plain(user)).decode())
    elif users:
        typer.echo(columns(_HEAD, [_row(user) for user in users]))
    else:
        typer.echo("There is no user yet: `purser serve` makes the first admin.")
    return DONE


def add(config: Path | None, name: str, role: Role, by: str | None, *, ask: bool) -> int:
    """Make a user."""
    loaded = load(config)
    password = _password(ask=ask)
    if password is None:
        return CONFIGURATION_WRONG
    kept = hashed(password)
    user = asyncio.run(_with(loaded, lambda users: users.add(name, kept, role, _by(by))))
    say_whose(loaded)
    typer.echo(f"{user.name} may log in ({user.role}).")
    _tell(password, asked=ask)
    return DONE


def passwd(config: Path | None, name: str, by: str | None, *, ask: bool) -> int:
    """Change a password; the user's sessions end."""
    loaded = load(config)
    password = _password(ask=ask)
    if password is None:
        return CONFIGURATION_WRONG
    kept = hashed(password)
    user = asyncio.run(_with(loaded, lambda users: users.set_hash(name, kept, _by(by))))
    say_whose(loaded)
    typer.echo(f"{user.name} has a new password, and is logged out everywhere.")
    _tell(password, asked=ask)
    return DONE


def change(
    config: Path | None, name: str, by: str | None, *, disabled: bool | None, role: Role | None
) -> int:
    """Let a user in no more, or again, or give another role."""
    loaded = load(config)

    async def work(users: Users) -> User | None:
        user = None
        if disabled is not None:
            user = await users.set_disabled(name, disabled, _by(by))
        if role is not None:
            user = await users.set_role(name, role, _by(by))
        return user

    user = asyncio.run(_with(loaded, work))
    say_whose(loaded)
    if user is not None:
        state = "may not log in" if user.disabled else "may log in"
        typer.echo(f"{user.name} {state} ({user.role}).")
    return DONE


def _password(*, ask: bool) -> str | None:
    """A new one, or what is typed or piped; complains and gives None where it will not do."""
    if not ask:
        return generated()
    if sys.stdin.isatty():
        given = getpass.getpass("Password: ")
        if given != getpass.getpass("Again: "):
            complain("the two are not the same; nothing was changed")
            return None
    else:
        given = sys.stdin.readline().rstrip("\n")
    problem = problem_with(given)
    if problem is not None:
        complain(f"{problem}; nothing was changed")
        return None
    return given


def _tell(password: str, *, asked: bool) -> None:
    if not asked:
        typer.echo(f"The password is shown this once:\n\n    {password}\n")


async def _with(loaded: Loaded, work: Callable[[Users], Awaitable[T]]) -> T:
    async with opened(loaded) as engines:
        return await work(Users(engines.ledger))


def _by(by: str | None) -> By:
    return By(by or system_user(), "cli")


def _plain(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "role": user.role,
        "disabled": user.disabled,
        "created_ms": user.created_ms,
        "changed_ms": user.changed_ms,
    }


def _row(user: User) -> tuple[str, ...]:
    state = "disabled" if user.disabled else "may log in"
    return user.name, user.role, state, _time(user.created_ms), _time(user.changed_ms)


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
