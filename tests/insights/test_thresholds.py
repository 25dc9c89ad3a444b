"""Thresholds in force with who says so, and what others would tell before they are set."""

from dataclasses import replace

from budget.thresholds import WantedThresholds, set_thresholds
from config.rules import Rule
from insights.alerts import alerts
from insights.books import Books
from insights.rules import RuleRow, primary_row, rules
from insights.threshold_preview import threshold_preview
from tests.insights.conftest import NOW_MS, Shelf
from tests.storage.entries import DAY_MS, NEW_YEAR_MS


async def put(
    books: Books, rule: Rule, at_mille: tuple[int, ...] | None, at_ms: int | None, version: int
) -> None:
    wanted = WantedThresholds(rule, at_mille, at_ms, "ada", "panel", "earlier", version)
    await set_thresholds(books.ledger, wanted, NOW_MS)


async def primary(books: Books) -> RuleRow:
    row = await primary_row(books)
    assert row is not None
    return row


async def test_each_rule_says_where_its_thresholds_stand(shelf: Shelf) -> None:
    books = shelf.books
    monthly, split = books.loaded.rules[0], books.loaded.rules[1]
    await put(books, monthly, (100, 900), NOW_MS, 0)
    await put(books, split, (), None, 0)
    told = (await primary(books)).alerting
    assert (told.at_mille, told.file_mille) == ((100, 900), (800, 1000))
    source = told.source
    assert (source.text, source.why, source.version) == ("set by ada", "earlier", 1)
    assert not source.until_changed
    rows = {row.rule.name: row.alerting for row in await rules(books)}
    assert (rows["per-campaign"].at_mille, rows["per-campaign"].source.until_changed) == ((), True)
    assert rows["seo-daily"].source.kind == "default"
    # When the month turns, the file's are in force again by themselves.
    later = replace(books, now_ms=NEW_YEAR_MS + 32 * DAY_MS)
    assert (await primary(later)).alerting.at_mille == (800, 1000)


async def test_alerts_watch_the_thresholds_in_force(shelf: Shelf) -> None:
    books = shelf.books
    await put(books, books.loaded.rules[0], (100, 955), None, 0)
    await put(books, books.loaded.rules[1], (), None, 0)
    found = await alerts(books)
    assert {one.at_mille for one in found.thresholds if one.rule == "monthly"} == {100, 955}
    assert not any(one.rule == "per-campaign" for one in found.thresholds)


async def test_a_preview_says_what_is_told_at_once_and_since_when(shelf: Shelf) -> None:
    books, row = shelf.books, await primary(shelf.books)
    # As much as the ledger has by now, against twice of that.
    spent = sum(one.charge_nano for one in shelf.entries if one.admitted_ms < NOW_MS)
    row = replace(row, posted_nano=spent, limit_nano=2 * spent, utilisation_mille=500)
    found = await threshold_preview(books, row, (10, 500, 1000, 1500))
    assert [reach.reached for reach in found.reaches] == [True, True, False, False]
    assert found.reaches[0].since_ms is not None
    assert found.sentences[0] == "Now it is at 50%."
    assert found.sentences[1].startswith("1% would tell at once; it would have on ")
    assert found.sentences[-1] == "150% would tell of spend above the limit."
    nobody = await threshold_preview(books, row, ())
    assert nobody.sentences == ("Nobody is told before calls are refused.",)
    split = next(row for row in await rules(books) if row.rule.each)
    each = await threshold_preview(books, split, (900, 1000))
    assert each.sentences == ("No campaign has reached 90% or 100% of its limit.",)
