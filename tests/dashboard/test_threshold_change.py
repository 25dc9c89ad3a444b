"""Alert thresholds as the panel shows and reads them: chips, words, and what a field may hold."""

from pathlib import Path
from typing import Any

import pytest

from budget.thresholds import WantedThresholds, set_thresholds
from dashboard import formats
from dashboard.books import books
from dashboard.components.threshold_form import thresholds
from dashboard.errors import Invalid
from dashboard.services import Services
from dashboard.threshold_change import shares
from insights.rules import RuleRow, primary_row
from tests.budget.purse import Engines, monthly
from tests.dashboard.desk import found
from tests.dashboard.pages.desk import open_desk, words

UTC = formats.zone("UTC")
FORM = "rules-alerts-save"


async def row_of(services: Services) -> RuleRow:
    row = await primary_row(books(services))
    assert row is not None
    return row


def drawn(row: RuleRow, *, may_change: bool = True) -> Any:
    return thresholds("rules", row, UTC, may_change=may_change)


async def test_thresholds_are_shown_with_who_set_them(
    valkey_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    rule = monthly("100", alert_at_mille=(500, 955))
    async with open_desk(Engines(valkey_url, sqlite_url), tmp_path, rule) as (services, _, process):
        await process.spend(1_500_000)
        row = await row_of(services)
        text = words(drawn(row))
        assert "50% passed" in text
        assert "95.5% " in text
        assert "From config/purser.yaml:" in text
        assert found(drawn(row), FORM) is not None
        assert found(drawn(row), "rules-alerts-reset") is None
        assert found(drawn(row, may_change=False), FORM) is None
        wanted = WantedThresholds(rule, (), None, "ada", "panel", "", 0)
        await set_thresholds(services.ledger, wanted, services.lifeline.now_ms())
        row = await row_of(services)
        text = words(drawn(row))
        assert "none: nobody is told" in text
        assert "Set by ada" in text
        assert "until changed" in text
        assert found(drawn(row), "rules-alerts-reset") is not None
        # A finer share is kept where the file has it, though nobody may enter one.
        assert shares(["60", "95.5%", " 200 %"], row) == (600, 955, 2000)
        assert shares([], row) == ()
        for given in BAD:
            with pytest.raises(Invalid):
                shares(given, row)


async def test_ops_lock_thresholds_with_the_limit(
    valkey_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    rule = monthly("100", locked=True)
    async with open_desk(Engines(valkey_url, sqlite_url), tmp_path, rule) as (
        services,
        _,
        _process,
    ):
        row = await row_of(services)
        assert "locked in its file" in words(drawn(row))
        assert found(drawn(row), FORM) is None


BAD: list[Any] = [
    None, "80", {"a": 1}, ["0"], ["201"], ["-5"], ["1e2"], ["80.5"], ["eighty"], [""], [80], [True],
    [["80"]], [None], ["80", "80%"], ["٨٠"], ["1" * 5000], [str(at) for at in range(1, 10)],
]  # fmt: skip
"""What a field may not hold, or a hand-made request."""
