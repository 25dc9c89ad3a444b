"""Sums from the rollup are plain sums over the entries, in any zone, for any filter."""

from collections import defaultdict
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.rules import fold
from storage.holds import Interval
from storage.ledger import Ledger
from storage.records import LedgerEntry, Status
from storage.usage import (
    Scope,
    Use,
    executions,
    pairs,
    series_by,
    used,
    used_by,
    used_by_bucket,
)
from tests.storage.books import AGENTS, KEYS, MODELS, random_books
from tests.storage.entries import DAY_MS, NEW_YEAR_MS

MINUTE_MS = 60_000
COLUMNS = {
    "agent": lambda one: one.agent,
    "campaign": lambda one: fold(one.campaign),
    "model": lambda one: one.requested_model,
    "endpoint": lambda one: one.endpoint,
    "key": lambda one: one.key,
}


def fits(one: LedgerEntry, within: Interval, scope: Scope) -> bool:
    asked = {
        name: {fold(value) if name == "campaign" else value for value in values}
        for name, values in scope.values().items()
    }
    inside = within.start_ms <= one.admitted_ms < within.end_ms
    return inside and all(COLUMNS[name](one) in values for name, values in asked.items())


def plain(entries: list[LedgerEntry]) -> Use:
    first = [one for one in entries if one.entry == 0]
    calls = [one for one in first if one.status not in (Status.REFUSED, Status.MANUAL)]
    lone = [one for one in first if one.execution_id is None and one.status != Status.REFUSED]
    by = {
        status.value: sum(one.count for one in first if one.status is status)
        for status in (Status.FAILED, Status.VOIDED, Status.ASSUMED, Status.MANUAL, Status.REFUSED)
    }
    latencies = [one.latency_ms for one in entries if one.latency_ms is not None]
    firsts = [one.ttfb_ms for one in entries if one.ttfb_ms is not None]
    return Use(
        entries=len(entries),
        charge_nano=sum(one.charge_nano for one in entries),
        provider_nano=sum(one.provider_nano for one in entries),
        dearer_nano=sum(one.dearer_nano for one in entries),
        held_nano=sum(one.held_nano for one in entries),
        calls=sum(one.count for one in calls),
        lone=sum(one.count for one in lone),
        input_tokens=sum(one.usage.input_tokens for one in entries),
        output_tokens=sum(one.usage.output_tokens for one in entries),
        cached_tokens=sum(one.usage.cached_tokens for one in entries),
        latency_ms_sum=sum(latencies),
        latency_count=len(latencies),
        ttfb_ms_sum=sum(firsts),
        ttfb_count=len(firsts),
        **by,
    )


scopes = st.builds(
    Scope,
    agent=st.sampled_from((None, *AGENTS, AGENTS[:2])),
    campaign=st.sampled_from((None, None, "HOLIDAY", ("Straße", "holiday", "STRASSE"))),
    model=st.sampled_from((None, None, *MODELS)),
    key=st.sampled_from((None, None, *KEYS)),
)
edges = st.lists(
    st.integers(0, 3 * 24 * 4).map(lambda quarter: NEW_YEAR_MS + quarter * 15 * MINUTE_MS),
    min_size=2,
    max_size=9,
    unique=True,
).map(sorted)


class Kept(tuple[Ledger, list[LedgerEntry]]):
    """A ledger and what was written into it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "random books"


@pytest.fixture
async def kept(ledger):
    books = random_books(7, 250)
    await ledger.append(books)
    return Kept((ledger, books))


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(scope=scopes, borders=edges)
async def test_sums_by_bucket_and_by_value_are_plain_sums(kept, scope, borders):
    ledger, books = kept
    buckets = [Interval(*pair) for pair in pairwise(borders)]
    truth = [plain([one for one in books if fits(one, b, scope)]) for b in buckets]
    assert await used_by_bucket(ledger, buckets, scope) == truth
    whole = Interval(borders[0], borders[-1])
    inside = [one for one in books if fits(one, whole, scope)]
    assert await used(ledger, whole, scope) == plain(inside)
    for by, value_of in COLUMNS.items():
        groups = defaultdict(list)
        for one in inside:
            groups[value_of(one)].append(one)
        mine = await used_by(ledger, by, whole, scope)
        assert mine == {value: plain(some) for value, some in groups.items()}
    series = await series_by(ledger, "agent", buckets, "charge_nano", scope)
    for agent, amounts in series.items():
        of_it = [one for one in inside if one.agent == agent]
        assert amounts == [
            sum(one.charge_nano for one in of_it if fits(one, bucket, scope)) for bucket in buckets
        ]


async def test_executions_count_once_where_they_began(kept):
    ledger, books = kept
    whole = Interval(NEW_YEAR_MS + 90 * MINUTE_MS, NEW_YEAR_MS + DAY_MS)
    began: dict[tuple[str, str], int] = {}
    for one in books:
        if one.execution_id is not None:
            run = (one.agent, one.execution_id)
            began[run] = min(began.get(run, one.admitted_ms), one.admitted_ms)
    truth: dict[str, int] = defaultdict(int)
    for (agent, _), at in began.items():
        truth[agent] += whole.start_ms <= at < whole.end_ms
    found = await executions(ledger, whole)
    assert found == {agent: count for agent, count in truth.items() if count}
    assert await executions(ledger, whole, Scope(agent="SEO")) == {
        agent: count for agent, count in found.items() if agent == "SEO"
    }
    some = ("SEO", "unattributed")
    assert await executions(ledger, whole, Scope(agent=some)) == {
        agent: count for agent, count in found.items() if agent in some
    }


async def test_pairs_are_those_of_calls_inside_of_the_interval(kept):
    ledger, books = kept
    whole = Interval(NEW_YEAR_MS + 95 * MINUTE_MS, NEW_YEAR_MS + DAY_MS + 20 * MINUTE_MS)
    for scope in (
        Scope(),
        Scope(agent=("SEO", "CONTENT"), campaign=("Holiday", "STRASSE")),
        Scope(model=("gpt-5", ""), key="ci"),
    ):
        truth = {
            (one.agent, fold(one.campaign))
            for one in books
            if fits(one, whole, scope) and one.entry == 0 and one.status is not Status.REFUSED
        }
        assert await pairs(ledger, whole, scope) == sorted(truth)
