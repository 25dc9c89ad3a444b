"""Options and arguments that several commands take."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.arguments import future_ms, moment_ms


class Shown(StrEnum):
    """The states of a ledger entry, as `ledger list --status` takes them."""

    SETTLED = "settled"
    FAILED = "failed"
    VOIDED = "voided"
    ASSUMED = "assumed"
    CORRECTION = "correction"
    REFUSED = "refused"


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration file. Default: PURSER_CONFIG, else config/purser.yaml.",
    ),
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", help="Who does it. Default: the system user."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Sandbox = Annotated[
    bool, typer.Option("--sandbox", help="The sandbox's books are meant, not the real ones.")
]
HoldId = Annotated[
    str, typer.Argument(metavar="HOLD", help="The call: its hold, or its X-Purser-Request-Id.")
]
Since = Annotated[
    int | None,
    typer.Option(
        metavar="WHEN",
        parser=moment_ms,
        help="Admitted since: 90m, 24h, 7d, or a time in UTC like 2026-01-31T08:00.",
    ),
]
Until = Annotated[
    int | None, typer.Option(metavar="WHEN", parser=moment_ms, help="Admitted before, likewise.")
]
Against = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|genai-prices",
        help="Another price table: a model map (JSON), a configuration (YAML), or the package.",
    ),
]


class Role(StrEnum):
    """What the holder of an admin key may do."""

    ADMIN = "admin"
    VIEWER = "viewer"


Expires = Annotated[
    int | None,
    typer.Option(
        metavar="WHEN", parser=future_ms, help="When it ends: 30d, 12w, or a time in UTC."
    ),
]
KeyName = Annotated[
    str, typer.Argument(metavar="NAME", help="The key's name, or the beginning that is shown.")
]
