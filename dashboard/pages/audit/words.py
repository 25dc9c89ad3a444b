"""Lines of the audit log in words: what was done, from what to what, and where it shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from dashboard import formats
from dashboard.context import PREFIX
from dashboard.state import View
from storage.audit import Act

DONE: Final = {
    "key-create": "made a key",
    "key_created": "made a key",
    "key-rotate": "rotated a key",
    "key-revoke": "revoked a key",
    "override": "set a limit",
    "override-clear": "lifted a limit's override",
    "campaign_budget": "set a campaign's budget",
    "campaign_status": "changed a campaign's status",
    "campaign_revenue": "told a campaign's revenue",
    "correct": "corrected a call",
    "thresholds": "set alert thresholds",
    "freeze": "froze all spending",
    "thaw": "thawed spending",
    "login": "logged in",
    "logout": "logged out",
    "user.add": "added a user",
    "user.disable": "disabled a user",
    "user.enable": "enabled a user",
}
ICONS: Final = (
    ("key", "keys"), ("override", "budget"), ("campaign", "campaigns"), ("correct", "edit"),
    ("freeze", "frozen"), ("thaw", "play"), ("login", "user"), ("logout", "logout"),
    ("session", "logout"), ("user", "user"), ("reprice", "rates"), ("price", "rates"),
    ("rule", "rules"), ("reconcile", "health"), ("thresholds", "alerts"),
)  # fmt: skip
"""By how an action begins."""
SESSIONS: Final = frozenset({"login", "logout"})
HIDDEN: Final = frozenset({"id"})


@dataclass(frozen=True, slots=True)
class Told:
    """One act: `old` and `new` are what changed, short; `href` leads to it, empty: nowhere."""

    done: str
    about: str
    old: str
    new: str
    icon: str
    href: str


def told(act: Act) -> Told:
    """An act as a reader understands it."""
    about, old, new = _turned(act)
    return Told(
        DONE.get(act.action, formats.words(act.action.replace(".", " ")).lower()),
        about,
        old,
        new,
        next((icon for start, icon in ICONS if act.action.startswith(start)), "audit"),
        _href(act, about),
    )


def _turned(act: Act) -> tuple[str, str, str]:
    """What it is about, what that was and what it became."""
    if act.action in SESSIONS:
        # What stands there is the session's id: nothing to read.
        return "", "", ""
    before, after = _fields(act.old), _fields(act.new)
    if after is not None:
        return _about(after), *_differences(before, after)
    old, new = act.old or "", act.new or ""
    about, colon, rest = new.partition(": ")
    if colon and (not old or old.startswith(f"{about}: ")):
        return about, old.removeprefix(f"{about}: "), rest
    return "", old, new


def _fields(text: str | None) -> Mapping[str, Any] | None:
    if not text or not text.startswith("{"):
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _about(fields: Mapping[str, Any]) -> str:
    name, prefix = fields.get("name"), fields.get("prefix")
    if name and prefix:
        return f"{name} ({prefix}…)"
    return str(name or "")


def _differences(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[str, str]:
    if before is None:
        shown = {k: v for k, v in after.items() if v not in (None, [], "") and k not in _NAMING}
        return "", ", ".join(_said(name, value) for name, value in shown.items())
    changed = [name for name in after if after[name] != before.get(name) and name not in HIDDEN]
    return (
        ", ".join(_said(name, before.get(name)) for name in changed),
        ", ".join(_said(name, after[name]) for name in changed),
    )


_NAMING: Final = HIDDEN | {"name", "prefix", "kind"}


def _said(name: str, value: Any) -> str:
    words = formats.words(name.removesuffix("_ms")).lower()
    if isinstance(value, bool):
        return words if value else f"not {words}"
    if value is None or value == []:
        return f"{words}: none"
    if name.endswith("_ms") and isinstance(value, int):
        return f"{words} {formats.moment(value)}"
    return f"{words} {', '.join(map(str, value)) if isinstance(value, list) else value}"


def _href(act: Act, about: str) -> str:
    if act.action == "correct" and about:
        return View("transactions").having("call", (about,)).href(PREFIX)
    if act.action.startswith("campaign") and about:
        return View("campaigns").having("campaign", (about,)).href(PREFIX)
    for start, section in (
        ("key", "keys"), ("override", "rules"), ("freeze", "overview"), ("thaw", "overview"),
        ("user", "settings"), ("login", "settings"), ("session", "settings"),
        ("price", "rates"), ("reprice", "rates"), ("thresholds", "rules"),
    ):  # fmt: skip
        if act.action.startswith(start):
            return View(section).href(PREFIX)
    return ""
