"""A campaign's status: in SQL first, in Redis never an older one."""

from config.rules import value_digest
from storage import campaigns
from storage.audit import Act
from storage.redis_link import RedisLink

ACT = Act("campaign_status", "boss", "api")


async def test_a_campaign_is_one_in_any_case(ledger):
    assert (await campaigns.find(ledger, "Spring")).status == "active"
    await campaigns.change(ledger, "Spring", ACT, revenue_nano=5)
    await campaigns.change(ledger, "SPRING", ACT, status="paused", published=False)
    found = await campaigns.find(ledger, "spring")
    assert (found.name, found.status, found.revenue_nano) == ("Spring", "paused", 5)
    assert len(await ledger.audited()) == 2


async def test_an_older_status_that_arrives_late_changes_nothing(ledger, valkey_url, monkeypatch):
    link = RedisLink(valkey_url)
    older = await campaigns.change(ledger, "a", ACT, status="paused", published=False)
    await campaigns.change(ledger, "a", ACT, status="completed", published=False)
    await campaigns.publish(link, ledger, "a")

    async def as_it_was(*_):
        return older

    monkeypatch.setattr(campaigns, "find", as_it_was)
    await campaigns.publish(link, ledger, "a")
    assert await link.hash("blocked") == {value_digest("A"): "completed"}
    monkeypatch.undo()
    await campaigns.change(ledger, "a", ACT, status="active", published=False)
    await campaigns.restore(link, ledger)
    assert await link.hash("blocked") == {}
    await link.close()
