"""What is listed: one's own sessions and views; for admins users and everybody's sessions."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from dash import html

from config.rules import fold
from dashboard import formats
from dashboard.components.basics import badge, code, status_badge, when
from dashboard.components.cards import panel
from dashboard.components.people import device, role_badge, small_button
from dashboard.components.states import empty, note
from dashboard.components.tables import Column, data_table
from dashboard.context import PREFIX, who
from dashboard.icons import icon
from dashboard.pages.settings.deeds import Done
from dashboard.services import Services
from dashboard.state import View, parse
from storage.published_keys import now_ms
from storage.sessions import Session
from storage.users import User
from storage.views import SavedView

SESSIONS_MAX: Final = 100
_SESSIONS: Final = (
    Column("device", "Browser", grow=True),
    Column("user", "Who", keep="tablet"),
    Column("from", "From", keep="desk"),
    Column("opened", "Logged in", keep="tablet"),
    Column("seen", "Last seen", keep="tablet"),
    Column("do", "", numeric=True),
)
_USERS: Final = (
    Column("name", "User", grow=True),
    Column("role", "Role"),
    Column("state", "State", keep="tablet"),
    Column("sessions", "Sessions", numeric=True, keep="desk"),
    Column("changed", "Changed", keep="desk"),
    Column("do", "", numeric=True),
)
_VIEWS: Final = (
    Column("name", "View", grow=True),
    Column("shows", "Shows", keep="tablet"),
    Column("seen", "Seen by", keep="tablet"),
    Column("do", "", numeric=True),
)


def do_id(what: str, of: str) -> dict[str, str]:
    """The id of a button that does `what` to `of`."""
    return {"type": "settings-do", "what": what, "of": of}


async def lists(services: Services, secret: Done | None = None) -> list[Any]:
    """Everything that is listed, for whoever asks."""
    me, at_ms = who(), now_ms()
    sessions = await services.sessions.list(None if me.role == "admin" else me.user)
    mine = [session for session in sessions if fold(session.user) == fold(me.user)]
    views = await services.views.visible_to(me.user)
    drawn = [_mine(mine, me, at_ms), _views(views, me)]
    if me.role == "admin":
        users = await services.users.list()
        others = [session for session in sessions if session not in mine]
        drawn = [_users(users, sessions, me, at_ms, secret), *drawn, _others(others, me, at_ms)]
    return drawn


def _mine(sessions: Sequence[Session], me: Session, at_ms: int) -> html.Section:
    elsewhere = [
        small_button("Log out elsewhere", id=do_id("sessions-end-mine", "me"), icon_name="logout")
    ]
    table = data_table(
        [column for column in _SESSIONS if column.key != "user"],
        [_session(session, me, at_ms) for session in sessions],
        caption="Your sessions",
    )
    return panel("Your sessions", table, elsewhere if len(sessions) > 1 else None, tone="cyan")


def _others(sessions: Sequence[Session], me: Session, at_ms: int) -> html.Section:
    if not sessions:
        nothing = empty("Nobody else is logged in", "Others show here.", icon_name="user")
        return panel("Others' sessions", nothing, tone="purple")
    rows = [_session(session, me, at_ms) for session in sessions[:SESSIONS_MAX]]
    told = formats.count(len(sessions), "session")
    if len(sessions) > SESSIONS_MAX:
        told += f", the newest {SESSIONS_MAX} are shown"
    table = data_table(_SESSIONS, rows, caption="Others' sessions")
    return panel("Others' sessions", table, note=told, tone="purple")


def _session(session: Session, me: Session, at_ms: int) -> dict[str, Any]:
    here = session.id == me.id
    end = small_button(
        "Log out" if here else "End",
        id=do_id("session-end", session.id),
        icon_name="logout",
        danger=not here,
    )
    return {
        "device": html.Span(
            [
                html.Span(device(session.agent), title=session.agent),
                *([badge("this one", "green", "live")] if here else []),
            ],
            className="who",
        ),
        "user": html.Span([icon("user"), session.user], className="who"),
        "from": html.Code(session.address or "unknown"),
        "opened": when(session.created_ms, at_ms),
        "seen": when(session.seen_ms, at_ms),
        "do": html.Span(end, className="row-actions"),
    }


def _users(
    users: Sequence[User],
    sessions: Sequence[Session],
    me: Session,
    at_ms: int,
    secret: Done | None,
) -> html.Section:
    counted = Counter(fold(session.user) for session in sessions)
    admins = [user for user in users if user.role == "admin" and not user.disabled]
    rows = [
        _user(user, counted[fold(user.name)], me, at_ms, last=admins == [user]) for user in users
    ]
    told = _secret(secret) if secret is not None and secret.secret else []
    return panel(
        "Users",
        [*told, data_table(_USERS, rows, caption="Users")],
        note=formats.count(len(users), "user"),
        tone="purple",
        id="settings-users",
    )


def _secret(done: Done) -> list[Any]:
    text = html.Div(
        [
            html.Span(["The password of ", html.B(done.whose), ", shown this once:"]),
            code(done.secret, "the password"),
        ],
        className="secret",
    )
    return [note(text, "green", "keys")]


def _user(user: User, sessions: int, me: Session, at_ms: int, *, last: bool) -> dict[str, Any]:
    why = "the last admin stays: make another one first" if last else ""
    name = user.name
    other = (
        small_button("Make viewer", id=do_id("user-viewer", name), icon_name="user", disabled=why)
        if user.role == "admin"
        else small_button("Make admin", id=do_id("user-admin", name), icon_name="audit")
    )
    turn = (
        small_button("Enable", id=do_id("user-enable", name), icon_name="ok")
        if user.disabled
        else small_button(
            "Disable", id=do_id("user-disable", name), icon_name="refused", danger=True,
            disabled=why,
        )
    )  # fmt: skip
    out = small_button(
        "Log out", id=do_id("sessions-end-of", name), icon_name="logout",
        disabled="" if sessions else "not logged in",
    )  # fmt: skip
    password = small_button("New password", id=do_id("user-password", name), icon_name="keys")
    own = fold(name) == fold(me.user)
    return {
        "name": html.Span(
            [icon("user"), html.B(name), *([badge("you", "cyan")] if own else [])], className="who"
        ),
        "role": role_badge(user.role),
        "state": status_badge("down", "disabled")
        if user.disabled
        else status_badge("up", "may log in"),
        "sessions": formats.integer(sessions),
        "changed": when(user.changed_ms, at_ms),
        "do": html.Span([other, *([] if own else [password, out]), turn], className="row-actions"),
    }


def _views(views: Sequence[SavedView], me: Session) -> html.Section:
    if not views:
        nothing = empty(
            "No view is saved yet",
            "Choose a period and filters in any section, then Views in the bar above: what you "
            "look at comes back under a name.",
            icon_name="save",
        )
        return panel("Saved views", nothing, tone="cyan")
    rows = [_view(view, me) for view in views]
    return panel("Saved views", data_table(_VIEWS, rows, caption="Saved views"), tone="cyan")


def _view(view: SavedView, me: Session) -> dict[str, Any]:
    mine = view.owner == fold(me.user)
    seen = parse(view.section, view.query)
    deeds: list[Any] = []
    if mine:
        deeds = [
            small_button("Rename", id=do_id("view-rename", view.id), icon_name="edit"),
            small_button(
                "Delete", id=do_id("view-remove", view.id), icon_name="remove", danger=True
            ),
        ]
        if view.shared:
            share = small_button("Unshare", id=do_id("view-unshare", view.id), icon_name="locked")
            deeds.insert(1, share)
        elif me.role == "admin":
            share = small_button("Share", id=do_id("view-share", view.id), icon_name="share")
            deeds.insert(1, share)
    shared = "everybody" if view.shared else "you alone"
    return {
        "name": html.A(view.name, href=seen.href(PREFIX), className="row-name"),
        "shows": html.Span(f"{formats.words(view.section)}, {shows(seen)}", className="dim"),
        "seen": shared if mine else f"everybody, by {view.owner}",
        "do": html.Span(deeds, className="row-actions"),
    }


def shows(view: View) -> str:
    """A view's period and filters in words."""
    if view.first and view.last:
        period = f"{view.first} to {view.last}"
    else:
        period = {"month": "this month"}.get(view.period, f"last {view.period}")
    filters = [f"{name} {', '.join(values)}" for name, values in view.filters.items()]
    return "; ".join([period, *filters])
