"""For any entries and any rule, the ledger's sums are those of counting entry by entry."""

import asyncio
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.money import Nano
from config.rules import DIMENSIONS, Counts, Dimension, Rule, Window, fold, value_digest
from storage.ledger import Ledger
from storage.records import Caller, CallFacts, Status
from storage.sums import Sums
from tests.storage.entries import NEW_YEAR_MS, correction, entry

END_MS = NEW_YEAR_MS + 1000


def rule(match=None, each=(), name="r", counts=Counts.CHARGE):
    return Rule(name, Nano(10**12), Window.MONTH, "UTC", match or {}, tuple(each), counts=counts)


EACH_CAMPAIGN = rule(each=[Dimension.CAMPAIGN])


async def test_a_rule_without_each_sums_everything_under_the_empty_value(ledger):
    first = entry(1, status=Status.ASSUMED)
    dear = entry(2, provider_nano=700_000, dearer_nano=700_000)
    await ledger.append([first, dear, correction(first, 3, -100_000)])
    (sums,) = (await ledger.sums(rule(), NEW_YEAR_MS, END_MS, 3)).items()
    assert sums == ("", Sums("", charge=1_100_000, provider=1_200_000, dearer=1_200_000))
    assert sums[1].amount(Counts.DEARER) == 1_200_000
    assert type(sums[1].charge) is int


async def test_values_that_fold_alike_are_one_and_named(ledger):
    spellings = ["Straße", "STRASSE", "İstanbul", "i̇stanbul", "ΌΣΟΣ", "όσος"]
    await ledger.append([entry(n, campaign=name) for n, name in enumerate(spellings, 1)])
    sums = await ledger.sums(EACH_CAMPAIGN, NEW_YEAR_MS, END_MS, 6)
    assert {value: (found.name, found.charge) for value, found in sums.items()} == {
        value_digest("straße"): ("STRASSE", 1_200_000),
        value_digest("İSTANBUL".lower()): ("i̇stanbul", 1_200_000),
        value_digest("ΌΣΟΣ"): ("ΌΣΟΣ", 1_200_000),
    }


async def test_two_dimensions_join_in_the_order_of_the_digests(ledger):
    both = rule(each=[Dimension.ENDPOINT, Dimension.AGENT])
    await ledger.append([entry(1)])
    (value,) = await ledger.sums(both, NEW_YEAR_MS, END_MS, 1)
    assert value == f"{value_digest('content')}.{value_digest('/v1/chat/completions')}"


async def test_a_call_counted_as_other_stays_other(ledger):
    counter = EACH_CAMPAIGN.counter
    await ledger.append(
        [
            entry(1, overflow=("0000000000000000", counter)),
            entry(2, campaign="Second", overflow=(counter,)),
            entry(3),
        ]
    )
    sums = await ledger.sums(EACH_CAMPAIGN, NEW_YEAR_MS, END_MS, 3)
    assert sums["other"].charge == 1_200_000
    assert sums[value_digest("holiday")].charge == 600_000
    assert (await ledger.sums(rule(), NEW_YEAR_MS, END_MS, 3))[""].charge == 1_800_000


async def test_the_window_ends_before_its_end_and_the_sequence_is_bounded(ledger):
    await ledger.append([entry(seq) for seq in range(1, 11)])
    at = NEW_YEAR_MS

    async def charge(start, end, up_to, after=0):
        return (await ledger.sums(rule(), at + start, at + end, up_to, after))[""].charge // 600_000

    assert await charge(2, 5, 10) == 3
    assert await charge(0, 100, 4) == 4
    assert await charge(0, 100, 9, after=4) == 5
    assert await ledger.sums(rule(), at + 50, at + 60, 10) == {}


async def test_what_was_refused_or_taken_back_leaves_no_value(ledger):
    first = entry(1)
    free = {"charge_nano": 0, "provider_nano": 0, "dearer_nano": 0}
    await ledger.append(
        [
            first,
            replace(correction(first, 2, -600_000), provider_nano=-500_000),
            entry(3, status=Status.REFUSED, campaign="Broke", **free),
        ]
    )
    assert await ledger.sums(EACH_CAMPAIGN, NEW_YEAR_MS, END_MS, 3) == {}


async def test_sums_beyond_a_float_stay_exact(ledger):
    big = {"charge_nano": 2**53 - 1, "dearer_nano": 2**53 - 1, "provider_nano": 0}
    await ledger.append([entry(seq, **big) for seq in range(1, 301)])
    assert (await ledger.sums(rule(), NEW_YEAR_MS, END_MS, 300))[""].charge == 300 * (2**53 - 1)


names = st.sampled_from(["a", "A", "ß", "SS", "unattributed", "b"])
models = st.sampled_from(["", "gpt-5", "GPT-5", "unattributed"])
dimensions = st.sampled_from([Dimension.CAMPAIGN, Dimension.TASK, Dimension.MODEL, Dimension.AGENT])
rules = st.builds(
    rule,
    match=st.dictionaries(dimensions, names | models.filter(bool), max_size=1),
    each=st.lists(dimensions, unique=True, max_size=2),
)
calls = st.lists(st.tuples(names, names, models, st.integers(0, 10**12)), max_size=12)


def counted(a_rule, entries):
    """The sums, by what the proxy knew of each call at its admission."""
    found = defaultdict(int)
    for e in entries:
        caller = Caller(e.agent, e.campaign, e.task, e.key)
        facts = CallFacts(e.hold_id, e.request_id, caller, e.endpoint, e.requested_model)
        if all(fold(facts.value(d)) == fold(v) for d, v in a_rule.match.items()):
            digests = zip(DIMENSIONS, facts.digests(), strict=True)
            found[".".join(digest for d, digest in digests if d in a_rule.each)] += e.charge_nano
    return {value: charge for value, charge in found.items() if charge}


@pytest.fixture(params=["sqlite", "postgres"])
def fresh_url(request):
    return request.getfixturevalue(f"{request.param}_url")


# One database for all examples: each counts only its own entries, by their numbers.
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(a_rule=rules, some=calls)
def test_sums_equal_counting_one_by_one(fresh_url, a_rule, some):
    asyncio.run(_compare(fresh_url, a_rule, some))


async def _compare(url, a_rule, some):
    ledger = await Ledger.open(url)
    after = await ledger.max_seq()
    entries = [
        entry(
            after + n,
            campaign=campaign,
            task=task,
            requested_model=model,
            charge_nano=charge,
            provider_nano=0,
            dearer_nano=charge,
        )
        for n, (campaign, task, model, charge) in enumerate(some, 1)
    ]
    try:
        assert await ledger.append(entries) == []
        end_ms = NEW_YEAR_MS + 10**6
        sums = await ledger.sums(a_rule, NEW_YEAR_MS, end_ms, after + len(some), after)
        assert {value: found.charge for value, found in sums.items()} == counted(a_rule, entries)
    finally:
        await ledger.close()
