"""What the panel reads besides sums: a look at Redis, samples, notices, names, places in a list."""

import time

from storage import campaigns
from storage.audit import Act
from storage.flight import in_flight
from storage.glance import glance
from storage.holds import Interval
from storage.names import campaign_names, campaign_totals, campaigns_said
from storage.notices import flagged_since, refused_since
from storage.override_history import Made, changes, in_force
from storage.overrides import Change, write
from storage.queries import Filter
from storage.records import Flag, Status
from storage.rows_found import count, count_held_above, window
from storage.samples import KEPT_MS, MINUTE_MS, Sample, first_minute, up_by_quarter
from storage.samples import write as write_samples
from storage.sampling import Sampling
from tests.budget.purse import monthly, open_purse, used
from tests.storage.entries import NEW_YEAR_MS, entry


async def test_a_glance_sees_a_call_in_flight(engines):
    async with open_purse(engines, rule := monthly("20")) as purse:
        proxy = await purse.process()
        grant = await proxy.admit(1_000)
        posting = grant.postings[0]
        asked = Interval(posting.window_start_ms, posting.window_end_ms)
        found = await glance(purse.link, [(rule, asked, "")])
        assert (found.holds, found.held_nano, found.oldest_ms) == (1, 40_000_000, grant.admitted_ms)
        later = await proxy.admit(2_000, "Holiday")
        flying = await in_flight(purse.link)
        assert (flying.total, flying.state) == (2, "ready")
        assert {(one.hold_id, one.campaign, one.held_nano) for one in flying.calls} == {
            (grant.facts.hold_id, "unattributed", 40_000_000),
            (later.facts.hold_id, "Holiday", 80_000_000),
        }
        first = await in_flight(purse.link, 1)
        assert (first.total, first.calls[0].admitted_ms) == (2, grant.admitted_ms)
        await proxy.settlement.end(later, used(2_000))
        assert [one.hold_id for one in (await in_flight(purse.link)).calls] == [grant.facts.hold_id]
        assert (found.counted[0].posted_nano, found.counted[0].held_nano) == (0, 40_000_000)
        sampling = Sampling(purse.link, purse.ledger)
        await sampling.tick()
        await sampling.tick()
        minute = await first_minute(purse.ledger)
        assert minute is not None
        assert abs(minute - time.time() * 1000) < 3 * MINUTE_MS


async def test_samples_of_long_ago_go(ledger):
    await write_samples(ledger, Sample(MINUTE_MS, True, 1, 0))
    await write_samples(ledger, Sample(KEPT_MS + 3 * MINUTE_MS, True, 1, 0))
    assert await up_by_quarter(ledger, 0) == {KEPT_MS: 1}


async def test_refusals_flags_and_places(ledger):
    free = {"charge_nano": 0, "provider_nano": 0, "dearer_nano": 0, "held_nano": 0}
    refused = {"status": Status.REFUSED, "rule": "monthly", "reason": "budget_exceeded", **free}
    await ledger.append(
        [
            entry(1, count=2, **refused),
            entry(2, count=3, **refused),
            entry(3, flags=frozenset({Flag.OVER_HOLD}), held_nano=7),
        ]
    )
    (found,) = await refused_since(ledger, NEW_YEAR_MS)
    assert (found.rule, found.count, found.last_ms) == ("monthly", 5, NEW_YEAR_MS + 2)
    windows = await refused_since(ledger, NEW_YEAR_MS, NEW_YEAR_MS + 2, by=("agent",))
    assert {(one.since_ms, one.agent): one.count for one in windows} == {
        (NEW_YEAR_MS, "CONTENT"): 2,
        (NEW_YEAR_MS + 2, "CONTENT"): 3,
    }
    flagged = await flagged_since(ledger, NEW_YEAR_MS, (Flag.OVER_HOLD, Flag.RECOVERED), 9)
    assert [one.seq for one in flagged] == [3]
    assert [one.seq for one in await window(ledger, Filter(), 1, 5)] == [2, 1]
    assert await count(ledger, Filter(), 2) == 2
    assert await count_held_above(ledger, Filter(), 6) == 1


async def test_campaigns_are_named_as_first_written(ledger):
    await ledger.append([entry(1), entry(2, campaign="HOLIDAY")])
    act = Act("campaign_budget", "tom", "panel")
    await campaigns.change(ledger, "Spring", act, at_ms=NEW_YEAR_MS, budget_nano=5)
    assert await campaign_names(ledger) == {"holiday": "Holiday", "spring": "Spring"}
    assert await campaign_totals(ledger) == {"holiday": 1_200_000}
    assert (await campaigns_said(ledger))["spring"].budget_nano == 5


async def test_the_change_that_binds_a_window_is_told(ledger):
    act = Act("override", "tom", "panel")
    for at, (limit, start) in enumerate([(5, None), (7, 100), (None, None)], start=1):
        change = Change("monthly", "c", "", "", limit, start, "tom", f"why {at}")
        await write(ledger, change, act, None, 100 + at)
    made: list[Made] = await changes(ledger, "c")
    told = [found.why if (found := in_force(made, 100, 100 + at)) else "" for at in range(4)]
    assert told == ["", "why 1", "why 2", ""]
