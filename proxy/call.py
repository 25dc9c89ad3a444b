"""The way of a call: identity, endpoint, body, estimate, admission, exchange."""

from contextlib import closing
from functools import partial
from typing import Final

from budget.admission import Grant
from proxy import guard
from proxy.arrived import Arrived, answered
from proxy.asked import find_endpoint, price
from proxy.body import (
    READ_INLINE_BYTES_MAX,
    Body,
    read_body,
    with_ceiling,
    with_usage,
)
from proxy.endpoints import Endpoint, Kind, Shape
from proxy.entitlement import check_endpoint, check_model, check_unseen_model, entitled
from proxy.errors import (
    HeaderList,
    not_served,
    upgrade_needed,
)
from proxy.estimate import (
    ceiling_field,
    estimate,
    must_write_ceiling,
    tool_calls_to_write,
)
from proxy.exchange import Exchange, pass_through
from proxy.form import FormReader
from proxy.headers import values
from proxy.hold import OpenHold, hold_for
from proxy.identity import identify, read_address
from proxy.late_calls import LateCalls
from proxy.log import CallLine
from proxy.reply import Reply
from proxy.request import BODIES, UPLOADS, Request
from proxy.stream import Started
from proxy.terms import Services, Terms
from proxy.tokens import off_loop
from proxy.upload import Spool
from storage.jobs import RESPONSE
from storage.records import CallFacts

STREAM_COST: Final = b"x-purser-stream-cost"
TIERS: Final = frozenset({"auto", "default", "flex", "priority", "scale"})


class Calls:
    """Serves calls of the API, each under the terms that are current when it starts."""

    def __init__(self, services: Services, in_flight: guard.InFlight) -> None:
        self._services = services
        self._in_flight = in_flight
        self._late = LateCalls(services)

    async def serve(self, request: Request, reply: Reply, line: CallLine) -> None:
        """Answer one request; raises `Refusal` for what is not forwarded, `ClientGone`."""
        terms = self._services.current()
        self._in_flight.enter(terms.in_flight_max)
        try:
            with self._services.metrics.in_flight.track_inprogress():
                await self._serve(request, terms, reply, line)
        finally:
            self._in_flight.leave()

    async def _serve(self, request: Request, terms: Terms, reply: Reply, line: CallLine) -> None:
        reply.ours.append((b"x-purser-upstream", terms.target.name.encode()))
        guard.check(request)
        key = await entitled(request, terms, self._services.keys)
        address = read_address(request.raw_path)
        endpoint = find_endpoint(request.method, address.path, terms.free_paths, terms.assumed_nano)
        line.endpoint = endpoint.name
        check_endpoint(key, endpoint)
        caller = identify(
            request.headers, address, terms.require, self._services.encrypt, key, terms.aliases
        )
        line.agent, line.campaign = caller.agent, caller.campaign
        if endpoint.shape is Shape.REALTIME:
            raise upgrade_needed()
        call = Arrived(request, terms, endpoint, key, caller, address, line)
        with answered(terms):
            guard.check_length(
                request.headers, call.bytes_max, UPLOADS if call.is_upload else BODIES
            )
            if endpoint.kind is Kind.METERED and call.is_upload:
                with closing(Spool()) as spool:
                    await self._metered(call, reply, spool)
            elif endpoint.kind is Kind.METERED:
                await self._metered(call, reply, None)
            elif endpoint.kind is Kind.LATE:
                await self._late.serve(call, reply)
            elif endpoint.kind is Kind.FREE or not self._services.admission.budgeted:
                check_unseen_model(key, endpoint)
                body = call.passing() if call.is_upload else await call.read()
                await pass_through(self._services.upstream, call.outbound(body), reply, line)
            else:
                raise not_served(address.path.decode("latin-1"), endpoint.why)

    async def _metered(self, call: Arrived, reply: Reply, spool: Spool | None) -> None:
        """One paid call; a `spool` takes the form that a multipart body is."""
        body = await self._body(call, spool)
        grant = await self._admit(call, body)
        async with OpenHold(self._services.settlement, grant, call.line) as hold:
            call.line.held_nano = grant.held.charge
            started = await self._intend(call, body, grant)
            reply.ours += ceiling_headers(call.endpoint, body, grant)
            asks_usage = call.endpoint.takes_usage_option and body.stream
            exchange = Exchange(
                upstream=self._services.upstream,
                outbound=call.outbound(
                    spool or spliced(call.endpoint, body, grant, asks_usage).raw
                ),
                endpoint=call.endpoint,
                hold=hold,
                streamed=body.stream or call.endpoint.shape is Shape.SPEECH,
                hide_usage=asks_usage and not body.wants_usage,
                tell_cost=values(call.request.headers, STREAM_COST) == [b"comment"],
                line=call.line,
                started=started,
                outbound_format=body.fields.get("response_format"),
            )
            await exchange.run(call.request, reply)

    async def _intend(self, call: Arrived, body: Body, grant: Grant) -> Started | None:
        """A background response is written down before it is sent: it outlives its request."""
        if call.endpoint.shape is not Shape.RESPONSES or body.fields.get("background") is not True:
            return None
        late = self._services.late
        job = await late.intend(grant, RESPONSE, pollable=call.terms.target.api_key is not None)
        return partial(late.started, job)

    async def _body(self, call: Arrived, spool: Spool | None) -> Body:
        """What the client sent. Raises `BadBody`, `Refusal`, `ClientGone`."""
        boundary = call.boundary if spool else None
        if spool is not None and boundary is not None:
            return await spool.take(
                call.request, call.bytes_max, call.terms.receive_s, FormReader(boundary)
            )
        raw = await call.read()
        if call.endpoint.shape is Shape.FIXED:
            return Body(raw, {}, {})
        return await off_loop(len(raw), lambda: read_body(raw), READ_INLINE_BYTES_MAX)

    async def _admit(self, call: Arrived, body: Body) -> Grant:
        """Hold the worst case. Raises `BadBody`, `Refused`, `Unavailable`, `Refusal`."""
        terms, admission = call.terms, self._services.admission
        model, pricing = price(call.endpoint, body, terms, call.caller.agent)
        call.line.model = model
        check_model(call.key, model)
        # Both are read here, so that what is not true or false is refused before money is held.
        _ = body.stream, body.wants_usage
        worst = await estimate(
            call.endpoint, body, pricing.model, terms.estimate, admission.response_tokens
        )
        tier = body.fields.get("service_tier")
        facts = CallFacts(
            hold_id=call.line.request_id,
            request_id=call.line.request_id,
            caller=call.caller,
            endpoint=call.endpoint.name,
            requested_model=model,
            tier=tier if isinstance(tier, str) and tier in TIERS else "default",
        )
        return await hold_for(admission, self._services.settlement, facts, worst, pricing)


def spliced(endpoint: Endpoint, body: Body, grant: Grant, asks_usage: bool) -> Body:
    """The body with every ceiling that the hold relies on, and the wish for usage, written in."""
    out = body
    if _writes_ceiling(endpoint, body, grant):
        field = ceiling_field(endpoint, body, grant.pricing.model)
        out = with_ceiling(out, field, grant.output_ceiling)
    calls = tool_calls_to_write(endpoint, body)
    if calls is not None:
        out = with_ceiling(out, "max_tool_calls", calls)
    return with_usage(out) if asks_usage else out


def ceiling_headers(endpoint: Endpoint, body: Body, grant: Grant) -> HeaderList:
    """The ceiling that was written in, told to the client."""
    if not _writes_ceiling(endpoint, body, grant):
        return []
    return [(b"x-purser-max-output-tokens", str(grant.output_ceiling).encode())]


def _writes_ceiling(endpoint: Endpoint, body: Body, grant: Grant) -> bool:
    model = grant.pricing.model
    return grant.lowered or must_write_ceiling(endpoint, body, model, grant.worst)
