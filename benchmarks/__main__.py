"""`python -m benchmarks [NAME …]`: measures, each figure beside a bare one from the same run.

Machines differ and are busy: read ratios. Without a name everything is measured, but for
`panel-data` and `panel`: a million rows, with arguments of their own.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Final

from rich.console import Console

from benchmarks import (
    bodies,
    calls,
    costs,
    edits,
    files,
    leaving,
    panel,
    panel_data,
    prompts,
)
from benchmarks.load import Turns

BENCHES: Final[Mapping[str, Callable[[Console, Turns], None]]] = {
    "calls": calls.bench,
    "costs": costs.bench,
    "prompts": prompts.bench,
    "files": files.bench,
    "edits": edits.bench,
    "leaving": leaving.bench,
    "bodies": bodies.bench,
}


def main() -> None:
    """Reads the arguments, measures, prints."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--rounds", type=int, default=6, help="turns of each way")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a turn")
    parser.add_argument("--connections", type=int, default=32, help="calls in flight under load")
    given = parser.parse_args()
    if unknown := set(given.names) - BENCHES.keys():
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    console = Console()
    for name in given.names or BENCHES:
        BENCHES[name](console, Turns(given.rounds, given.seconds, given.connections))


if __name__ == "__main__":
    if sys.argv[1:2] == ["panel-data"]:
        panel_data.main(sys.argv[2:])
    elif sys.argv[1:2] == ["panel"]:
        panel.main(sys.argv[2:])
    else:
        main()
