"""A month remembers the budget that was set for it."""

from storage.months import limit, note


async def test_the_last_budget_of_a_month_is_kept(ledger):
    assert await limit(ledger, "2026-01") is None
    await note(ledger, "2026-01", 5, (800, 1000))
    # A rule may have no thresholds at all.
    await note(ledger, "2026-01", 7, ())
    await note(ledger, "2026-02", 1, (800, 1000))
    assert await limit(ledger, "2026-01") == 7
