"""What the section asks: a new key, how to end one; and the secret, shown this once."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

import dash_mantine_components as dmc
from dash import html

from config.rates import AGENT_TYPES
from dashboard import formats
from dashboard.components.basics import agent_name, copy_button
from dashboard.components.controls import segmented
from dashboard.components.overlays import button, drawer
from dashboard.components.states import note
from proxy.endpoints import ENDPOINTS
from storage.key_records import KeyRecord

DAY_S: Final = 86_400
LIVES: Final = {"never": "Never", "30": "In 30 days", "90": "In 90 days", "365": "In a year"}
OVERLAPS: Final = {"0": "At once", "3600": "In an hour", "86400": "In a day", "604800": "In 7 days"}
ROLES: Final = {"viewer": "Viewer: reads", "admin": "Admin: changes"}
KINDS: Final = {"proxy": "Calls", "admin": "Billing API"}


def create_drawer() -> Any:
    """The fields of a new key."""
    fields = html.Div(
        [
            segmented(list(KINDS.items()), id="keys-kind", value="proxy", label="What it opens"),
            dmc.TextInput(id="keys-name", label="Name", placeholder="who or what uses it"),
            html.Div(_for_calls(), id="keys-for-calls", className="form-rows"),
            html.Div(
                dmc.Select(
                    id="keys-role",
                    label="Role",
                    value="viewer",
                    data=_choices(ROLES),
                    allowDeselect=False,
                ),
                id="keys-for-admins",
                hidden=True,
            ),
            dmc.Select(
                id="keys-life",
                label="Ends",
                value="never",
                data=_choices(LIVES),
                allowDeselect=False,
            ),
            dmc.TextInput(id="keys-why", label="Reason", placeholder="kept in the audit log"),
            html.Div(
                button("Create key", id="keys-create", kind="main", icon_name="add"),
                className="actions",
            ),
        ],
        className="form-rows",
    )
    return drawer("New key", fields, id="keys-drawer")


def _for_calls() -> list[Any]:
    return [
        dmc.Select(
            id="keys-agent",
            label="Pinned to an agent type",
            placeholder="any: the header says which",
            data=[{"value": name, "label": agent_name(name)} for name in AGENT_TYPES],
            searchable=True,
            clearable=True,
        ),
        dmc.TextInput(
            id="keys-campaign",
            label="Pinned to a campaign",
            placeholder="any: the header says which",
        ),
        dmc.TagsInput(
            id="keys-models",
            label="Models",
            placeholder="all; or names, also like gpt-5*",
            acceptValueOnBlur=True,
        ),
        dmc.MultiSelect(
            id="keys-endpoints",
            label="Endpoints",
            placeholder="all",
            data=sorted({endpoint.name for endpoint in ENDPOINTS}),
            searchable=True,
        ),
    ]


def _choices(words: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in words.items()]


def question(act: str, record: KeyRecord) -> list[Any]:
    """What is asked before a key is rotated or revoked."""
    of_it = [html.B(record.name), f" ({record.prefix}…)"]
    reason = dmc.TextInput(id="keys-reason", label="Reason", placeholder="kept in the audit log")
    if act == "revoke":
        told: Any = ["Calls with ", *of_it, " are refused everywhere, at once. There is no undo."]
        fields = [_overlap(hidden=True), reason]
        yes = button("Revoke key", id="keys-yes", kind="danger", icon_name="remove")
    else:
        told = ["A new secret takes the place of ", *of_it, ", with the same pins."]
        fields = [_overlap(hidden=False), reason]
        yes = button("Rotate key", id="keys-yes", kind="main", icon_name="refresh")
    buttons = [button("Cancel", id="keys-no", kind="quiet"), yes]
    return [
        html.P(told, className="confirm-text"),
        html.Div(fields, className="form-rows"),
        html.Div(buttons, className="actions actions-end"),
    ]


def _overlap(*, hidden: bool) -> Any:
    field = dmc.Select(
        id="keys-overlap",
        label="The old secret ends",
        value="86400",
        data=_choices(OVERLAPS),
        allowDeselect=False,
    )
    return html.Div(field, hidden=hidden)


def secret_shown(record: KeyRecord, secret: str, base: str, *, published: bool) -> list[Any]:
    """A new key's secret, and the lines that use it."""
    late = note(
        "Redis did not take it yet: it opens nothing until the janitor has told it.", "amber"
    )
    lines = environment(record, secret, base) if record.kind == "proxy" else request(secret, base)
    return [
        note("Copy it now: it is kept nowhere and cannot be shown again.", "amber", "warning"),
        *([] if published else [late]),
        html.Div(
            [html.Code(secret, id="keys-made"), copy_button(secret, "the secret")],
            className="secret",
        ),
        html.P(
            "An agent needs three lines:" if record.kind == "proxy" else "For example:",
            className="dim",
        ),
        html.Div(
            [html.Pre("\n".join(lines)), copy_button("\n".join(lines), "these lines")],
            className="lines",
        ),
        html.Div(button("Done", id="keys-done", kind="main"), className="actions actions-end"),
    ]


def environment(record: KeyRecord, secret: str, base: str) -> Sequence[str]:
    """The shell's lines that point an OpenAI client here with this key."""
    agent = record.agent or "CONTENT"
    # Percent-encoded, as headers carry names of any script; nothing of it means much to a shell.
    campaign = quote(record.campaign or "holiday-2024", safe=" ._:-")
    return (
        f"export OPENAI_BASE_URL={base}/v1",
        f"export OPENAI_API_KEY={secret}",
        f"export OPENAI_CUSTOM_HEADERS=$'X-Agent-Type: {agent}\\nX-Campaign-Id: {campaign}'",
    )


def request(secret: str, base: str) -> Sequence[str]:
    """A request that an admin key opens."""
    return (f"curl -H 'Authorization: Bearer {secret}' \\", f"  {base}/api/billing/rates")


def base_of(href: Any) -> str:
    """Where the panel is, by its own address."""
    try:
        parts = urlsplit(href if isinstance(href, str) else "")
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in ("http", "https") and parts.hostname:
        return f"{parts.scheme}://{parts.netloc}"
    return "http://127.0.0.1:8080"


def revoked_words(records: Sequence[KeyRecord], *, published: bool) -> str:
    """What a revocation did."""
    if not published:
        return "It is written down, but Redis did not take it: it binds once the janitor told it."
    return f"{formats.count(len(records), 'key')} ended: calls with it are refused from now on."
