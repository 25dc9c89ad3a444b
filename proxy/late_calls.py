"""Calls that begin, show or end late work: a batch is created, a job is retrieved or cancelled."""

from typing import Final

import orjson

from budget.late import LateResult
from budget.settlement import Receipt
from config.bounds import ANSWER_BYTES_MAX, BATCH_BYTES_MAX
from proxy.arrived import Arrived, answered
from proxy.batch_bound import TIER, BatchBound, batch_endpoint, bound_batch
from proxy.body import BadBody, Body, read_body, with_metadata
from proxy.endpoints import Shape, find
from proxy.entitlement import check_model
from proxy.errors import HeaderList, NeverSent, Refusal, UpstreamError, no_answer
from proxy.exchange import SUCCESS, budget_headers, cost_headers, pass_through
from proxy.fetch import Fetch, NotFound
from proxy.forward import Answer
from proxy.headers import to_client, to_upstream, without
from proxy.hold import OpenHold, hold_for
from proxy.late_results import batch_result, reading_result, response_result
from proxy.meter import StreamMeter
from proxy.reply import Reply
from proxy.sse import EventReader
from proxy.terms import Services
from storage.jobs import BATCH, RESPONSE, JobKind, LateJob
from storage.records import CallFacts, WorstCase

HOLD_KEY: Final = "purser_hold"
"""In a batch's metadata: by it a batch is found again whose process died before it had the id."""
_RESPONSES: Final = find("POST", "/v1/responses")


class LateCalls:
    """Serves the rows of the table that are late."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def serve(self, call: Arrived, reply: Reply) -> None:
        """Answer one of them; raises `Refusal`."""
        if call.endpoint.path == "/v1/batches":
            await self._create_batch(call, reply)
            return
        kind: JobKind = BATCH if call.endpoint.shape is Shape.BATCH else RESPONSE
        provider_id = call.address.path.decode("latin-1").split("/")[3]
        job = await self._services.late.find(kind, provider_id)
        if job is None:
            raw = await call.read()
            await pass_through(self._services.upstream, call.outbound(raw), reply, call.line)
        else:
            await self._retrieve(call, reply, job)

    async def _create_batch(self, call: Arrived, reply: Reply) -> None:
        services = self._services
        with answered(call.terms):
            body = read_body(await call.read())
            bound = await self._bound(call, body)
            call.line.model = bound.model
            check_model(call.key, bound.model)
            facts = CallFacts(
                hold_id=call.line.request_id,
                request_id=call.line.request_id,
                caller=call.caller,
                endpoint=call.endpoint.name,
                requested_model=bound.model,
                tier=TIER,
            )
            sent = with_metadata(body, HOLD_KEY, facts.hold_id)
            grant = await hold_for(
                services.admission, services.settlement, facts, bound.worst, bound.pricing,
                bound.held,
            )  # fmt: skip
        async with OpenHold(services.settlement, grant, call.line) as hold:
            call.line.held_nano = grant.held.charge
            pollable = call.terms.target.api_key is not None
            with answered(call.terms):
                job = await services.late.intend(grant, BATCH, pollable=pollable)
            status, headers, raw = await self._send(call, sent.raw, hold)
            created = _id_of(raw) if status in SUCCESS else None
            if created is not None:
                hold.pass_on()
                await services.late.started(job, created)
            elif status in SUCCESS:
                await hold.assume()
            else:
                await hold.fail()
            await reply.whole(
                status,
                without(to_client(headers), b"content-length")
                + budget_headers(grant.remaining_nano),
                raw,
            )

    async def _bound(self, call: Arrived, body: Body) -> BatchBound:
        """Read the input file as the client would, and bound it. Raises `BadBody`, `Refusal`."""
        file_id = body.fields.get("input_file_id")
        if not isinstance(file_id, str) or not file_id:
            raise BadBody("'input_file_id' must be a string", "input_file_id")
        endpoint = batch_endpoint(body.fields.get("endpoint"))
        lines = self._fetch(call).lines(file_id, BATCH_BYTES_MAX)
        try:
            return await bound_batch(
                lines, endpoint, call.terms, call.caller.agent,
                self._services.admission.response_tokens,
            )  # fmt: skip
        except NotFound as error:
            raise Refusal(
                error.status if error.status >= 400 else 502,
                f"The input file {file_id} cannot be read, so the batch cannot be bounded: "
                f"the upstream answered {error.status}. Nothing was created.",
                param="input_file_id",
                code="input_file_unreadable",
            ) from error
        except UpstreamError as error:
            raise no_answer(error, charged=False) from error

    def _fetch(self, call: Arrived) -> Fetch:
        target = call.terms.target
        headers = to_upstream(call.request.headers, target.api_key)
        return Fetch(self._services.upstream, target, without(headers, b"content-type"))

    async def _send(
        self, call: Arrived, body: bytes, hold: OpenHold
    ) -> tuple[int, HeaderList, bytes]:
        """Send once. After a lost answer the hold is assumed; the orphan, if any, corrects it."""
        try:
            answer = await self._ask(call, body, hold)
            try:
                return answer.status, answer.headers, await answer.read(ANSWER_BYTES_MAX)
            finally:
                await answer.aclose()
        except NeverSent as error:
            await hold.void()
            raise no_answer(error, charged=False) from error
        except UpstreamError as error:
            await hold.assume()
            raise no_answer(error, charged=True) from error

    async def _ask(self, call: Arrived, body: bytes, hold: OpenHold | None = None) -> Answer:
        out = call.outbound(body)
        answer = await self._services.upstream.send(
            out.target, out.method, out.path, out.headers, out.body,
            hold.sending if hold is not None else lambda: None,
        )  # fmt: skip
        call.line.first_byte(answer.status)
        return answer

    async def _retrieve(self, call: Arrived, reply: Reply, job: LateJob) -> None:
        """Show a job whose cost is open: settled before its end is passed on."""
        try:
            answer = await self._ask(call, await call.read())
            try:
                if answer.is_stream:
                    await self._relay(call, answer, reply, job)
                else:
                    await self._show(call, answer, reply, job)
            finally:
                await answer.aclose()
        except UpstreamError as error:
            if reply.started:
                call.line.reason = type(error).__name__
                return
            raise no_answer(error, charged=False) from error

    async def _show(self, call: Arrived, answer: Answer, reply: Reply, job: LateJob) -> None:
        call.line.outcome = "free"
        raw = await answer.read(ANSWER_BYTES_MAX)
        receipt = None
        if answer.status in SUCCESS and answer.content_encoding is None:
            receipt = await self._settle_by(call, raw, job)
        told = [] if receipt is None else cost_headers(receipt.amounts.charge)
        await reply.whole(
            answer.status, without(to_client(answer.headers), b"content-length") + told, raw
        )

    async def _settle_by(self, call: Arrived, raw: bytes, job: LateJob) -> Receipt | None:
        """End the job if these bytes say that it is over; else the next one who asks does."""
        try:
            shown = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(shown, dict) or shown.get("id") != job.provider_id:
            return None
        result: LateResult | None
        if job.kind == BATCH:
            try:
                result = await batch_result(job, shown, self._fetch(call))
            except UpstreamError as error:
                call.line.reason = type(error).__name__
                return None
        else:
            result = await response_result(job, shown, raw)
        return None if result is None else await self._services.late.settle(job, result)

    async def _relay(self, call: Arrived, answer: Answer, reply: Reply, job: LateJob) -> None:
        """A background response that is streamed again: free, but for its end, which settles."""
        call.line.outcome = "free"
        meter = StreamMeter(_RESPONSES, None, WorstCase(0), 0, hide_usage=False)
        reader, readable = EventReader(), answer.content_encoding is None
        await reply.start(answer.status, without(to_client(answer.headers), b"content-length"))
        async for chunk in answer.chunks():
            for event in reader.feed(chunk) if readable else ():
                step = meter.feed(event)
                if step.settle is not None and step.settle.usage is not None:
                    result = reading_result(step.settle, step.settle.usage)
                    await self._services.late.settle(job, result)
            await reply.send(chunk)
        await reply.finish()


def _id_of(raw: bytes) -> str | None:
    """The id of a created object; None for what has none."""
    try:
        created = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    found = created.get("id") if isinstance(created, dict) else None
    return found if isinstance(found, str) and 0 < len(found) <= 256 else None
