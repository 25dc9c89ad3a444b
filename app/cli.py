"""The command line: what `purser` takes, and how it ends.

Exit status: 0 done; 1 it found something wrong, or could not do what was asked; 2 the
configuration or the command line is wrong. What a command does stands in `app.commands`.
"""

from typing import Annotated

import typer

from app.access import audit, keys, users
from app.arguments import some_text
from app.costs import ledger, prices
from app.late import run as _run
from app.options import (
    Against,
    By,
    ConfigFile,
    Json,
    Sandbox,
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
db = typer.Typer(no_args_is_help=True, help="Look after the database.")
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
