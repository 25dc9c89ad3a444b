"""An edit of the configuration binds at once, keeps all money, and changes nothing when broken."""

from pathlib import Path

import pytest

from tests.faults.stand import MONTHLY, RULES, Parted, Serving, config
from tests.waiting import wait_for

TINY = {**MONTHLY, "limit_usd": "0.000000001"}
SPRING = {"name": "spring", "match": {"campaign": "spring"}, "limit_usd": "300", "window": "week"}


@pytest.fixture(autouse=True)
def _restored(request: pytest.FixtureRequest) -> None:
    """Each test starts on the rules that all share."""
    name = "parted" if "parted" in request.fixturenames else "serving"
    stand: Serving | Parted = request.getfixturevalue(name)
    if stand.deployment.config_path.read_text() != _text(stand):
        stand.edit(config())


def _text(stand: Serving | Parted) -> str:
    written = stand.deployment.config_path.read_text()
    stand.deployment.write_config(config())
    wanted = stand.deployment.config_path.read_text()
    stand.deployment.config_path.write_text(written)
    return wanted


def test_a_changed_limit_binds_calls_before_readyz_says_so(serving: Serving) -> None:
    for rules, status in [((TINY,), 429), (RULES, 200)] * 2:
        before = serving.generation()
        serving.deployment.write_config(config(*rules))
        wait_for(lambda before=before: serving.generation() != before, "/readyz to say so")
        assert serving.call().status == status
    serving.check()


def test_a_new_rule_starts_with_what_was_spent(serving: Serving) -> None:
    assert serving.call(campaign="Spring").status == 200
    pending = serving.pending(stream=True, tokens=40, delay_ms=250)
    serving.edit(config(*RULES, SPRING))
    assert serving.open_holds() == 1
    assert serving.differences() == []
    assert pending.result().whole
    serving.check()
    serving.edit(config({**SPRING, "limit_usd": "0.000000001"}))
    refused = serving.call(campaign="SPRING")
    assert (refused.status, '"rule":"spring"' in refused.body) == (429, True)
    assert serving.call(campaign="summer").status == 200
    serving.edit(config())
    serving.check()


def test_a_renamed_rule_keeps_its_money(serving: Serving) -> None:
    with serving.redis() as client:
        before = {key: client.hgetall(key) for key in client.keys("{purser}:c:*")}
    serving.edit(config({**MONTHLY, "name": "all-of-it"}, *RULES[1:]))
    with serving.redis() as client:
        assert {key: client.hgetall(key) for key in client.keys("{purser}:c:*")} == before
    serving.edit(config({**TINY, "name": "all-of-it"}))
    refused = serving.call()
    assert (refused.status, '"rule":"all-of-it"' in refused.body) == (429, True)
    serving.edit(config())
    serving.check()


def test_a_rule_that_was_away_comes_back_with_exact_money(serving: Serving) -> None:
    across = serving.pending(stream=True, tokens=60, delay_ms=200)
    serving.edit(config(MONTHLY))
    assert serving.call().status == 200
    within = serving.pending(stream=True, tokens=40, delay_ms=250)
    serving.edit(config())
    assert serving.differences() == []
    assert across.result().whole
    assert within.result().whole
    serving.check()


def test_a_broken_edit_changes_nothing_and_is_told(serving: Serving) -> None:
    generation = serving.generation()
    broken = (
        "budgets:\n  rules:\n    - name: monthly\n      limit_usd: plenty\n      window: month\n"
    )
    serving.deployment.write_config(broken)
    serving.front.wait_for(
        lambda: serving.front.readyz()[1].get("status") == "degraded", "degraded"
    )
    status, told = serving.front.readyz()
    assert (status, told["generation"]) == (200, generation)
    line = f"{serving.deployment.config_path}:4"
    assert line in told["reasons"][0]
    serving.front.wait_log(line)
    assert serving.call().status == 200
    serving.deployment.write_config(config())
    serving.front.wait_for(lambda: serving.front.readyz()[1].get("status") == "ok", "ok again")
    serving.check()


def test_edits_under_load_leave_equal_books(serving: Serving) -> None:
    edits = [(*RULES, SPRING), RULES[:2], (*RULES[2:], SPRING), RULES, (*RULES, SPRING), RULES]
    with serving.traffic(clients=6) as traffic:
        for rules in edits:
            before = traffic.succeeded
            serving.edit(config(*rules))
            wait_for(lambda before=before: traffic.succeeded > before + 5, "calls to succeed")
    assert set(traffic.statuses) <= {200, 503}
    serving.check()


def test_a_proxy_with_another_file_says_so(parted: Parted, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(parted.deployment.config_path.read_text().replace("'1000'", "'999'"))
    generation = parted.generation()
    with parted.role("proxy", PURSER_CONFIG=str(other)) as second:
        status, told = second.readyz()
        assert (status, told["status"], told["generation"]) == (200, "degraded", generation)
        assert "is not the one in force" in told["reasons"][0]
        other.write_text(other.read_text().replace("'999'", "'998'"))
        second.wait_log("another configuration is in force")
        assert parted.generation() == generation
    assert parted.front.readyz()[1]["status"] == "ok"
    parted.check()


def test_a_call_that_redis_forgot_counts_in_a_rule_that_came_after_it(parted: Parted) -> None:
    """Its process sleeps through the loss of Redis and through the edit."""
    pending = parted.pending(tokens=10, delay_ms=6000)
    epoch = parted.meta("epoch")
    parted.proxy.stop()
    try:
        with parted.redis() as client:
            client.flushall()
        parted.deployment.write_config(config(*RULES, SPRING))
        parted.wait_rebuilt(epoch)
        wait_for(lambda: "spring" in parted.rule_names(), "the edit to be published")
        wait_for(lambda: not parted.upstream_open(), "the answer to lie ready")
    finally:
        parted.proxy.cont()
    assert pending.result().status == 200
    (entry,) = parted.wait_entries(pending.ask.name)
    assert entry.flags == {"recovered"}
    parted.check()
    parted.edit(config())
