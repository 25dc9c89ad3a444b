"""Money for the responses of a realtime session: held before each, ended by `response.done`."""

from collections.abc import Mapping
from typing import Any

from uuid_utils import uuid7

from budget.charge import Pricing
from budget.errors import Refused, Unavailable
from proxy.arrived import answered
from proxy.hold import OpenHold, hold_for
from proxy.log import CallLine
from proxy.meter import Reading
from proxy.realtime_events import Session, read_done, worst_response
from proxy.terms import Services, Terms
from storage.records import Caller, CallFacts, Outcome, Status

ENDPOINT = "realtime"


class Responses:
    """The holds of a session: spare ones, promised to whatever begins next, and running ones."""

    def __init__(
        self, services: Services, terms: Terms, caller: Caller, model: str, pricing: Pricing
    ) -> None:
        self._services = services
        self._terms = terms
        self._caller = caller
        self.model = model
        self._pricing = pricing
        self.session = Session()
        self._spare: list[OpenHold] = []
        self._promised = 0
        self._running: dict[str, OpenHold | None] = {}

    async def promise(self, asked: Mapping[str, Any]) -> None:
        """Before `response.create`: a hold of its own. Raises `Refusal`."""
        with answered(self._terms):
            await self._fill(self._promised + 1, asked)
        self._promised += 1

    async def stand_by(self) -> None:
        """Before audio that may begin a response by itself. Raises `Refusal`."""
        with answered(self._terms):
            await self._fill(max(1, self._promised), {})

    async def _fill(self, wanted: int, asked: Mapping[str, Any]) -> None:
        while len(self._spare) < wanted:
            self._spare.append(await self._hold(asked))

    async def _hold(self, asked: Mapping[str, Any]) -> OpenHold:
        assert self._pricing.model is not None
        line = self._line()
        facts = self._facts(line)
        ceiling = self.session.ceiling(self._pricing.model, asked)
        worst = worst_response(self._pricing.model, ceiling)
        services = self._services
        grant = await hold_for(services.admission, services.settlement, facts, worst, self._pricing)
        line.held_nano = grant.held.charge
        return OpenHold(services.settlement, grant, line)

    def _line(self) -> CallLine:
        return CallLine(
            str(uuid7()), endpoint=ENDPOINT, agent=self._caller.agent,
            campaign=self._caller.campaign, model=self.model,
        )  # fmt: skip

    def _facts(self, line: CallLine) -> CallFacts:
        return CallFacts(line.request_id, line.request_id, self._caller, ENDPOINT, self.model)

    async def created(self, response_id: str) -> bool:
        """A response has begun; False where no money can be held for it: it is to be cancelled."""
        self._promised = max(0, self._promised - 1)
        if not self._spare:
            try:
                await self._fill(1, {})
            except (Refused, Unavailable):
                self._running[response_id] = None
                return False
        hold = self._spare.pop(0)
        hold.sending()
        self._running[response_id] = hold
        return True

    def failed(self) -> None:
        """The upstream refused an event: if it was a promised response, its hold is spare."""
        self._promised = max(0, self._promised - 1)

    async def done(self, response_id: str, response: Mapping[str, Any]) -> None:
        """A response has ended: charged by its usage."""
        if response_id not in self._running:
            return
        hold = self._running.pop(response_id)
        usage = read_done(response)
        reading = Reading(usage, served_model=self.model, failed=response.get("status") == "failed")
        if hold is None:
            if usage is not None:
                outcome = Outcome(Status.SETTLED, usage=usage, served_model=self.model)
                await self._services.settlement.charge_unheld(
                    self._facts(self._line()), self._pricing, outcome
                )
            return
        if usage is not None:
            await hold.settle(reading, usage)
        elif reading.failed:
            await hold.fail()
        else:
            await hold.assume()
        self._record(hold.line)

    def _record(self, line: CallLine) -> None:
        line.write()
        self._services.metrics.record(line)

    async def close(self) -> None:
        """The session is over: what may be running is charged in full, the rest is given back."""
        running = [hold for hold in self._running.values() if hold is not None]
        for hold in (*running, *self._spare[: self._promised]):
            await hold.assume()
            self._record(hold.line)
        for hold in self._spare[self._promised :]:
            await hold.void()
        self._running.clear()
        self._spare.clear()
