"""Whatever happens in whatever order: no admission above a limit, and every nano-dollar found.

Random lives of a deployment on real engines, held against a model after every step.
"""

import asyncio
import itertools
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from budget import lifeline
from budget.admission import Grant
from budget.corrections import Wanted, correct
from budget.errors import Refused
from budget.windows import current_window
from config.money import Nano
from config.rules import Dimension, Rule, Window, value_digest
from storage.ledger import Ledger
from storage.presence import Watch
from storage.records import Outcome, Status, WorstCase
from storage.snapshot import read_snapshot
from tests.budget.purse import PRICING, Process, Purse, facts, used, worst
from tests.property.ledger_model import NANO_A_TOKEN, Budget, Call, Model

USD = 10**9
ALL = Budget("all", 2 * USD)
EACH = Budget("each", USD * 6 // 10, each=True)
SPRING = Budget("spring", USD // 2, campaign="spring")
GENERATIONS = (
    (ALL, EACH),
    (Budget("all", USD),),
    (Budget("renamed", 3 * USD), SPRING),
    (),
    (EACH, SPRING, ALL),
    (Budget("all", 0),),
)
CAMPAIGNS = ("spring", "Summer", "autumn")
TOKENS = st.integers(0, 15_000)
STEP_S_MAX = 30
ANY = st.integers(0, 10**6)


def rule_of(budget: Budget) -> Rule:
    return Rule(
        budget.name,
        Nano(budget.limit_nano),
        Window.TOTAL if budget.campaign else Window.MONTH,
        "UTC",
        {Dimension.CAMPAIGN: budget.campaign} if budget.campaign else {},
        (Dimension.CAMPAIGN,) if budget.each else (),
    )


class Deployment(RuleBasedStateMachine):
    """Two processes and a janitor."""

    valkey_url: str
    folder: Path
    template: Path
    numbers = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = Model()
        self.grants: dict[str, Grant] = {}
        self.processes: list[Process] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(asyncio.wait_for(work, STEP_S_MAX))

    @initialize()
    def start(self) -> None:
        path = self.folder / f"{next(self.numbers)}.sqlite3"
        shutil.copy(self.template, path)
        self.run(self._start(f"sqlite:///{path}"))

    async def _start(self, database_url: str) -> None:
        self.purse = Purse(self.valkey_url, await Ledger.open(database_url), ())
        await self.purse.link.command("FLUSHALL")
        await self.purse.upkeep.tick()
        await self._publish(GENERATIONS[0])
        self.processes = [await self._process() for _ in range(2)]

    async def _process(self) -> Process:
        return await self.purse.process(f"proxy-{next(self.numbers)}")

    def teardown(self) -> None:
        if self.processes:
            self.run(self._finish())
        self.runner.close()

    async def _finish(self) -> None:
        try:
            await self._everything_is_found_in_the_ledger()
        finally:
            await self.purse.close()

    def call(self, number: int, fits: Callable[[Call], bool]) -> str | None:
        """One of the calls that fit, or None."""
        found = [name for name, call in self.model.calls.items() if fits(call)]
        return found[number % len(found)] if found else None

    def owner(self, name: str) -> Process:
        wanted = self.model.calls[name].owner
        return next(p for p in self.processes if p.holds.process_id == wanted)

    # What agents do.

    @rule(number=ANY, campaign=st.sampled_from(CAMPAIGNS), tokens=TOKENS)
    def admit(self, number: int, campaign: str, tokens: int) -> None:
        self._admit(number, campaign, worst(tokens), tokens * NANO_A_TOKEN)

    @rule(
        number=ANY,
        campaign=st.sampled_from(CAMPAIGNS),
        ceiling=st.integers(1, 100_000),
        least=st.sampled_from([1, 100, 4_096]),
    )
    def admit_without_a_ceiling(self, number: int, campaign: str, ceiling: int, least: int) -> None:
        granted = self.model.lowered(campaign, ceiling, min(ceiling, least))
        asked = worst(0, ceiling, explicit=False, lowerable=True, min_output_tokens=least)
        grant = self._admit(number, campaign, asked, granted * NANO_A_TOKEN)
        assert grant is None or grant.output_ceiling == granted

    def _admit(self, number: int, campaign: str, asked: WorstCase, amount: int) -> Grant | None:
        process = self.processes[number % len(self.processes)]
        verdict = self.model.verdict(campaign, amount)
        call = facts(campaign, hold_id=f"hold-{len(self.model.calls)}-{next(self.numbers)}")
        answered = "granted"
        try:
            grant: Grant = self.run(process.admission.admit(call, asked, PRICING))
        except Refused as refused:
            answered = refused.reason
        assert answered == verdict
        if answered != "granted":
            return None
        assert grant.held.charge == amount
        self.model.calls[call.hold_id] = Call(campaign, amount, process.holds.process_id)
        self.grants[call.hold_id] = grant
        return grant

    @rule(number=ANY, tokens=TOKENS)
    def settle(self, number: int, tokens: int) -> None:
        self._end(number, used(tokens), tokens * NANO_A_TOKEN)

    @rule(number=ANY)
    def fail(self, number: int) -> None:
        self._end(number, Outcome(Status.FAILED, http_status=500), 0)

    @rule(number=ANY)
    def void(self, number: int) -> None:
        if name := self._end(number, Outcome(Status.VOIDED), 0):
            self.model.calls[name].is_voided = True

    @rule(number=ANY)
    def assume(self, number: int) -> None:
        if name := self._end(number, Outcome(Status.ASSUMED), None):
            self.model.calls[name].is_final = True

    @rule(number=ANY, tokens=TOKENS)
    def settle_late(self, number: int, tokens: int) -> None:
        name = self.call(number, lambda c: c.is_assumed and not c.is_final and c.owner is not None)
        if name:
            self._end_of(name, used(tokens), tokens * NANO_A_TOKEN)

    def _end(self, number: int, outcome: Outcome, charge: int | None) -> str | None:
        name = self.call(number, lambda call: call.charge is None)
        if name:
            held = self.model.calls[name].held
            self._end_of(name, outcome, held if charge is None else charge)
        return name

    def _end_of(self, name: str, outcome: Outcome, charge: int) -> None:
        settlement = self.owner(name).settlement
        for _ in range(2):
            receipt = self.run(settlement.end(self.grants[name], outcome))
            assert receipt.amounts.charge == charge
        call = self.model.calls[name]
        call.charge, call.is_final = charge, True

    # What admins do.

    @rule(number=ANY, tokens=TOKENS)
    def correct(self, number: int, tokens: int) -> None:
        charge = tokens * NANO_A_TOKEN
        name = self.call(
            number, lambda c: c.charge not in (None, charge) and not c.is_voided
        )  # fmt: skip
        if name:
            wanted = Wanted(name, charge, None, "ann", "cli", "the invoice")
            self.run(correct(self.purse.link, self.purse.ledger, wanted))
            self.model.calls[name].charge = charge
            self.model.calls[name].is_final = True

    @rule(budgets=st.sampled_from(GENERATIONS))
    def publish(self, budgets: tuple[Budget, ...]) -> None:
        self.run(self._publish(budgets))

    async def _publish(self, budgets: tuple[Budget, ...]) -> None:
        await self.purse.publish(*map(rule_of, budgets))
        self.model.budgets = budgets

    # What machines do.

    @rule()
    def drain(self) -> None:
        self.run(self.purse.outbox.drain())

    @rule()
    def redis_is_emptied(self) -> None:
        self.run(self._rebuild("FLUSHALL"))

    @rule()
    def redis_is_restarted(self) -> None:
        self.run(self._rebuild("HSET", "{purser}:meta", "run_id", "the server before"))

    async def _rebuild(self, *how: str) -> None:
        await self.purse.link.command(*how)
        await self.purse.upkeep.tick()
        await self._publish(self.model.budgets)
        for process in self.processes:
            await self.purse.until_ready(process)

    @rule(number=ANY)
    def a_process_is_taken_for_dead(self, number: int) -> None:
        """It was paused; it comes back and knows how its calls ended."""
        self.run(self._assume_for(self.processes[number % len(self.processes)]))

    @precondition(lambda self: self.processes)
    @rule(number=ANY)
    def a_process_dies(self, number: int) -> None:
        process = self.processes.pop(number % len(self.processes))
        self.run(self._replace(process))
        for call in self.model.calls.values():
            if call.owner == process.holds.process_id:
                call.owner = None

    async def _replace(self, process: Process) -> None:
        await process.die()
        self.purse.processes.remove(process)
        await self._assume_for(process)
        self.processes.append(await self._process())

    async def _assume_for(self, process: Process) -> None:
        name = process.holds.process_id
        mine = [c for c in self.model.calls.values() if c.owner == name and c.charge is None]
        assumed = -1
        while assumed < len(mine):
            seen = (await self.purse.link.hash("beats")).get(name, "")
            found = await Watch(self.purse.link).assume(name, seen)
            assumed = max(assumed, 0) + found
        for call in mine:
            call.charge, call.is_assumed = call.held, True
        # Nobody would say these again to a Redis that lost them.
        await self.purse.outbox.drain()

    # What must be true.

    @invariant()
    def redis_says_what_the_model_says(self) -> None:
        if self.processes:
            self.run(self._compare())

    async def _compare(self) -> None:
        snapshot = await read_snapshot(self.purse.link)
        values = {(c.counter, c.window): c.values for c in snapshot.counters}
        for budget in self.model.budgets:
            counter = rule_of(budget)
            window = current_window(counter, snapshot.now_ms)
            found = {
                value: (counted.posted_nano, counted.held_nano)
                for value, counted in values.get((counter.counter, window), {}).items()
                if counted.posted_nano or counted.held_nano
            }
            keys = {name: value_digest(name) if budget.each else "" for name in CAMPAIGNS}
            wanted = {keys[name]: self.model.spent(budget, name) for name in CAMPAIGNS}
            assert found == {value: spent for value, spent in wanted.items() if any(spent)}

    async def _everything_is_found_in_the_ledger(self) -> None:
        last = await self.purse.outbox.drain()
        assert await self.purse.ledger.missing_seqs(0, last) == []
        assert (await self.purse.reconcile()).clean
        entries = await self.purse.ledger.ended(self.model.calls)
        for name, call in self.model.calls.items():
            numbers = [entry.entry for entry in entries.get(name, [])]
            if call.charge is None or (call.is_voided and not numbers):
                # A void that Redis lost is nothing: it held nothing and cost nothing.
                assert numbers == []
                continue
            assert numbers == list(range(len(numbers)))
            assert sum(entry.charge_nano for entry in entries[name]) == call.charge


def test_random_lives(
    valkey_url: str, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifeline, "LISTEN_S", 0.05)
    machine = type(
        "Lives",
        (Deployment,),
        {
            "valkey_url": valkey_url,
            "folder": tmp_path,
            "template": Path(sqlite_url.removeprefix("sqlite:///")),
        },
    )
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
