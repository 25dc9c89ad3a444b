"""The command line: what `purser` takes, and how it ends.

Exit status: 0 done; 1 it found something wrong, or could not do what was asked; 2 the
configuration or the command line is wrong. What a command does stands in `app.commands`.
"""

from typing import Annotated

import typer

from app.access import audit, users
from app.arguments import duration_s, some_text, usd
from app.late import run as _run
from app.options import (
    Against,
    By,
    ConfigFile,
    Expires,
    HoldId,
    Json,
    KeyName,
    Role,
    Sandbox,
    Shown,
    Since,
    Until,
)

cli = typer.Typer(
    name="purser",
    help="Purser, a cost-enforcing reverse proxy for the OpenAI API.",
    epilog="Start here: purser serve",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
ledger = typer.Typer(no_args_is_help=True, help="Read and correct what calls have cost.")
prices = typer.Typer(no_args_is_help=True, help="Show and compare what models cost.")
db = typer.Typer(no_args_is_help=True, help="Look after the database.")
keys = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke Purser's own keys.")
cli.add_typer(users, name="users")
cli.add_typer(audit, name="audit")
cli.add_typer(ledger, name="ledger")
cli.add_typer(keys, name="keys")
cli.add_typer(prices, name="prices")
cli.add_typer(db, name="db")


@cli.command(epilog="Example: OPENAI_API_KEY=sk-… purser serve")
def serve(config: ConfigFile = None) -> None:
    """Serve calls, with everything in one place: proxy, janitor, embedded storage."""
    _run("roles", "serve", config)


@cli.command(epilog="Example: purser proxy --config /etc/purser.yaml")
def proxy(config: ConfigFile = None) -> None:
    """Serve calls and nothing else; any number may run beside one `purser janitor`."""
    _run("roles", "proxy", config)


@cli.command(epilog="Example: purser dashboard --config /etc/purser.yaml")
def dashboard(config: ConfigFile = None) -> None:
    """Serve the panel and the billing API, and no calls."""
    _run("roles", "dashboard", config)


@cli.command(epilog="Example: purser janitor --config /etc/purser.yaml")
def janitor(config: ConfigFile = None) -> None:
    """Do everything periodic: drain the outbox, end the holds of dead proxies, check counters."""
    _run("roles", "janitor", config)


@cli.command("check-config", epilog="Example: purser check-config --config new.yaml")
def check_config(
    config: ConfigFile = None,
    path: Annotated[bool, typer.Option("--path", help="Print only which file is read.")] = False,
) -> None:
    """Print the configuration in effect, where each value comes from, and what to think about.

    Ends with 2 where the configuration is wrong, naming file and line.
    """
    _run("check_config", "check_config", config, only_path=path)


@cli.command(epilog='Example: purser freeze --reason "runaway agent"')
def freeze(
    reason: Annotated[str, typer.Option(metavar="TEXT", parser=some_text, help="Why.")],
    by: By = None,
    config: ConfigFile = None,
    sandbox: Sandbox = False,
) -> None:
    """Refuse the next metered call everywhere, at once; needs Redis alone.

    Calls in flight end as usual. `purser thaw` ends it.
    """
    _run("freeze", "freeze", config, reason, by, sandbox=sandbox)


@cli.command(epilog='Example: purser thaw --reason "agent stopped"')
def thaw(
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    by: By = None,
    config: ConfigFile = None,
    sandbox: Sandbox = False,
) -> None:
    """End a freeze: calls that fit their budgets are admitted again."""
    _run("freeze", "thaw", config, reason, by, sandbox=sandbox)


@cli.command(epilog="Example: purser reconcile --repair")
def reconcile(
    repair: Annotated[
        bool, typer.Option("--repair", help="Set the counters to what the ledger says.")
    ] = False,
    reprice: Annotated[
        bool,
        typer.Option("--reprice", help="Instead: price the ledger's calls anew; changes nothing."),
    ] = False,
    against: Against = None,
    since: Since = None,
    until: Until = None,
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """Compare counters and holds in Redis with the ledger; ends with 1 where they differ.

    Stops nothing: it may run at any time. With --repair, counters are mended by the
    difference, and what still differs afterwards decides how it ends.

    With --reprice, every call's provider cost is computed again from its units: by the
    prices in force, or by the table that --against names. Needs the database alone.
    """
    if not reprice and (against, since, until) != (None, None, None):
        raise typer.BadParameter("--against, --since and --until go with --reprice")
    if reprice and repair:
        raise typer.BadParameter("--reprice changes nothing: run --repair by itself")
    if reprice:
        _run("reprice", "reprice_ledger", config, against, since, until, as_json=json)
    _run("reconcile", "reconcile", config, repairs=repair, as_json=json)


@prices.command("show", epilog="Example: purser prices show gpt-5-2025-08-07")
def prices_show(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="As a call would name it.")],
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """Show what a model costs: every kind, service tier and input length; fees and limits.

    Says which model the name is billed as, and why. Ends with 1 where nothing has that name.
    """
    _run("prices", "show", config, model, as_json=json)


@prices.command("diff", epilog="Example: purser prices diff --against genai-prices")
def prices_diff(
    against: Against = None,
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """Compare the prices in force with those that Purser carries, or with another table."""
    _run("prices", "diff", config, against, as_json=json)


@ledger.command("list", epilog="Example: purser ledger list --campaign holiday-2024 --since 24h")
def ledger_list(
    campaign: Annotated[str | None, typer.Option(metavar="NAME", help="Of this campaign.")] = None,
    agent: Annotated[str | None, typer.Option(metavar="TYPE", help="Of this agent type.")] = None,
    status: Annotated[Shown | None, typer.Option(help="That ended like this.")] = None,
    since: Since = None,
    execution: Annotated[
        str | None, typer.Option(metavar="ID", help="Of this run (X-Execution-Id).")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """List the newest entries, newest first. Needs the database alone.

    With --json, one entry a line.
    """
    wanted = {
        "campaign": campaign,
        "agent": agent,
        "status": status and status.value,
        "since_ms": since,
        "execution_id": execution,
    }
    _run("ledger", "list_entries", config, wanted, limit, as_json=json)


@ledger.command("show", epilog="Example: purser ledger show 0199d3c0-5f0e-7b1a-9f0e-0c1d2e3f4a5b")
def ledger_show(hold: HoldId, json: Json = False, config: ConfigFile = None) -> None:
    """Show everything the ledger says of one call: its first end, then its corrections."""
    _run("ledger", "show", config, hold, as_json=json)


@ledger.command(
    "correct",
    epilog='Example: purser ledger correct 0199d3c0-… --charge-usd 0 --reason "never answered"',
)
def ledger_correct(
    hold: HoldId,
    charge_usd: Annotated[
        int,
        typer.Option(metavar="USD", parser=usd, help="What the call is charged in all."),
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", parser=some_text, help="Why.")],
    provider_usd: Annotated[
        int | None,
        typer.Option(
            metavar="USD", parser=usd, help="What the provider took. Default: as it stands."
        ),
    ] = None,
    by: By = None,
    config: ConfigFile = None,
    sandbox: Sandbox = False,
) -> None:
    """Correct what an ended call has cost, by a new entry with the difference.

    Budgets count it in the windows in which the call was admitted.
    """
    _run("ledger", "correct", config, hold, charge_usd, provider_usd, reason, by, sandbox=sandbox)


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
    _run("keys", "create", config, wanted, by, as_json=json, sandbox=sandbox)


@keys.command("list", epilog="Example: purser keys list --all")
def keys_list(
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """List the keys, what they are bound to, and when they were last used (to the minute).

    With --json, one key a line.
    """
    _run("keys", "list_keys", config, every=every, as_json=json)


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
    _run("keys", "rotate", config, name, overlap or 0, expires, by, as_json=json, sandbox=sandbox)


@keys.command("revoke", epilog='Example: purser keys revoke blog-bot --reason "leaked in a log"')
def keys_revoke(
    name: KeyName,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why.")] = "",
    by: By = None,
    config: ConfigFile = None,
    sandbox: Sandbox = False,
) -> None:
    """End a key on every proxy at once; of a rotated key also the old secrets."""
    _run("keys", "revoke", config, name, reason, by, sandbox=sandbox)


@db.command("upgrade", epilog="Example: purser db upgrade")
def db_upgrade(config: ConfigFile = None) -> None:
    """Bring the database to this version's tables; nothing happens where it is there already."""
    _run("db", "upgrade_tables", config)


@cli.command(epilog="Example: purser demo --calls 200 --seed 1")
def demo(
    calls: Annotated[int | None, typer.Option(min=1, help="End after so many calls.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, max=1440, help="End after so many minutes.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed asks the same things.")] = 1,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Spend through a Purser that runs already, if a sandbox answers it."
        ),
    ] = None,
    months: Annotated[
        int | None,
        typer.Option(min=1, max=12, help="Instead: fill the demo's books with so much history."),
    ] = None,
    purge: Annotated[
        bool, typer.Option("--purge", help="Instead: drop the demo's own database.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Let simulated agents of all types spend against the sandbox: nothing costs real money.

    Starts a Purser with a data folder of its own, and ends with a summary that compares
    ledger and counters. Without --calls or --minutes it ends after 300 calls; Ctrl-C ends it
    early.

    With --months, the demo's own, empty database is filled with history through the ledger's
    own code, and the command that shows it in the panel is told. --purge drops that database.
    """
    if purge + (months is not None) + ((calls, minutes, url) != (None, None, None)) > 1:
        raise typer.BadParameter("--months, --purge and --calls/--minutes/--url go alone")
    if purge:
        _run("demo_history", "purge", config)
    elif months is not None:
        _run("demo_history", "fill", config, months, seed)
    else:
        _run("demo", "demo", config, calls, minutes, seed, url)


def main() -> None:
    """The entry point of `purser`."""
    cli(prog_name="purser")


if __name__ == "__main__":
    main()
