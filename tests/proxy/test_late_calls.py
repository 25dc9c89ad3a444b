"""Late work holds its worst case until its cost is known, and is charged once, whoever asks."""

import asyncio
import json

import pytest

from budget.charge import provider_cost
from config.model_data import base_table
from storage.database import make_engine
from storage.snapshot import read_snapshot
from tests.budget.purse import Engines, Process
from tests.proxy.late_stand import RULE, TOKEN_NANO, late_stand, line, output, response
from tests.proxy.stand import terms


@pytest.fixture
def engines(valkey_url: str, sqlite_url: str) -> Engines:
    return Engines(valkey_url, sqlite_url)


async def hold_ids(late):
    return [(h.hold_id, h.process_id) for h in (await read_snapshot(late.purse.link)).holds]


async def test_a_batch_holds_all_its_lines_until_its_output_is_known(engines):
    async with late_stand(engines) as late:
        answer = await late.create(line(1), line(2))
        assert answer.status_code == 200
        posted, held = await late.counted()
        assert posted == 0
        assert held >= 2 * 100 * TOKEN_NANO
        [(hold_id, owner)] = await hold_ids(late)
        assert owner == "job:batch:batch_1"
        assert answer.json()["metadata"] == {"purser_hold": hold_id}
        await late.poll()
        assert (await late.counted())[1] == held
        late.provider.end_batch("batch_1", output(1), output(2, 5, 5), output(3, status=400))
        await late.poll()
        assert await late.counted() == (40 * TOKEN_NANO, 0)
        assert await late.charges(hold_id) == [("settled", 40 * TOKEN_NANO)]
        (entry,) = await late.purse.entries(hold_id)
        assert (entry.usage.input_tokens, entry.usage.output_tokens) == (15, 25)
        assert (entry.tier, entry.endpoint, entry.agent) == ("batch", "batches", "CONTENT")
        # 15 × 75 + 25 × 300 nano-dollars: half of gpt-4o-mini's prices.
        assert entry.provider_nano == 15 * 75 + 25 * 300
        assert entry.usage.line_input_tokens == 10
        assert provider_cost(base_table().resolve("gpt-4o-mini"), entry.usage, "batch") == (
            entry.provider_nano
        )
        assert (await late.purse.reconcile()).clean


async def test_metadata_is_spliced_and_nothing_else_changes(engines):
    async with late_stand(engines) as late:
        answer = await late.create(line(1), metadata={"team": "blue"})
        sent = next(r for r in late.far.received if r.head.startswith(b"POST"))
        [(hold_id, _)] = await hold_ids(late)
        assert json.loads(sent.body)["metadata"] == {"team": "blue", "purser_hold": hold_id}
        assert sent.body.startswith(
            b'{"input_file_id":"file-in","endpoint":"/v1/chat/completions",'
            b'"completion_window":"24h","metadata":{"team":"blue"'
        )
        assert answer.json()["metadata"]["team"] == "blue"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (line(2, max_completion_tokens=None), "line 2: no ceiling"),
        (b"{broken", "line 2: the body is not valid JSON"),
        (line(2) | {"url": "/v1/embeddings"}, "line 2: it must POST to /v1/chat/completions"),
        (line(2, model="gpt-4o"), "line 2: model 'gpt-4o'"),
        (line(2, max_completion_tokens=-1), "line 2: 'max_completion_tokens'"),
    ],
)
async def test_a_line_that_cannot_be_bounded_is_refused_by_its_number(engines, bad, says):
    async with late_stand(engines) as late:
        answer = await late.create(line(1), bad)
        assert answer.status_code == 400
        assert says in answer.json()["error"]["message"]
        assert not late.provider.batches
        assert await late.counted() == (0, 0)


async def test_a_batch_above_the_budget_is_not_created(engines):
    async with late_stand(engines) as late:
        answer = await late.create(line(1, max_completion_tokens=10_000_000))
        assert answer.status_code == 429
        assert answer.json()["error"]["code"] == "insufficient_quota"
        assert not late.provider.batches


async def test_a_missing_input_file_is_told(engines):
    async with late_stand(engines) as late:
        answer = await late.create(line(1), input_file_id="file-none")
        assert answer.status_code == 404
        assert answer.json()["error"]["param"] == "input_file_id"


async def test_what_a_cancelled_batch_produced_is_charged_and_a_failed_one_is_free(engines):
    async with late_stand(engines) as late:
        await late.create(line(1), line(2))
        await late.create(line(3))
        late.provider.end_batch("batch_1", output(1), status="cancelled")
        late.provider.batches["batch_2"] |= {"status": "failed"}
        await late.poll()
        assert await late.counted() == (30 * TOKEN_NANO, 0)


async def test_a_background_response_is_charged_when_it_is_retrieved_and_only_once(engines):
    async with late_stand(engines) as late:
        answer = await late.ask()
        assert answer.json()["status"] == "queued"
        assert "x-purser-cost-usd" not in answer.headers
        [(hold_id, owner)] = await hold_ids(late)
        assert owner == "job:response:resp_1"
        running = await late.here.client.get("/v1/responses/resp_1")
        assert running.json()["status"] == "queued"
        assert (await late.counted())[0] == 0
        late.provider.response = response("completed", 7)
        first = await late.here.client.get("/v1/responses/resp_1")
        second = await late.here.client.get("/v1/responses/resp_1")
        assert first.content == second.content
        assert first.headers["x-purser-cost-usd"] == "0.00056"
        assert "x-purser-cost-usd" not in second.headers
        await late.poll()
        assert await late.charges(hold_id) == [("settled", 14 * TOKEN_NANO)]
        assert await late.counted() == (14 * TOKEN_NANO, 0)


async def test_poll_and_retrieval_at_once_charge_once(engines):
    async with late_stand(engines) as late:
        for number in range(5):
            late.provider.response = response("queued", id=f"resp_{number}")
            await late.ask()
            late.provider.response = response("completed", 7, id=f"resp_{number}")
            url = f"/v1/responses/resp_{number}"
            await asyncio.gather(late.poll(), *(late.here.client.get(url) for _ in range(4)))
        assert await late.counted() == (5 * 14 * TOKEN_NANO, 0)
        assert (await late.purse.reconcile()).clean


async def test_a_cancelled_response_is_settled_by_its_cancelling(engines):
    async with late_stand(engines) as late:
        await late.ask()
        late.provider.response = response("cancelled", 3)
        await late.here.client.post("/v1/responses/resp_1/cancel")
        assert await late.counted() == (6 * TOKEN_NANO, 0)


async def test_a_streamed_background_response_settles_at_its_end(engines):
    async with late_stand(engines) as late:
        late.provider.events = [
            {"type": "response.created", "response": response("queued")},
            {"type": "response.completed", "response": response("completed", 4)},
        ]
        answer = await late.ask(stream=True)
        assert b"response.completed" in answer.content
        assert await late.counted() == (8 * TOKEN_NANO, 0)


async def test_a_client_that_leaves_a_background_stream_leaves_its_hold_to_the_job(engines):
    async with late_stand(engines) as late:
        late.provider.events = [{"type": "response.created", "response": response("queued")}]
        request = late.here.client.stream(
            "POST", "/v1/responses", headers={"X-Agent-Type": "CONTENT"},
            json={"model": "gpt-4o-mini", "input": "x", "max_output_tokens": 100,
                  "background": True, "stream": True},
        )  # fmt: skip
        async with request as answer:
            async for _ in answer.aiter_bytes():
                break
        assert (await late.counted())[1] > 0
        [(_, owner)] = await hold_ids(late)
        assert owner == "job:response:resp_1"
        late.provider.response = response("completed", 5)
        await late.poll()
        assert await late.counted() == (10 * TOKEN_NANO, 0)


async def test_with_the_clients_own_key_late_work_settles_on_retrieval(engines):
    async with late_stand(engines) as late:
        target = late.here.terms.target
        late.here.terms = terms(late.far.url, target=_keyless(target))
        await late.ask()
        late.provider.response = response("completed", 7)
        await late.poll()
        assert (await late.counted())[0] == 0
        await late.here.client.get("/v1/responses/resp_1", headers={"authorization": "Bearer k"})
        assert await late.counted() == (14 * TOKEN_NANO, 0)


def _keyless(target):
    values = {name: getattr(target, name) for name in target.__dataclass_fields__}
    return type(target)(**values | {"api_key": None})


async def test_at_its_deadline_it_is_assumed_and_the_late_truth_corrects_it(engines, monkeypatch):
    monkeypatch.setattr("budget.late.RESPONSE_JOB_S_MAX", 0)
    async with late_stand(engines) as late:
        await late.ask()
        held = (await late.counted())[1]
        [(hold_id, _)] = await hold_ids(late)
        await late.poll()
        assert await late.counted() == (held, 0)
        late.provider.response = response("completed", 7)
        await late.purse.outbox.drain()
        await late.poll()
        assert await late.charges(hold_id) == [
            ("assumed", held), ("correction", 14 * TOKEN_NANO - held),
        ]  # fmt: skip
        assert await late.counted() == (14 * TOKEN_NANO, 0)
        await late.poll()
        assert (await late.purse.reconcile()).clean


async def test_an_orphan_is_found_by_its_hold_id_and_its_truth_corrects_what_was_assumed(engines):
    async with late_stand(engines) as late:
        late.provider.lose_answers = True
        answer = await late.create(line(1))
        assert answer.status_code == 502
        posted, held = await late.counted()
        assert posted > 0
        assert held == 0
        await late.purse.outbox.drain()
        late.provider.end_batch("batch_1", output(1))
        await late.poll()
        assert await late.counted() == (30 * TOKEN_NANO, 0)
        await late.purse.outbox.drain()
        await late.poll()
        assert await late.counted() == (30 * TOKEN_NANO, 0)


@pytest.mark.parametrize("created_at", ["2026-01-01T00:00:00Z", [1]])
async def test_a_provider_that_dates_batches_in_its_own_way_stops_no_settlement(
    engines, created_at
):
    async with late_stand(engines) as late:
        late.provider.lose_answers = True
        await late.create(line(1))
        assumed = (await late.counted())[0]
        await late.purse.outbox.drain()
        late.provider.batches.clear()
        late.provider.lose_answers, late.provider.created_at = False, created_at
        late.provider.more_batches = True
        await late.create(line(1))
        late.provider.end_batch("batch_1", output(1))
        await late.poll()
        assert await late.counted() == (assumed + 30 * TOKEN_NANO, 0)


async def test_a_redis_that_was_emptied_gets_its_jobs_back(engines):
    async with late_stand(engines) as late:
        await late.create(line(1))
        held = (await late.counted())[1]
        await late.purse.link.command("FLUSHALL")
        await late.purse.upkeep.tick()
        await late.purse.publish(RULE)
        await late.purse.until_ready(late.process)
        await late.poll()
        assert await late.counted() == (0, held)
        late.provider.end_batch("batch_1", output(1))
        got = await late.here.client.get("/v1/batches/batch_1")
        assert got.status_code == 200
        assert await late.counted() == (30 * TOKEN_NANO, 0)
        assert (await late.purse.reconcile()).clean


async def test_no_missed_beat_ends_a_job(engines):
    async with late_stand(engines) as late:
        await late.ask()
        for _ in range(5):
            assert not any(
                name.startswith("job:") for name in await late.purse.upkeep._watch.look()
            )
        assert (await late.counted())[1] > 0


async def test_late_work_is_not_begun_while_sql_is_away(engines, monkeypatch):
    async with late_stand(engines) as late:
        process: Process = late.process
        await process.late._jobs._engine.dispose()
        monkeypatch.setattr(process.late._jobs, "_engine", _broken())
        answer = await late.ask()
        assert answer.status_code == 503
        assert await late.counted() == (0, 0)
        assert not late.far.received


def _broken():
    return make_engine("postgresql://postgres@127.0.0.1:1/none")
