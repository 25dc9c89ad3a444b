"""The commands about the panel's users, and about the audit log."""

from typing import Annotated

import typer

from app.late import run
from app.options import By, ConfigFile, Json, Role

users = typer.Typer(no_args_is_help=True, help="Say who may open the panel.")
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
