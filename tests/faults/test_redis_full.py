"""A Redis without memory stops new money alone; one that forgot its scripts stops nothing."""

from tests.faults.stand import Serving
from tests.waiting import wait_for


def test_a_full_redis_refuses_holds_and_takes_settlements(serving: Serving) -> None:
    pending = serving.pending(stream=True, tokens=20, delay_ms=100)
    with serving.redis() as client:
        client.config_set("maxmemory", "1mb")
        try:
            refused = serving.call()
            assert refused.status == 503
            assert refused.header("retry-after")
            assert not serving.received(refused.name)
            assert pending.result().whole
            (entry,) = serving.wait_entries(pending.ask.name)
            assert entry.status == "settled"
        finally:
            client.config_set("maxmemory", "0")
    assert serving.call().status == 200
    serving.check()


def test_a_flushed_script_cache_is_not_noticed(serving: Serving) -> None:
    with serving.traffic() as traffic, serving.redis() as client:
        for _ in range(5):
            before = traffic.succeeded
            client.script_flush()
            wait_for(lambda before=before: traffic.succeeded > before + 5, "calls to succeed")
    assert set(traffic.statuses) == {200}
    serving.check()
