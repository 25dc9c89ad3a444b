"""Lists by page and sums, alike on both engines, and read from an index."""

from sqlalchemy import select, text

from config.money import Nano
from config.rules import Dimension, Rule, Window
from storage.database import reading
from storage.ledger import Ledger
from storage.queries import (
    BUCKET_MS,
    Cursor,
    Filter,
    First,
    Known,
    campaign_total,
    costs_by_agent,
    known,
    page,
    pages,
    spend_by_bucket,
)
from storage.records import Status
from storage.tables import billing_log
from tests.storage.entries import DAY_MS, NEW_YEAR_MS, correction, entry


async def listed(ledger: Ledger, wanted: Filter, size: int) -> list[int]:
    seen, after = [], None
    while True:
        found = await page(ledger, wanted, size, after)
        seen += [one.seq for one in found.entries]
        if found.following is None:
            return seen
        after = found.following


async def test_pages_are_the_whole_list_whatever_their_size(ledger):
    # Three of each time: the row's number decides between them.
    rows = [entry(n, admitted_ms=NEW_YEAR_MS + n // 3, agent="SEO") for n in range(1, 11)]
    await ledger.append(rows)
    for size in (1, 2, 3, 4, 10, 11):
        assert await listed(ledger, Filter(agent="SEO"), size) == list(range(10, 0, -1))
        oldest_first = [one.seq async for some in pages(ledger, Filter(), size) for one in some]
        assert oldest_first == list(range(1, 11))
    assert await listed(ledger, Filter(agent="EMAIL"), 3) == []
    beyond = await page(ledger, Filter(), 5, Cursor(0, 0))
    assert (beyond.entries, beyond.following) == ((), None)


async def test_each_filter_is_asked(ledger):
    odd = {
        "agent": "SEO", "campaign": "Spring", "task": "t", "key": "k", "endpoint": "embeddings",
        "requested_model": "gpt-x", "execution_id": "run", "request_id": "req",
        "hold_id": "hold", "status": Status.ASSUMED,
    }  # fmt: skip
    await ledger.append([entry(1), entry(2, **odd)])
    for name, value in odd.items():
        asked = {"requested_model": "model"}.get(name, name)
        assert await listed(ledger, Filter(**{asked: value}), 5) == [2], name
    assert await listed(ledger, Filter(campaign="SPRING"), 5) == [2]
    for one in ("run", "req", "hold"):
        assert await listed(ledger, Filter(call=one), 5) == [2], one
    assert await listed(ledger, Filter(agent=("SEO", "NOBODY"), campaign=("SPRING", "x")), 5) == [2]
    assert await listed(ledger, Filter(agent=("NOBODY", "EMAIL")), 5) == []
    assert await listed(ledger, Filter(since_ms=NEW_YEAR_MS + 2), 5) == [2]
    assert await listed(ledger, Filter(until_ms=NEW_YEAR_MS + 2), 5) == [1]


async def test_sums_count_calls_once_and_corrections_as_money(ledger):
    first = entry(1)
    refused = {"status": Status.REFUSED, "charge_nano": 0, "provider_nano": 0, "dearer_nano": 0}
    await ledger.append(
        [
            first,
            correction(first, 2, -100_000),
            entry(3, agent="SEO", status=Status.MANUAL),
            entry(4, agent="SEO", count=7, held_nano=0, **refused),
        ]
    )
    seo, content = await costs_by_agent(ledger, Filter())
    assert (seo.name, seo.calls, seo.manual, seo.refused) == ("SEO", 0, 1, 7)
    assert (content.name, content.calls, content.charge_nano) == ("CONTENT", 1, 500_000)
    assert await campaign_total(ledger, "HOLIDAY") == 1_100_000
    assert await campaign_total(ledger, "nothing") == 0


async def test_spend_by_quarter_hour_is_that_of_the_rule(ledger):
    rule = Rule("seo", Nano(1), Window.DAY, "UTC", match={Dimension.AGENT: "seo"})
    await ledger.append(
        [
            entry(1, agent="SEO", admitted_ms=NEW_YEAR_MS),
            entry(2, agent="SEO", admitted_ms=NEW_YEAR_MS + BUCKET_MS - 1),
            entry(3, agent="SEO", admitted_ms=NEW_YEAR_MS + BUCKET_MS),
            entry(4, agent="EMAIL", admitted_ms=NEW_YEAR_MS),
            entry(5, agent="SEO", admitted_ms=NEW_YEAR_MS + DAY_MS),
        ]
    )
    found = await spend_by_bucket(ledger, rule, NEW_YEAR_MS, NEW_YEAR_MS + DAY_MS)
    assert found == {NEW_YEAR_MS: 1_200_000, NEW_YEAR_MS + BUCKET_MS: 600_000}


async def test_what_is_known_of_an_id_and_of_an_execution(ledger):
    await ledger.append(
        [
            entry(1, execution_id="run", status=Status.MANUAL),
            entry(2, execution_id="other"),
            entry(3, execution_id="free", status=Status.VOIDED, charge_nano=0, provider_nano=0),
        ]
    )
    found = await known(ledger, "hold-1", "run")
    assert found == Known(First("hold-1", "request-1", 600_000, NEW_YEAR_MS + 1, False), None)
    assert (await known(ledger, "nothing", "other")).metered_hold == "hold-2"
    assert (await known(ledger, "nothing", "free")).metered_hold is None


async def test_pages_are_read_from_an_index_in_order(sqlite_url):
    ledger = await Ledger.open(sqlite_url)
    wanted = {
        "ix_billing_log_admitted_ms": Filter(since_ms=1),
        "ix_billing_log_agent_admitted_ms": Filter(agent="SEO"),
        "ix_billing_log_campaign_folded_admitted_ms": Filter(campaign="c"),
    }
    columns = billing_log.c
    async with reading(ledger.engine) as connection:
        for index, asked in wanted.items():
            query = (
                select(columns.seq)
                .where(*asked.conditions())
                .order_by(columns.admitted_ms.desc(), columns.id.desc())
            )
            sql = query.compile(compile_kwargs={"literal_binds": True})
            rows = await connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"))
            plan = " ".join(row.detail for row in rows)
            assert index in plan
            assert "TEMP B-TREE" not in plan
    await ledger.close()
