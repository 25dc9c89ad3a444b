"""The end of a demo: what was spent, and whether the books agree with what agents were told."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.columns import columns
from app.demo.display import totals
from app.demo.tally import Line, Tally
from config.money import usd_text
from config.rates import AGENT_TYPES
from storage.ledger import Ledger, Search
from storage.reconcile import Report

PAGE: int = 5_000


@dataclass(frozen=True, slots=True)
class Books:
    """What ledger and counters say after a run, nano-dollars."""

    report: Report
    charged_nano: int
    calls: int

    def agree_with(self, tally: Tally) -> bool:
        """Whether nothing differs; a call that failed may have cost what its agent never heard."""
        told = tally.whole.charge_nano
        return self.report.clean and (self.charged_nano == told or tally.whole.failed > 0)


async def charged(ledger: Ledger, execution_ids: list[str]) -> tuple[int, int]:
    """What the ledger says these executions were charged, and in how many calls."""
    total = calls = 0
    for execution_id in execution_ids:
        before: int | None = None
        while True:
            page = await ledger.search(Search(execution_id=execution_id), PAGE, before)
            total += sum(entry.charge_nano for entry in page)
            calls += sum(1 for entry in page if entry.entry == 0)
            if len(page) < PAGE:
                break
            before = page[-1].seq
    return total, calls


def summary(tally: Tally, books: Books | None) -> str:
    """All of it as text."""
    order = {agent: at for at, agent in enumerate(AGENT_TYPES)}
    agents = dict(sorted(tally.agents.items(), key=lambda item: order[item[0]]))
    parts = [
        totals(tally),
        _table("agent", agents),
        _table("campaign", dict(sorted(tally.campaigns.items()))),
    ]
    if tally.refusals:
        why = ", ".join(f"{name} {n}" for name, n in sorted(tally.refusals.items()))
        parts.append(f"Refused: {why}. Nothing was sent for these, and nothing charged.")
    if books is not None:
        parts.append(_agreement(tally, books))
    return "\n\n".join(parts)


def _agreement(tally: Tally, books: Books) -> str:
    report, told = books.report, tally.whole.charge_nano
    lines = [
        f"The agents were told {usd_text(told)} USD; the ledger has {usd_text(books.charged_nano)} "
        f"USD for these {books.calls} calls."
    ]
    if report.clean:
        lines.append(
            f"Ledger and counters agree: {report.counters} counters compared, "
            f"{report.seq} entries, no number missing."
        )
    else:
        lines.append(
            f"LEDGER AND COUNTERS DIFFER: {len(report.differences)} differences, "
            f"{len(report.missing)} gaps, {len(report.quarantined)} entries in quarantine."
        )
    return "\n".join(lines)


def _table(name: str, lines: Mapping[str, Line]) -> str:
    head = (name, "calls", "refused", "tokens", "USD")
    rows = [
        (
            key,
            str(line.calls),
            str(line.refused),
            f"{line.tokens:,}",
            usd_text(line.charge_nano),
        )
        for key, line in lines.items()
    ]
    return columns(head, rows, right=head[1:])
