"""Sessions end when they should, and the database has nothing to log in by."""

import pytest
from sqlalchemy import select, update

from config.bounds import SESSION_IDLE_S, SESSION_LIFE_S
from storage.database import reading, writing
from storage.errors import UserProblem
from storage.keys import By
from storage.ledger import Ledger
from storage.sessions import Sessions
from storage.tables import session
from storage.users import Users
from storage.views import Views

BY = By("root", "cli")


@pytest.fixture
async def users(ledger: Ledger) -> Users:
    users = Users(ledger)
    await users.add("Ada", "hash", "admin", BY)
    await users.add("bob", "hash", "viewer", BY)
    return users


async def age(ledger: Ledger, name: str, by_s: float) -> None:
    async with writing(ledger.engine) as connection:
        column = session.c[name]
        await connection.execute(update(session).values({name: column - int(by_s * 1000)}))


async def test_a_session_is_found_by_its_secret_alone(ledger: Ledger, users: Users) -> None:
    sessions = Sessions(ledger)
    opened = await sessions.open("Ada", "admin", "127.0.0.1", "Firefox")
    found = await sessions.find(opened.secret)
    assert found is not None
    assert (found.user, found.role, found.address) == ("Ada", "admin", "127.0.0.1")
    assert await sessions.find(opened.session.id) is None
    assert await sessions.find(opened.session.digest) is None
    async with reading(ledger.engine) as connection:
        row = str((await connection.execute(select(session))).all())
    assert opened.secret not in row
    assert opened.csrf not in row


@pytest.mark.parametrize(
    ("column", "seconds"), [("seen_ms", SESSION_IDLE_S), ("expires_ms", SESSION_LIFE_S)]
)
async def test_a_session_ends_by_itself(
    ledger: Ledger, users: Users, column: str, seconds: float
) -> None:
    sessions = Sessions(ledger)
    opened = await sessions.open("Ada", "admin", "127.0.0.1", "")
    await age(ledger, column, seconds - 60)
    assert await sessions.find(opened.secret)
    await age(ledger, column, SESSION_LIFE_S)
    assert await sessions.find(opened.secret) is None
    assert await sessions.list() == []


async def test_sessions_are_revoked_one_by_one_and_all_at_once(
    ledger: Ledger, users: Users
) -> None:
    sessions = Sessions(ledger)
    first, second = [await sessions.open("ada", "admin", "", "") for _ in range(2)]
    other = await sessions.open("bob", "viewer", "", "")
    assert await sessions.revoke(first.session.id, BY)
    assert not await sessions.revoke(first.session.id, BY)
    assert await sessions.find(first.secret) is None
    assert await sessions.revoke_all("ADA", BY) == 1
    assert await sessions.find(second.secret) is None
    assert await sessions.find(other.secret)
    assert await ledger.verify_audit() == []


async def test_what_becomes_of_a_user_binds_the_sessions(ledger: Ledger, users: Users) -> None:
    sessions = Sessions(ledger)
    opened = await sessions.open("bob", "viewer", "", "")
    await users.set_role("bob", "admin", BY)
    found = await sessions.find(opened.secret)
    assert found is not None
    assert found.role == "admin"
    await users.set_disabled("bob", True, BY)
    assert await sessions.find(opened.secret) is None
    await users.set_disabled("bob", False, BY)
    assert await sessions.find(opened.secret) is None
    opened = await sessions.open("bob", "admin", "", "")
    await users.set_hash("bob", "new", BY)
    assert await sessions.find(opened.secret) is None


async def test_the_last_admin_stays(ledger: Ledger, users: Users) -> None:
    with pytest.raises(UserProblem, match="last admin"):
        await users.set_disabled("ada", True, BY)
    with pytest.raises(UserProblem, match="last admin"):
        await users.set_role("ada", "viewer", BY)
    with pytest.raises(UserProblem, match="already"):
        await users.add("ADA", "hash", "viewer", BY)
    with pytest.raises(UserProblem, match="no user"):
        await users.set_hash("nobody", "x", BY)
    with pytest.raises(UserProblem, match="no user name"):
        await users.add("<script>", "x", "viewer", BY)
    assert not await users.add_first("admin", "x", BY)
    assert [user.name for user in await users.list()] == ["Ada", "bob"]


async def test_views_are_ones_own_or_shared(ledger: Ledger) -> None:
    views = Views(ledger)
    mine = await views.save("Ada", "Q4", "agents", "period=7d")
    await views.save("ada", "Ours", "overview", "", shared=True)
    assert [view.name for view in await views.visible_to("ada")] == ["Ours", "Q4"]
    assert [view.name for view in await views.visible_to("bob")] == ["Ours"]
    assert not await views.remove("bob", mine.id)
    again = await views.save("ada", "Q4", "agents", "period=30d")
    assert [v.query for v in await views.visible_to("ada") if v.name == "Q4"] == ["period=30d"]
    assert await views.remove("ada", again.id)
    with pytest.raises(UserProblem):
        await views.save("ada", "x", "agents", "q" * 5000)


async def test_the_session_that_proved_the_old_password_goes_on(
    ledger: Ledger, users: Users
) -> None:
    sessions = Sessions(ledger)
    here, there = [await sessions.open("bob", "viewer", "", "") for _ in range(2)]
    await users.set_hash("bob", "new", BY, keep=here.session.id)
    assert await sessions.find(here.secret)
    assert await sessions.find(there.secret) is None
    there = await sessions.open("bob", "viewer", "", "")
    assert await sessions.revoke_all("bob", BY, keep=here.session.id) == 1
    assert [left.id for left in await sessions.list("bob")] == [here.session.id]


async def test_a_view_is_renamed_and_shared_by_its_owner_alone(ledger: Ledger) -> None:
    views = Views(ledger)
    mine = await views.save("ada", "Q4", "agents", "period=7d")
    await views.save("ada", "Ours", "overview", "")
    assert (await views.rename("ada", mine.id, "Q5")).name == "Q5"
    with pytest.raises(UserProblem, match="already"):
        await views.rename("ada", mine.id, "Ours")
    with pytest.raises(UserProblem, match="not yours"):
        await views.rename("bob", mine.id, "Mine now")
    assert await ledger.audited() == [], "one's own views are one's own affair"
    await views.share("ada", mine.id, shared=True)
    assert [view.name for view in await views.visible_to("bob")] == ["Q5"]
    await views.share("ada", mine.id, shared=False)
    await views.share("ada", mine.id, shared=True)
    await views.remove("ada", mine.id)
    told = [line.act.action for line in await ledger.audited()]
    assert sorted(told) == ["view.remove", "view.share", "view.share", "view.unshare"]
