"""The play is the same for the same seed, and every agent type has its part."""

from itertools import islice

from app.demo.workload import BUDGETS, CAMPAIGNS, asks
from config.rates import AGENT_TYPES
from sandbox.params import CHAT, EMBEDDINGS, RESPONSES, check_fields

TABLES = {
    "/v1/chat/completions": CHAT,
    "/v1/responses": RESPONSES,
    "/v1/embeddings": EMBEDDINGS,
}


def test_the_same_seed_asks_the_same() -> None:
    assert list(islice(asks(7), 100)) == list(islice(asks(7), 100))
    assert list(islice(asks(7), 100)) != list(islice(asks(8), 100))


def test_every_fourteen_calls_come_from_all_agent_types() -> None:
    calls = list(islice(asks(1), 140))
    for at in range(0, 140, 14):
        assert {ask.agent for ask in calls[at : at + 14]} == set(AGENT_TYPES)


def test_the_first_call_of_each_agent_type_meets_no_tight_budget() -> None:
    """However short a demo, the ledger has all of them."""
    tight = {rule["match"]["campaign"] for rule in BUDGETS["rules"] if "match" in rule}
    assert tight < set(CAMPAIGNS)
    for seed in range(20):
        assert not {ask.campaign for ask in islice(asks(seed), 14)} & tight


def test_all_kinds_of_calls_are_made_and_are_well_formed() -> None:
    seen = set()
    for ask in islice(asks(3), 300):
        check_fields(ask.body, TABLES[ask.path])
        seen.add((ask.path, ask.stream, "tools" in ask.body))
    assert seen == {
        ("/v1/chat/completions", False, False),
        ("/v1/chat/completions", True, False),
        ("/v1/chat/completions", False, True),
        ("/v1/responses", False, False),
        ("/v1/responses", True, False),
        ("/v1/embeddings", False, False),
    }
