"""`purser reconcile`: do the counters say what the ledger says?"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import typer

from app.books import say_whose
from app.columns import columns
from app.complaints import DONE, FAILED, complain
from app.engines import Engines, opened
from config.money import usd_text
from config.settings import Loaded, load
from storage import generations
from storage.errors import NotReady
from storage.outbox import quarantined
from storage.reconcile import Difference, Report
from storage.reconcile import reconcile as compare
from storage.reconcile import repair as mend
from storage.rollup_check import RollupDifference, check_rollups, rebuild_rollups


@dataclass(frozen=True, slots=True)
class Findings:
    """What a reconcile found, and what was left after a repair (None: nothing was repaired)."""

    found: Report
    left: Report | None
    records: dict[int, str]
    """What stands in quarantine, by sequence number."""
    rollup: tuple[RollupDifference, ...] = ()
    """Hours and days in which the rollup is not what the ledger adds up to."""
    rollup_left: tuple[RollupDifference, ...] | None = None

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong now."""
        rollup = self.rollup if self.rollup_left is None else self.rollup_left
        return (self.left or self.found).clean and not rollup


def reconcile(config: Path | None, *, repairs: bool, as_json: bool) -> int:
    """Compare, mend if asked to, print."""
    loaded = load(config)
    say_whose(loaded)
    try:
        findings = asyncio.run(_reconcile(loaded, repairs=repairs))
    except NotReady as error:
        complain(
            f"there is nothing to compare: {error}.",
            "A janitor rebuilds Redis from the ledger: start `purser serve` (or `purser janitor`),",
            "wait until /readyz answers 200, then reconcile again.",
        )
        return FAILED
    typer.echo(orjson.dumps(_json(findings)).decode() if as_json else _text(findings))
    return DONE if findings.clean else FAILED


async def _reconcile(loaded: Loaded, *, repairs: bool) -> Findings:
    async with opened(loaded) as engines:
        found = await reconcile_once(engines, loaded)
        left = None
        if repairs and found.differences:
            await mend(engines.link, found)
            left = await reconcile_once(engines, loaded)
        rollup = await check_rollups(engines.ledger)
        rollup_left = None
        if repairs and rollup:
            await rebuild_rollups(engines.ledger)
            rollup_left = await check_rollups(engines.ledger)
        broken = await quarantined(engines.link)
        return Findings(found, left, broken, rollup, rollup_left)


async def reconcile_once(engines: Engines, loaded: Loaded) -> Report:
    """Compare by the rules in force; those of the file where none have been published."""
    generation = await generations.load(engines.link)
    rules = generation.rules if generation else loaded.rules
    return await compare(engines.link, engines.ledger, rules)


def _text(findings: Findings) -> str:
    report = findings.found
    lines = [f"Compared {report.counters} counters with the ledger up to entry {report.seq}."]
    if report.differences:
        lines += ["", f"{len(report.differences)} differences:", _table(report.differences)]
    if report.missing:
        lines += ["", f"Numbers that the ledger does not have: {_ranges(report.missing)}"]
        lines += ["Redis gave them out, and no entry came: compare with a backup of Redis."]
    if report.quarantined:
        lines += ["", "Entries that the database would not take:"]
        lines += [f"  {seq}  {findings.records.get(seq, '')}" for seq in report.quarantined]
    lines += _rollup_text(findings)
    if report.clean:
        lines.append("They agree, and no number is missing.")
    if findings.left is not None:
        mended = len(report.differences) - len(findings.left.differences)
        lines += ["", f"Repaired {mended} of {len(report.differences)} differences."]
    elif report.differences:
        lines += ["", "`purser reconcile --repair` sets the counters to what the ledger says."]
    return "\n".join(lines)


def _rollup_text(findings: Findings) -> list[str]:
    if not findings.rollup:
        return []
    facets = ", ".join(sorted({one.facet for one in findings.rollup}))
    said = f"The rollup is not what the ledger adds up to ({facets}): "
    if findings.rollup_left is None:
        return ["", said + "`purser reconcile --repair` builds it anew."]
    return ["", said + ("still." if findings.rollup_left else "it was built anew.")]


def _table(differences: Sequence[Difference]) -> str:
    head = ("rule", "window", "value", "what", "Redis USD", "true USD", "off USD")
    rows = [
        (
            d.rule,
            datetime.fromtimestamp(d.counter.window.start_ms / 1000, UTC).strftime(
                "%Y-%m-%d %H:%M"
            ),
            d.value or "-",
            d.kind,
            *map(usd_text, (d.redis_nano, d.truth_nano, d.off_nano)),
        )
        for d in differences
    ]
    return columns(head, rows, right=head[-3:])


def _ranges(missing: Sequence[tuple[int, int]]) -> str:
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in missing)


def _json(findings: Findings) -> dict[str, Any]:
    return {
        "clean": findings.clean,
        "found": _report(findings.found),
        "left": None if findings.left is None else _report(findings.left),
        "rollup": [
            {
                "span": one.span,
                "facet": one.facet,
                "start_ms": one.start_ms,
                "value": one.value,
                "other": one.other,
                "off": dict(one.measures),
            }
            for one in findings.rollup
        ],
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "seq": report.seq,
        "counters": report.counters,
        "differences": [
            {
                "rule": d.rule,
                "counter": d.counter.counter,
                "window_start_ms": d.counter.window.start_ms,
                "value": d.value,
                "what": d.kind,
                "redis_nano": d.redis_nano,
                "truth_nano": d.truth_nano,
                "off_nano": d.off_nano,
            }
            for d in report.differences
        ],
        "missing": report.missing,
        "quarantined": report.quarantined,
    }
