"""Sections that show how things stand: previews, prices, rows, health, alerts, the audit log."""

import csv
import io

import pytest

from config.money import usd_to_nano
from insights.alerts import alerts
from insights.audit_trail import audit_page
from insights.health import health, uptime
from insights.limit_preview import limit_preview
from insights.rate_card import rate_card, what_if
from insights.rules import rules
from insights.transactions import csv_lines, rows
from storage import samples
from storage.audit import Act, AuditSearch
from storage.queries import Filter
from storage.records import Flag
from storage.samples import MINUTE_MS, Sample
from storage.sampling import Sampling
from tests.insights.conftest import NOW_MS, Shelf
from tests.storage.entries import DAY_MS, entry


async def test_a_limit_below_what_is_spent_refuses_at_once(shelf: Shelf) -> None:
    row = (await rules(shelf.books))[0]
    low = await limit_preview(shelf.books, row, 0)
    assert low.refuses_now
    assert "refused at once" in low.sentence
    high = await limit_preview(shelf.books, row, usd_to_nano("900000"))
    assert not high.refuses_now
    assert high.remaining_nano == usd_to_nano("900000") - row.posted_nano - row.held_nano


def test_the_rate_card_says_where_each_rate_stands(loaded) -> None:
    card = rate_card(loaded)
    assert len(card.rates) == 15
    assert {row.agent: row.nano_per_1k for row in card.rates}["CONTENT"] == usd_to_nano("0.04")
    mini = next(model for model in card.models if model.name == "gpt-4o-mini")
    assert {price.kind for price in mini.prices} >= {"input", "output", "cached"}
    found = what_if(loaded, "CONTENT", "gpt-4o-mini", 1_000, 1_000)
    assert found.agent_rate_nano == found.charged_nano == usd_to_nano("0.08")
    assert what_if(loaded, "CONTENT", "no-such-model", 1, 1).provider_nano is None


async def test_rows_come_by_place_and_are_counted(shelf: Shelf) -> None:
    newest = sorted(shelf.entries, key=lambda one: one.admitted_ms, reverse=True)
    first = await rows(shelf.books, Filter(), 0, 50)
    then = await rows(shelf.books, Filter(), 50, 200)
    assert (first.total, first.exact) == (200, True)
    got = [one.admitted_ms for one in (*first.entries, *then.entries)]
    assert got == [one.admitted_ms for one in newest]
    since = NOW_MS - 12 * DAY_MS
    for wanted in (Filter(agent="SEO", model="gpt-5"), Filter(since_ms=since, campaign="HOLIDAY")):
        some = await rows(shelf.books, wanted, 0, 200)
        assert (some.total, some.exact) == (len(some.entries), True)
    with pytest.raises(ValueError, match="at most"):
        await rows(shelf.books, Filter(), 0, 100_000)


async def test_csv_is_whole_and_runs_no_formula(shelf: Shelf) -> None:
    await shelf.books.ledger.append([entry(1000, campaign="=1+1", task="@x", metadata="secret")])
    text = "".join([part async for part in csv_lines(shelf.books, Filter())])
    read = list(csv.DictReader(io.StringIO(text)))
    assert len(read) == 201
    odd = next(row for row in read if row["seq"] == "1000")
    assert (odd["campaign"], odd["task"]) == ("'=1+1", "'@x")
    assert "secret" not in text
    assert odd["charge_usd"] == "0.0006"


async def test_gaps_between_samples_are_downtime(shelf: Shelf) -> None:
    start = NOW_MS - NOW_MS % DAY_MS
    up = [Sample(start + minute * MINUTE_MS, True, 1, 0) for minute in range(100) if minute != 7]
    await samples.write(shelf.books.ledger, *up, Sample(start + 7 * MINUTE_MS, False, 1, 0))
    days = await uptime(shelf.books)
    assert len(days) == 90
    assert days[-1].up == 99
    assert days[-1].minutes == (NOW_MS - start) // MINUTE_MS
    assert sum(day.minutes for day in days[:-1]) == 0, "before the first sample nobody knows"


async def test_health_says_what_lives(shelf: Shelf) -> None:
    await shelf.purse.process()
    found = await health(shelf.books, "line 3: no")
    parts = {part.name: part for part in found.parts}
    assert parts["redis"].state == parts["sql"].state == parts["proxies"].state == "ok"
    assert (parts["config"].state, parts["config"].says) == ("degraded", "line 3: no")
    assert (found.holds, found.sandbox) == (0, True)
    sample = await Sampling(shelf.books.link, shelf.books.ledger).sample(0)
    assert (sample.redis, sample.proxies) == (True, 1)
    await shelf.purse.link.close()
    gone = {part.name: part.state for part in (await health(shelf.books)).parts}
    assert (gone["redis"], gone["sql"]) == ("down", "ok")


async def test_a_flagged_entry_is_an_alarm(shelf: Shelf) -> None:
    flagged = entry(
        1001, admitted_ms=NOW_MS - 1000, posted_ms=NOW_MS, flags=frozenset({Flag.OVER_HOLD})
    )
    await shelf.books.ledger.append([flagged])
    found = await alerts(shelf.books)
    assert [one.seq for one in found.flagged] == [1001]
    assert found.level == "alarm"
    assert {one.rule for one in found.thresholds} >= {"monthly", "seo-daily"}


async def test_the_audit_log_is_found_by_page_and_by_word(shelf: Shelf) -> None:
    ledger = shelf.books.ledger
    for number in range(5):
        await ledger.audit(Act("override", "tom", "panel", None, f"{number} USD", "50% more"))
    await ledger.audit(Act("freeze", "maria", "panel"))
    first = await audit_page(shelf.books, AuditSearch(action="override"), 3)
    then = await audit_page(shelf.books, AuditSearch(action="override"), 3, first.next_seq)
    assert [len(first.lines), len(then.lines), then.next_seq] == [3, 2, None]
    assert (first.actions, first.people) == (("freeze", "override"), ("maria", "tom"))
    assert len((await audit_page(shelf.books, AuditSearch(text="0%"))).lines) == 5
    assert len((await audit_page(shelf.books, AuditSearch(who="maria"))).lines) == 1
