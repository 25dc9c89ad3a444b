"""How a demo shows what happens: bars on a terminal, a line now and then elsewhere."""

from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from app.demo.tally import Tally
from config.money import nano_to_usd

REFRESH_S: Final = 0.25
LINE_S: Final = 2.0
BAR_WIDTH: Final = 28


class Display:
    """Shows a tally while the block runs, where `update` is called now and then."""

    def __init__(self, tally: Tally, url: str, console: Console | None = None) -> None:
        self._tally = tally
        self._url = url
        self._console = console or Console()
        self._live: Live | None = None
        if self._console.is_terminal:
            self._live = Live(self._picture(), console=self._console, auto_refresh=False)

    @property
    def pause_s(self) -> float:
        """How often it wants to be updated."""
        return LINE_S if self._live is None else REFRESH_S

    def __enter__(self) -> "Display":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.update(self._picture(), refresh=True)
            self._live.stop()

    def update(self) -> None:
        """Show how things stand."""
        if self._live is not None:
            self._live.update(self._picture(), refresh=True)
        else:
            self._console.print(totals(self._tally), highlight=False, soft_wrap=True)

    def _picture(self) -> RenderableType:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("campaign", "budget used"):
            table.add_column(name)
        for name in ("spent USD", "of USD", "calls", "refused", "tokens"):
            table.add_column(name, justify="right")
        most = max((line.charge_nano for line in self._tally.campaigns.values()), default=1) or 1
        for name, line in sorted(self._tally.campaigns.items()):
            limit = self._tally.limits.get(name)
            full = limit or most
            bar = ProgressBar(
                full, min(line.charge_nano, full), BAR_WIDTH, complete_style=_style(line.refused)
            )
            table.add_row(
                name,
                bar,
                _usd(line.charge_nano),
                _usd(limit) if limit else "",
                f"{line.calls:,}",
                f"{line.refused:,}",
                f"{line.tokens:,}",
            )
        head = Text.assemble(
            ("Purser demo", "bold"), f"  {self._url}  the sandbox answers; Ctrl-C ends it"
        )
        return Group(head, Text(), table, Text(), Text(totals(self._tally), style="bold"))


def totals(tally: Tally) -> str:
    """All calls in one line."""
    whole = tally.whole
    failed = f", {whole.failed:,} failed" if whole.failed else ""
    return (
        f"{whole.calls:,} calls, {whole.refused:,} refused{failed}, {_usd(whole.charge_nano)} USD, "
        f"{whole.tokens:,} tokens, {tally.calls_a_second:.1f} calls/s"
    )


def _style(refused: int) -> str:
    return "red" if refused else "green"


def _usd(nano: int) -> str:
    """For eyes alone: rounded to four decimals."""
    return f"{nano_to_usd(nano):,.4f}"
