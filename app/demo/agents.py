"""Simulated agents: plain HTTP clients of a Purser, as any agent is."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from app.demo.workload import Ask
from config.money import usd_to_nano

ANSWER_S_MAX: Final = 60.0
SANDBOX: Final = "sandbox"
_COST_COMMENT: Final = ": purser-cost-usd "


class NotASandbox(Exception):
    """What answers is no Purser on the sandbox: nothing may be spent there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent got. `refusal` says why Purser refused; `status` 0: nothing came."""

    status: int
    charge_nano: int = 0
    tokens: int = 0
    refusal: str | None = None
    upstream: str | None = None


class Agents:
    """The agents' way to one Purser. `run` goes into the execution ids."""

    def __init__(self, client: httpx.AsyncClient, run: str) -> None:
        self._client = client
        self.run = run

    def execution_id(self, agent: str) -> str:
        """This run of an agent."""
        return f"{self.run}-{agent}"

    async def ready(self) -> bool:
        """Whether Purser admits calls."""
        try:
            return (await self._client.get("/readyz")).status_code == 200
        except httpx.HTTPError:
            return False

    async def check_sandbox(self) -> None:
        """Raise `NotASandbox` unless a Purser answers that says it is on the sandbox."""
        try:
            answer = await self._client.get("/v1/models")
        except httpx.HTTPError as error:
            raise NotASandbox(f"{self._client.base_url} does not answer ({error!r})") from error
        upstream = answer.headers.get("x-purser-upstream")
        if upstream == SANDBOX:
            return
        if upstream is None:
            raise NotASandbox(f"{self._client.base_url} is not a Purser: no X-Purser-Upstream")
        raise NotASandbox(
            f"the Purser at {self._client.base_url} pays for calls (X-Purser-Upstream: "
            f"{upstream}): the demo spends on the sandbox alone"
        )

    async def ask(self, ask: Ask) -> Answer:
        """Make one call."""
        headers = {
            "X-Agent-Type": ask.agent,
            "X-Campaign-Id": ask.campaign,
            "X-Task": ask.task,
            "X-Execution-Id": self.execution_id(ask.agent),
            "X-Purser-Stream-Cost": "comment",
        }
        request = self._client.build_request("POST", ask.path, json=ask.body, headers=headers)
        try:
            answer = await self._client.send(request, stream=ask.stream)
            try:
                if ask.stream and answer.status_code == 200:
                    return await _streamed(answer)
                await answer.aread()
                return _whole(answer)
            finally:
                await answer.aclose()
        except httpx.HTTPError:
            return Answer(0)


@asynccontextmanager
async def agents_of(url: str, run: str, at_once: int) -> AsyncIterator[Agents]:
    """Agents of the Purser at `url`, at most so many calls at once."""
    limits = httpx.Limits(max_connections=at_once + 1)
    async with httpx.AsyncClient(
        base_url=url,
        headers={"Authorization": "Bearer demo"},
        timeout=ANSWER_S_MAX,
        limits=limits,
        trust_env=False,
    ) as client:
        yield Agents(client, run)


def _whole(answer: httpx.Response) -> Answer:
    return Answer(
        status=answer.status_code,
        charge_nano=usd_to_nano(answer.headers.get("x-purser-cost-usd", "0")),
        tokens=_tokens(_json(answer.text)),
        refusal=answer.headers.get("x-purser-refusal"),
        upstream=answer.headers.get("x-purser-upstream"),
    )


async def _streamed(answer: httpx.Response) -> Answer:
    charge = tokens = 0
    async for line in answer.aiter_lines():
        if line.startswith(_COST_COMMENT):
            charge = usd_to_nano(line.removeprefix(_COST_COMMENT).strip())
        elif line.startswith("data: {"):
            event = _json(line.removeprefix("data: "))
            tokens = _tokens(event) or _tokens(event.get("response")) or tokens
    return Answer(answer.status_code, charge, tokens, None, answer.headers.get("x-purser-upstream"))


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _tokens(body: Any) -> int:
    usage = body.get("usage") if isinstance(body, dict) else None
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) else 0
