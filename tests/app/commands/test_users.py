"""`purser users` and `purser audit`: who may open the panel, and whether its log is whole."""

import sqlite3
from contextlib import closing

from sqlalchemy.engine import make_url

from config.settings import load
from dashboard.passwords import Passwords
from storage.ledger import Ledger
from storage.sessions import Sessions
from storage.users import Users
from tests.app.conftest import Shop

FIRST, SECOND = "correct horse battery", "staple battery horse"


def typed(shop: Shop, *arguments: str, password: str) -> str:
    """A command that is given a password by a pipe; what it says."""
    done = shop.run(*arguments, "--ask", typed=f"{password}\n")
    assert done.exit_code == 0, done.output
    return done.output


async def test_a_new_password_opens_the_panel_and_ends_what_the_old_one_opened(shop: Shop) -> None:
    typed(shop, "users", "add", "ada", "--role", "viewer", password=FIRST)
    ledger = await Ledger.open(shop.engines.database_url)
    users, sessions, passwords = Users(ledger), Sessions(ledger), Passwords()
    opened = await sessions.open("ada", "viewer", "127.0.0.1", "test")
    said = typed(shop, "users", "passwd", "ADA", password=SECOND)
    assert "ada has a new password, and is logged out everywhere" in said
    user = await users.find("ada")
    assert user is not None
    assert await passwords.matches(user.hash, SECOND)
    assert not await passwords.matches(user.hash, FIRST)
    assert await sessions.find(opened.secret) is None
    await ledger.close()


async def test_a_role_binds_a_session_that_is_open(shop: Shop) -> None:
    typed(shop, "users", "add", "root", "--role", "admin", password=FIRST)
    typed(shop, "users", "add", "ada", "--role", "viewer", password=FIRST)
    ledger = await Ledger.open(shop.engines.database_url)
    sessions = Sessions(ledger)
    opened = await sessions.open("ada", "viewer", "127.0.0.1", "test")
    assert "may log in (admin)" in shop.run("users", "role", "ada", "admin").output
    found = await sessions.find(opened.secret)
    assert found is not None
    assert found.role == "admin"
    assert "may not log in" in shop.run("users", "disable", "ada").output
    assert await sessions.find(opened.secret) is None
    assert "may log in (admin)" in shop.run("users", "enable", "ada").output
    assert await sessions.find(opened.secret) is None, "what was ended stays so"
    last = shop.run("users", "disable", "root")
    assert last.exit_code == 0
    locked = shop.run("users", "disable", "ada")
    assert (locked.exit_code, "last" in locked.output) == (1, True)
    await ledger.close()


def test_a_password_that_will_not_do_changes_nothing(shop: Shop) -> None:
    short = shop.run("users", "add", "ada", "--ask", typed="short\n")
    assert short.exit_code == 2
    assert "10 to 256 characters; nothing was changed" in short.output
    assert "no user yet" in shop.run("users", "list").output
    assert shop.run("users", "passwd", "nobody").exit_code == 1


def test_a_line_of_the_audit_log_that_was_changed_is_named(shop: Shop) -> None:
    assert "empty" in shop.run("audit", "verify").output
    for name in ("ada", "bob", "cleo"):
        typed(shop, "users", "add", name, password=FIRST)
    whole = shop.run("audit", "verify")
    assert (whole.exit_code, "3 lines" in whole.output) == (0, True)
    path = make_url(load(shop.config, {}).settings.storage.database_url).database
    assert path is not None
    with closing(sqlite3.connect(path)) as ledger:
        triggers = ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' "
                                  "AND tbl_name = 'audit_log'").fetchall()  # fmt: skip
        for (trigger,) in triggers:
            ledger.execute(f"DROP TRIGGER {trigger}")
        ledger.execute("UPDATE audit_log SET who = 'mallory' WHERE seq = 2")
        ledger.commit()
    broken = shop.run("audit", "verify")
    assert broken.exit_code == 1
    assert "2" in broken.output
    with closing(sqlite3.connect(path)) as ledger:
        ledger.execute("DELETE FROM audit_log WHERE seq = 2")
        ledger.commit()
    assert shop.run("audit", "verify").exit_code == 1
