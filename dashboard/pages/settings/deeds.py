"""What can be done here, each with what is asked before and who may do it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from config.bounds import NAME_CHARS_MAX
from config.rules import fold
from dashboard import actions
from dashboard.context import who
from dashboard.errors import Invalid, NotAllowed
from dashboard.passwords import Passwords, generated, problem_with
from dashboard.services import Services
from dashboard.throttle import Bucket, Throttle
from storage.keys import By

TARGET_CHARS_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Given:
    """What a deed is done to, and what was entered for it."""

    services: Services
    of: str
    by: By
    text: Any = None


@dataclass(frozen=True, slots=True)
class Done:
    """What to say, and a password that is shown this once."""

    says: str
    secret: str = ""
    whose: str = ""


Work = Callable[[Given], Awaitable[Done]]


@dataclass(frozen=True, slots=True)
class Deed:
    """`asks` is empty where nothing is asked before; `{}` in it and in `yes` is of what."""

    work: Work
    asks: str = ""
    yes: str = ""
    own: bool = False
    """What anybody may do to what is theirs: the work looks whether it is."""
    dangerous: bool = False
    entry: str = ""
    """The label of a field that the question has, or empty."""


async def _end_session(given: Given) -> Done:
    me = who()
    if me.role != "admin":
        mine = {session.id for session in await given.services.sessions.list(me.user)}
        if given.of not in mine:
            raise NotAllowed("This session is not yours.")
    ended = await given.services.sessions.revoke(given.of, given.by)
    given.services.forget_sessions()
    return Done("The session has ended." if ended else "It had ended already.")


async def _end_mine(given: Given) -> Done:
    me = who()
    ended = await given.services.sessions.revoke_all(me.user, given.by, keep=me.id)
    given.services.forget_sessions()
    return Done(f"{ended} other sessions of yours have ended.")


async def _end_of(given: Given) -> Done:
    ended = await given.services.sessions.revoke_all(given.of, given.by)
    given.services.forget_sessions()
    return Done(f"{ended} sessions of {given.of} have ended.")


async def _disable(given: Given) -> Done:
    user = await given.services.users.set_disabled(given.of, True, given.by)
    given.services.forget_sessions()
    return Done(f"{user.name} may not log in any more.")


async def _enable(given: Given) -> Done:
    user = await given.services.users.set_disabled(given.of, False, given.by)
    given.services.forget_sessions()
    return Done(f"{user.name} may log in again.")


async def _make_admin(given: Given) -> Done:
    user = await given.services.users.set_role(given.of, "admin", given.by)
    given.services.forget_sessions()
    return Done(f"{user.name} is an admin now.")


async def _make_viewer(given: Given) -> Done:
    user = await given.services.users.set_role(given.of, "viewer", given.by)
    given.services.forget_sessions()
    return Done(f"{user.name} is a viewer now.")


async def _new_password(given: Given) -> Done:
    password = generated()
    kept = await _passwords.hash(password)
    user = await given.services.users.set_hash(given.of, kept, given.by)
    given.services.forget_sessions()
    return Done(f"{user.name} has a new password, and is logged out.", password, user.name)


async def _remove_view(given: Given) -> Done:
    gone = await given.services.views.remove(given.by.who, given.of)
    return Done("The view is gone." if gone else "It was gone already, or is not yours.")


async def _rename_view(given: Given) -> Done:
    name = actions.text(given.text, "the view's name", NAME_CHARS_MAX)
    view = await given.services.views.rename(given.by.who, given.of, name)
    return Done(f"The view is called {view.name} now.")


async def _share_view(given: Given) -> Done:
    view = await given.services.views.share(given.by.who, given.of, shared=True)
    return Done(f"Everybody sees {view.name} now.")


async def _unshare_view(given: Given) -> Done:
    view = await given.services.views.share(given.by.who, given.of, shared=False)
    return Done(f"{view.name} is yours alone now.")


DEEDS: Final[Mapping[str, Deed]] = {
    "session-end": Deed(_end_session, own=True),
    "sessions-end-mine": Deed(
        _end_mine,
        "Every other browser in which you are logged in is logged out. This one stays.",
        "Log out elsewhere",
        own=True,
    ),
    "sessions-end-of": Deed(
        _end_of, "{} is logged out everywhere, and may log in again.", "Log {} out",
        dangerous=True,
    ),
    "user-disable": Deed(
        _disable,
        "{} is logged out everywhere at once and may not log in until enabled again. "
        "Nothing of what {} did is lost.",
        "Disable {}",
        dangerous=True,
    ),
    "user-enable": Deed(_enable),
    "user-admin": Deed(
        _make_admin,
        "{} may then change budgets, campaigns, keys and users, from the next request on.",
        "Make {} an admin",
    ),
    "user-viewer": Deed(
        _make_viewer, "{} may then look and change nothing, from the next request on.",
        "Make {} a viewer",
    ),
    "user-password": Deed(
        _new_password,
        "{} gets a new password, which you are shown once, and is logged out everywhere.",
        "Make a new password",
    ),
    "view-remove": Deed(
        _remove_view, "The saved view goes. What it showed stays where it is.", "Delete the view",
        own=True, dangerous=True,
    ),
    "view-rename": Deed(
        _rename_view, "Its address stays the same.", "Rename", own=True, entry="New name"
    ),
    "view-share": Deed(_share_view),
    "view-unshare": Deed(_unshare_view, own=True),
}  # fmt: skip


def deed_of(what: Any, of: Any) -> tuple[str, Deed, str]:
    """What was asked for; raises `Invalid` where there is no such thing."""
    deed = DEEDS.get(what) if isinstance(what, str) else None
    if deed is None or not isinstance(of, str) or len(of) > TARGET_CHARS_MAX:
        raise Invalid("This cannot be done here.")
    return str(what), deed, of


async def do(services: Services, clicks: Any, what: Any, of: Any, text: Any = None) -> Done | None:
    """Do it for whoever clicked, and tell; None where nobody did. Raises what is not allowed."""
    _, deed, target = deed_of(what, of)
    done: list[Done] = []

    async def work(by: By) -> str:
        done.append(await deed.work(Given(services, target, by, text)))
        return done[0].says

    await (actions.own(clicks, work) if deed.own else actions.change(clicks, work))
    return done[0] if done else None


async def add_user(services: Services, name: Any, role: Any, by: By) -> Done:
    """Make a user with a password that is shown once. Raises `Invalid`, `UserProblem`."""
    called = actions.text(name, "the name", 64)
    given = actions.one_of(role, "the role", ("viewer", "admin"))
    password = generated()
    kept = await _passwords.hash(password)
    user = await services.users.add(called, kept, "admin" if given == "admin" else "viewer", by)
    return Done(f"{user.name} may log in ({user.role}).", password, user.name)


async def change_own_password(services: Services, old: Any, new: Any, again: Any, by: By) -> str:
    """Change the password of whoever asks; their other sessions end. Raises `Invalid`."""
    me = who()
    if not isinstance(old, str) or not isinstance(new, str) or not isinstance(again, str):
        raise Invalid("Fill in all three fields.")
    if new != again:
        raise Invalid("The two new passwords are not the same.")
    if (problem := problem_with(new)) is not None:
        raise Invalid(f"{problem[:1].upper()}{problem[1:]}.")
    # Whoever finds a browser open may not guess at the password either.
    bucket = (Bucket(f"own {fold(me.user)}", size=10, refill_s=20),)
    wait_s = _throttle.take(bucket)
    if wait_s:
        raise Invalid(f"Too many tries. Wait {round(wait_s) + 1} s, then try again.")
    user = await services.users.find(me.user)
    kept = user.hash if user is not None else None
    if not await _passwords.matches(kept, old[:1024]):
        raise Invalid("The password you have now is another one.")
    _throttle.give_back(bucket)
    hashed = await _passwords.hash(new)
    await services.users.set_hash(me.user, hashed, by, keep=me.id)
    services.forget_sessions()
    return "Your password is changed. Everywhere else you are logged out."


_passwords: Final = Passwords()
_throttle: Final = Throttle()
