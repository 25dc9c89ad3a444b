"""One admitted call with the upstream: sent once, answered, settled."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Final

from config.bounds import ANSWER_BYTES_MAX
from config.money import usd_text
from proxy.endpoints import Endpoint, Shape
from proxy.errors import HeaderList, NeverSent, UpstreamError, no_answer
from proxy.forward import Answer, Target, Upstream
from proxy.headers import to_client, without
from proxy.hold import OpenHold
from proxy.log import LOGGER, CallLine
from proxy.meter import Reading, StreamMeter, count_answer, read_answer
from proxy.reply import Reply
from proxy.request import ClientGone, Request, UntilGone
from proxy.spoken import Spoken
from proxy.stream import COUNTED, LEFT, Relay, Started
from proxy.upload import Passing
from storage.records import Flag

SUCCESS: Final = range(200, 300)
NONE: Final[frozenset[Flag]] = frozenset()
ASSUMED: Final = frozenset({Flag.ASSUMED_PRICE})


@dataclass(frozen=True, slots=True)
class Outbound:
    """A request as it goes to the upstream."""

    target: Target
    method: str
    path: bytes
    """Raw, with its query, below the target's own path."""
    headers: HeaderList
    body: bytes | AsyncIterable[bytes]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Everything that one admitted call needs on its way."""

    upstream: Upstream
    outbound: Outbound
    endpoint: Endpoint
    hold: OpenHold
    streamed: bool
    """The client asked for a stream: it may leave before its end."""
    hide_usage: bool
    tell_cost: bool
    line: CallLine
    started: Started | None = None
    """For a background response: hands its hold to a job. Nobody's leaving ends the work."""
    outbound_format: str | None = None
    """Of speech: the format that was asked for."""

    async def run(self, request: Request, reply: Reply) -> None:
        """Send, answer, settle. Raises `Refusal` where the upstream gave no complete answer."""
        meter = self._meter()
        try:
            if self.streamed and self.started is None:
                async with UntilGone(request):
                    answer = await self._send()
            else:
                answer = await self._send()
        except NeverSent as error:
            await self.hold.void()
            raise no_answer(error, charged=False) from error
        except UpstreamError as error:
            await self.hold.assume()
            raise no_answer(error, charged=True) from error
        except ClientGone:
            if self.hold.sent:
                await self.hold.settle(meter.reading, meter.seen(), LEFT)
            raise
        try:
            if answer.status not in SUCCESS:
                await self._pass_failure(answer, reply)
            elif answer.is_stream:
                await self._relay(answer, request, reply, meter)
            elif self.endpoint.shape is Shape.SPEECH and not answer.is_json:
                await self._speak(answer, request, reply)
            else:
                await self._give_whole(answer, reply)
        finally:
            await answer.aclose()

    def _meter(self) -> StreamMeter:
        grant = self.hold.grant
        return StreamMeter(
            self.endpoint, grant.pricing.model, grant.worst, grant.output_ceiling, self.hide_usage
        )

    async def _send(self) -> Answer:
        out = self.outbound
        answer = await self.upstream.send(
            out.target, out.method, out.path, out.headers, out.body, self.hold.sending
        )
        self.line.first_byte(answer.status)
        return answer

    async def _relay(
        self, answer: Answer, request: Request, reply: Reply, meter: StreamMeter
    ) -> None:
        relay = Relay(answer, reply, meter, self.hold, self.tell_cost, self.started)
        remaining = self.hold.grant.remaining_nano
        headers = without(to_client(answer.headers), b"content-length")
        try:
            async with UntilGone(request):
                await reply.start(answer.status, headers + budget_headers(remaining))
                await relay.run()
        except ClientGone:
            await relay.settle_seen()
            raise
        except UpstreamError as error:
            if self.hold.ours:
                await self.hold.assume()
            LOGGER.warning(
                "stream cut",
                extra={"fields": {"request_id": self.line.request_id, "why": str(error)}},
            )

    async def _give_whole(self, answer: Answer, reply: Reply) -> None:
        """Settle an answer that came whole, then pass it on."""
        body = await self._read(answer)
        coding = answer.content_encoding
        reading = read_answer(self.endpoint, body, coding, self.hold.grant.worst)
        if self.started is not None and reading.pending and reading.response_id is not None:
            self.hold.pass_on()
            await self.started(reading.response_id)
            await reply.whole(
                answer.status,
                without(to_client(answer.headers), b"content-length")
                + budget_headers(self.hold.grant.remaining_nano),
                body,
            )
            return
        if reading.usage is not None:
            assumed = self.endpoint.fixed_nano is not None
            receipt = await self.hold.settle(reading, reading.usage, ASSUMED if assumed else NONE)
        else:
            grant = self.hold.grant
            usage = await count_answer(
                self.endpoint, body, grant.pricing.model, grant.worst, grant.output_ceiling, coding
            )
            receipt = await self.hold.settle(reading, usage, COUNTED)
        await reply.whole(
            answer.status,
            without(to_client(answer.headers), b"content-length")
            + cost_headers(receipt.amounts.charge)
            + budget_headers(receipt.remaining_nano),
            body,
        )

    async def _speak(self, answer: Answer, request: Request, reply: Reply) -> None:
        """Pass audio on as it comes, then charge for what was said in it.

        Whoever leaves before its end has had all of the text spoken: that is what is billed.
        """
        spoken = Spoken(self.hold.grant.worst, self.outbound_format)
        try:
            async with UntilGone(request):
                await reply.start(
                    answer.status,
                    to_client(answer.headers) + budget_headers(self.hold.grant.remaining_nano),
                )
                async for chunk in answer.chunks():
                    spoken.add(chunk)
                    await reply.send(chunk)
                await self.hold.settle(Reading(), spoken.usage(), spoken.flags)
                await reply.finish()
        except ClientGone:
            if not self.hold.ended:
                await self.hold.settle(Reading(), spoken.unheard(), LEFT)
            raise
        except UpstreamError as error:
            await self.hold.assume()
            LOGGER.warning(
                "audio cut",
                extra={"fields": {"request_id": self.line.request_id, "why": str(error)}},
            )

    async def _read(self, answer: Answer) -> bytes:
        try:
            return await answer.read(ANSWER_BYTES_MAX)
        except UpstreamError as error:
            await self.hold.assume()
            raise no_answer(error, charged=True) from error

    async def _pass_failure(self, answer: Answer, reply: Reply) -> None:
        """The upstream's own refusal, untouched: it produced nothing, so it costs nothing."""
        receipt = await self.hold.fail()
        try:
            body = await answer.read(ANSWER_BYTES_MAX)
        except UpstreamError as error:
            raise no_answer(error, charged=False) from error
        await reply.whole(
            answer.status,
            without(to_client(answer.headers), b"content-length")
            + cost_headers(0)
            + budget_headers(receipt.remaining_nano),
            body,
        )


async def pass_through(
    upstream: Upstream, outbound: Outbound, reply: Reply, line: CallLine
) -> None:
    """A call that costs nothing: forwarded as it is, passed on as it arrives, both ways."""
    body = outbound.body
    try:
        answer = await upstream.send(
            outbound.target, outbound.method, outbound.path, outbound.headers, body
        )
    except UpstreamError as error:
        if isinstance(body, Passing) and body.error is not None:
            raise body.error from error
        raise no_answer(error, charged=False) from error
    line.first_byte(answer.status)
    line.outcome = "free"
    try:
        await reply.start(answer.status, to_client(answer.headers))
        async for chunk in answer.chunks():
            await reply.send(chunk)
        await reply.finish()
    except UpstreamError as error:
        line.reason = type(error).__name__
    finally:
        await answer.aclose()


def cost_headers(charge_nano: int) -> HeaderList:
    """What the call was charged."""
    return [(b"x-purser-cost-usd", usd_text(charge_nano).encode())]


def budget_headers(remaining_nano: int | None) -> HeaderList:
    """What is left in the tightest rule; nothing where no rule applies."""
    if remaining_nano is None:
        return []
    return [(b"x-purser-budget-remaining-usd", usd_text(remaining_nano).encode())]
