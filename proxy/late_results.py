"""What late work has cost, once the provider says that it is over."""

import logging
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

import orjson

from budget.charge import Pricing, amounts, provider_exact, summed
from budget.late import LateResult, grant_of
from proxy.batch_bound import TIER, batch_endpoint
from proxy.body import BadBody
from proxy.endpoints import Endpoint, Shape, find
from proxy.fetch import OUTPUT_BYTES_MAX, Fetch, NotFound
from proxy.meter import PENDING, Reading, count_answer, read_answer
from proxy.usage import read_usage
from storage.jobs import LateJob
from storage.records import Amounts, Flag, Outcome, Status, Usage

BATCH_ENDS: Final = ("completed", "failed", "expired", "cancelled")
_RESPONSES: Final = find("POST", "/v1/responses")
_log = logging.getLogger("purser.late")
_FLAGS: Final = frozenset({Flag.ESTIMATED, Flag.NO_USAGE})


async def response_result(job: LateJob, answer: Mapping[str, Any], raw: bytes) -> LateResult | None:
    """How a background response ended; None while it is worked on, or for what is none."""
    status = answer.get("status")
    if answer.get("object") != "response" or not isinstance(status, str) or status in PENDING:
        return None
    reading = read_answer(_RESPONSES, raw)
    if reading.usage is not None:
        return reading_result(reading, reading.usage)
    if reading.failed:
        return LateResult(Outcome(Status.FAILED, served_model=reading.served_model))
    model = grant_of(job).pricing.model
    usage = await count_answer(_RESPONSES, raw, model, job.worst, job.ceiling)
    return reading_result(reading, usage, _FLAGS)


def reading_result(
    reading: Reading, usage: Usage, flags: frozenset[Flag] = frozenset()
) -> LateResult:
    """The end of a response that was read, whole or as a stream."""
    return LateResult(
        Outcome(
            Status.FAILED if reading.failed else Status.SETTLED,
            usage=usage,
            served_model=reading.served_model,
            tier=reading.tier,
            flags=flags | reading.flags,
            response_id=reading.response_id,
        )
    )


async def batch_result(job: LateJob, batch: Mapping[str, Any], fetch: Fetch) -> LateResult | None:
    """How a batch ended; None while it runs. Raises `UpstreamError` where its file is not read.

    What it produced stands line by line in its output file, also when it expired or was
    cancelled; the batch's own sums count where there is no such file.
    """
    if batch.get("object") != "batch" or batch.get("status") not in BATCH_ENDS:
        return None
    pricing = grant_of(job).pricing
    file_id = batch.get("output_file_id")
    if isinstance(file_id, str) and file_id:
        try:
            return await _of_lines(batch_endpoint(batch.get("endpoint")), pricing, fetch, file_id)
        except NotFound as error:
            if not error.gone:
                raise
        except BadBody as error:
            _log.error("a batch's output is not readable", extra={"why": error.message})
    return _of_sums(batch, pricing)


async def _of_lines(endpoint: Endpoint, pricing: Pricing, fetch: Fetch, file_id: str) -> LateResult:
    """Raises `BadBody` for an output that does not tell its usage."""
    total, served_model = dict.fromkeys((f.name for f in fields(Usage)), 0), None
    exact = longest = 0
    async for raw in fetch.lines(file_id, OUTPUT_BYTES_MAX):
        if not raw.strip():
            continue
        reading = _line_reading(endpoint, raw)
        if reading is None:
            continue
        if reading.usage is None:
            raise BadBody("a line of the output tells no usage")
        served_model = served_model or reading.served_model
        exact += provider_exact(pricing.model, reading.usage, TIER)
        longest = max(longest, reading.usage.input_tokens)
        for name in total:
            total[name] += getattr(reading.usage, name)
    usage = replace(Usage(**total), line_input_tokens=longest)
    # A batch is one call: rounded up once, so that its sums tell its cost again.
    return _settled(usage, served_model, summed(pricing, usage, exact))


def _line_reading(endpoint: Endpoint, raw: bytes) -> Reading | None:
    """The answer of one line; None where the call failed, which costs nothing."""
    try:
        line = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadBody("a line of the output is not JSON") from error
    response = line.get("response") if isinstance(line, dict) else None
    if not isinstance(response, dict) or response.get("status_code") not in range(200, 300):
        return None
    return read_answer(endpoint, orjson.dumps(response.get("body")))


def _of_sums(batch: Mapping[str, Any], pricing: Pricing) -> LateResult:
    """By the batch's own usage; assumed where it produced something and tells none."""
    usage = read_usage(Shape.RESPONSES, batch.get("usage"))
    if usage is not None and usage.total_tokens:
        return _settled(usage, None, amounts(pricing, usage, TIER))
    counts = batch.get("request_counts")
    completed = counts.get("completed") if isinstance(counts, dict) else None
    if completed or batch.get("output_file_id"):
        return LateResult(Outcome(Status.ASSUMED, tier=TIER))
    return LateResult(Outcome(Status.FAILED, tier=TIER))


def _settled(usage: Usage, served_model: str | None, cost: Amounts) -> LateResult:
    outcome = Outcome(Status.SETTLED, usage=usage, served_model=served_model, tier=TIER)
    return LateResult(outcome, cost)
