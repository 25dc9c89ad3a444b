"""The commands about who may do what, and who did: keys, the panel's users, the audit log."""

from typing import Annotated

import typer

from app.arguments import duration_s
from app.late import run
from app.options import By, ConfigFile, Expires, Json, KeyName, Role, Sandbox

users = typer.Typer(no_args_is_help=True, help="Say who may open the panel.")
keys = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke Purser's own keys.")
audit = typer.Typer(no_args_is_help=True, help="Read and verify the log of all changes.")

UserName = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
Ask = Annotated[
    bool,
    typer.Option("--ask", help="Ask for the password, or read it from a pipe; else one is made."),
]


@users.command("list", epilog="Example: purser users list")
def users_list(json: Json = False, config: ConfigFile = None) -> None:
    """List who may log in to the panel, and as what."""
    run("users", "list_users", config, as_json=json)


@users.command("add", epilog="Example: purser users add ada --role admin")
def users_add(
    name: UserName,
    role: Annotated[Role, typer.Option(help="A viewer changes nothing.")] = Role.VIEWER,
    ask: Ask = False,
    by: By = None,
    config: ConfigFile = None,
) -> None:
    """Make a user, and show the password once."""
    run("users", "add", config, name, role.value, by, ask=ask)


@users.command("passwd", epilog="Example: purser users passwd ada")
def users_passwd(
    name: UserName, ask: Ask = False, by: By = None, config: ConfigFile = None
) -> None:
    """Change a password; the user is logged out everywhere."""
    run("users", "passwd", config, name, by, ask=ask)


@users.command("disable", epilog="Example: purser users disable ada")
def users_disable(name: UserName, by: By = None, config: ConfigFile = None) -> None:
    """Let a user in no more, and end the user's sessions."""
    run("users", "change", config, name, by, disabled=True, role=None)


@users.command("enable", epilog="Example: purser users enable ada")
def users_enable(name: UserName, by: By = None, config: ConfigFile = None) -> None:
    """Let a disabled user in again."""
    run("users", "change", config, name, by, disabled=False, role=None)


@users.command("role", epilog="Example: purser users role ada viewer")
def users_role(
    name: UserName,
    role: Annotated[Role, typer.Argument(help="From the next request on.")],
    by: By = None,
    config: ConfigFile = None,
) -> None:
    """Change what a user may do."""
    run("users", "change", config, name, by, disabled=None, role=role.value)


@audit.command("verify", epilog="Example: purser audit verify")
def audit_verify(config: ConfigFile = None) -> None:
    """Check that no line was changed or taken since it was written; ends with 1 where one was.

    Needs the database alone.
    """
    run("audit", "verify", config)


@audit.command("show", epilog="Example: purser audit show --limit 20")
def audit_show(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """Show the newest lines, newest first: who changed what, when, from where and why."""
    run("audit", "show", config, limit, as_json=json)


@keys.command(
    "create",
    epilog="Example: purser keys create blog-bot --agent CONTENT --campaign holiday-2024 "
    "--model 'gpt-4o*' --expires 30d",
)
def keys_create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What rules and the ledger call it.")],
    agent: Annotated[str | None, typer.Option(metavar="TYPE", help="Pin the agent type.")] = None,
    campaign: Annotated[str | None, typer.Option(metavar="NAME", help="Pin the campaign.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="MODEL", help="Allow this model; repeat for more. * at its end."),
    ] = None,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Allow this path, like chat/completions; repeat."),
    ] = None,
    expires: Expires = None,
    admin: Annotated[
        bool, typer.Option("--admin", help="For the billing API instead of calls.")
    ] = False,
    role: Annotated[Role | None, typer.Option(help="Of an admin key. Default: viewer.")] = None,
    by: By = None,
    json: Json = False,
    config: ConfigFile = None,
    sandbox: Sandbox = False,
) -> None:
    """Make a key and show its secret, once.

    What it is pinned to holds for all its calls, whatever their headers say.
    """
    if role is not None and not admin:
        raise typer.BadParameter("only an admin key has a role: add --admin", param_hint="--role")
    wanted = {
        "name": name,
        "kind": "admin" if admin else "proxy",
        "role": (role or Role.VIEWER).value if admin else None,
        "agent": agent,
        "campaign": campaign,
        "models": tuple(model or ()),
        "endpoints": tuple(endpoint or ()),
        "expires_ms": expires,
    }
    run("keys", "create", config, wanted, by, as_json=json, sandbox=sandbox)


@keys.command("list", epilog="Example: purser keys list --all")
def keys_list(
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """List the keys, what they are bound to, and when they were last used (to the minute).

    With --json, one key a line.
    """
    run("keys", "list_keys", config, every=every, as_json=json)


@keys.command("rotate", epilog="Example: purser keys rotate blog-bot --overlap 24h")
def keys_rotate(
    name: KeyName,
    overlap: Annotated[
        int | None,
        typer.Option(
            metavar="TIME",
            parser=duration_s,
            help="How long the old one still works, like 24h. Default: it ends at once.",
        ),
    ] = None,
    expires: Expires = None,
    by: By = None,
    json: Json = False,
    config: ConfigFile = None,
    sandbox: Sandbox = False,
) -> None:
    """Make a new secret for a key: the same name, pins and budgets.

    Without --expires it lives as long as the old one was made to.
    """
    run("keys", "rotate", config, name, overlap or 0, expires, by, as_json=json, sandbox=sandbox)


@keys.command("revoke", epilog='Example: purser keys revoke blog-bot --reason "leaked in a log"')
def keys_revoke(
    name: KeyName,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    by: By = None,
    config: ConfigFile = None,
    sandbox: Sandbox = False,
) -> None:
    """End a key on every proxy at once; of a rotated key also the old secrets."""
    run("keys", "revoke", config, name, reason, by, sandbox=sandbox)
