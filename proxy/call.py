"""The way of a call: identity, endpoint, body, estimate, admission, exchange."""

from functools import partial
from typing import Final

from budget.admission import Grant
from proxy import guard
from proxy.arrived import Arrived, answered
from proxy.body import (
    READ_INLINE_BYTES_MAX,
    Body,
    read_body,
    with_ceiling,
    with_usage,
)
from proxy.endpoints import Endpoint, Kind, Shape, UnknownPath, WrongMethod, find, matches
from proxy.entitlement import check_endpoint, check_model, check_unseen_model, entitled
from proxy.errors import (
    HeaderList,
    not_found,
    not_priced,
    not_served,
    upgrade_needed,
    wrong_method,
)
from proxy.estimate import ceiling_field, estimate, must_write_ceiling, tool_calls_to_write
from proxy.exchange import Exchange, pass_through
from proxy.headers import values
from proxy.hold import OpenHold, hold_for
from proxy.identity import identify, read_address
from proxy.late_calls import LateCalls
from proxy.log import CallLine
from proxy.reply import Reply
from proxy.request import Request
from proxy.stream import Started
from proxy.terms import Services, Terms
from proxy.tokens import off_loop
from storage.jobs import RESPONSE
from storage.records import CallFacts

STREAM_COST: Final = b"x-purser-stream-cost"
TIERS: Final = frozenset({"auto", "default", "flex", "priority", "scale"})


class Calls:
    """Serves calls of the API, each under the terms that are current when it starts."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._in_flight = guard.InFlight()
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
        guard.check(request, terms)
        key = await entitled(request, terms, self._services.keys)
        address = read_address(request.raw_path)
        endpoint = find_endpoint(request.method, address.path, terms.free_paths)
        line.endpoint = endpoint.name
        check_endpoint(key, endpoint)
        caller = identify(
            request.headers, address, terms.require, self._services.encrypt, key, terms.aliases
        )
        line.agent, line.campaign = caller.agent, caller.campaign
        raw = await request.read(terms.body_bytes_max, terms.receive_s)
        call = Arrived(request, terms, endpoint, key, caller, address, raw, line)
        if endpoint.shape is Shape.REALTIME:
            raise upgrade_needed()
        if endpoint.kind is Kind.METERED:
            await self._metered(call, reply)
        elif endpoint.kind is Kind.LATE:
            await self._late.serve(call, reply)
        elif endpoint.kind is Kind.FREE or not self._services.admission.budgeted:
            check_unseen_model(key, endpoint)
            await pass_through(self._services.upstream, call.outbound(raw), reply, line)
        else:
            raise not_served(address.path.decode("latin-1"), endpoint.why)

    async def _metered(self, call: Arrived, reply: Reply) -> None:
        with answered(call.terms):
            body = await off_loop(len(call.raw), lambda: read_body(call.raw), READ_INLINE_BYTES_MAX)
            grant = await self._admit(call, body)
        async with OpenHold(self._services.settlement, grant, call.line) as hold:
            call.line.held_nano = grant.held.charge
            started = await self._intend(call, body, grant)
            reply.ours += ceiling_headers(call.endpoint, body, grant)
            asks_usage = call.endpoint.takes_usage_option and body.stream
            exchange = Exchange(
                upstream=self._services.upstream,
                outbound=call.outbound(spliced(call.endpoint, body, grant, asks_usage).raw),
                endpoint=call.endpoint,
                hold=hold,
                streamed=body.stream,
                hide_usage=asks_usage and not body.wants_usage,
                tell_cost=values(call.request.headers, STREAM_COST) == [b"comment"],
                line=call.line,
                started=started,
            )
            await exchange.run(call.request, reply)

    async def _intend(self, call: Arrived, body: Body, grant: Grant) -> Started | None:
        """A background response is written down before it is sent: it outlives its request."""
        if call.endpoint.shape is not Shape.RESPONSES or body.fields.get("background") is not True:
            return None
        late = self._services.late
        with answered(call.terms):
            job = await late.intend(grant, RESPONSE, pollable=call.terms.target.api_key is not None)
        return partial(late.started, job)

    async def _admit(self, call: Arrived, body: Body) -> Grant:
        """Hold the worst case. Raises `BadBody`, `Refused`, `Unavailable`, `Refusal`."""
        terms, admission = call.terms, self._services.admission
        model = body.model
        call.line.model = model
        check_model(call.key, model)
        pricing = terms.pricing(call.caller.agent, model)
        if pricing.basis == "provider_price" and pricing.model is None and terms.refuse_unpriced:
            raise not_priced(model)
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
            tier=tier if tier in TIERS else "default",
        )
        return await hold_for(admission, self._services.settlement, facts, worst, pricing)


def find_endpoint(method: str, path: bytes, free_paths: tuple[str, ...]) -> Endpoint:
    """The row of the table for a raw path; raises a 404 or 405 `Refusal`.

    `free_paths` are templates that ops listed: they free what the table refuses or lacks, and
    nothing that it meters.
    """
    text = path.decode("latin-1")
    listed = next((free for free in free_paths if matches(free, text)), None)
    freed = Endpoint(method, listed, Kind.FREE) if listed is not None else None
    try:
        found = find(method, text)
    except UnknownPath:
        if freed is None:
            raise not_found(method, text) from None
        return freed
    except WrongMethod as error:
        if freed is None:
            raise wrong_method(method, text, error.allowed) from None
        return freed
    return freed if freed is not None and found.kind is Kind.REFUSED else found


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
