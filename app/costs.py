"""The commands about money: what models cost, and what calls have cost."""

from typing import Annotated

import typer

from app.arguments import some_text, usd
from app.late import run
from app.options import Against, By, ConfigFile, HoldId, Json, Sandbox, Shown, Since

ledger = typer.Typer(no_args_is_help=True, help="Read and correct what calls have cost.")
prices = typer.Typer(no_args_is_help=True, help="Show and compare what models cost.")


@prices.command("show", epilog="Example: purser prices show gpt-5-2025-08-07")
def prices_show(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="As a call would name it.")],
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """Show what a model costs: every kind, service tier and input length; fees and limits.

    Says which model the name is billed as, and why. Ends with 1 where nothing has that name.
    """
    run("prices", "show", config, model, as_json=json)


@prices.command("diff", epilog="Example: purser prices diff --against genai-prices")
def prices_diff(
    against: Against = None,
    json: Json = False,
    config: ConfigFile = None,
) -> None:
    """Compare the prices in force with those that Purser carries, or with another table."""
    run("prices", "diff", config, against, as_json=json)


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
    run("ledger", "list_entries", config, wanted, limit, as_json=json)


@ledger.command("show", epilog="Example: purser ledger show 0199d3c0-5f0e-7b1a-9f0e-0c1d2e3f4a5b")
def ledger_show(hold: HoldId, json: Json = False, config: ConfigFile = None) -> None:
    """Show everything the ledger says of one call: its first end, then its corrections."""
    run("ledger", "show", config, hold, as_json=json)


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
    run("ledger", "correct", config, hold, charge_usd, provider_usd, reason, by, sandbox=sandbox)
