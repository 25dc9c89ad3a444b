"""Calls as agents make them: one by one, or many at once in a thread of their own."""

import asyncio
import itertools
import threading
from collections import Counter
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Any, Self

import httpx

MODEL = "gpt-4o-mini"
AGENTS = ("CONTENT", "SEO", "EMAIL", "SUPPORT")
CAMPAIGNS = ("spring", "summer", "autumn", "winter")
HEAVY = '{"about":"' + "x" * 2000 + '"}'
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One call. `name` is known to client, ledger and upstream."""

    name: str
    stream: bool = False
    tokens: int = 12
    """How many the upstream will answer, and the ceiling that the client sets."""
    delay_ms: int = 0
    """Before a JSON answer, or between two events."""
    campaign: str = "spring"
    agent: str = "CONTENT"
    heavy: bool = False
    """With as much metadata as a call may carry."""

    def request(self) -> dict[str, Any]:
        """As httpx takes it."""
        delay = "x-sandbox-event-delay-ms" if self.stream else "x-sandbox-delay-ms"
        return {
            "headers": {
                "x-execution-id": self.name,
                "x-test-call": self.name,
                "x-agent-type": self.agent,
                "x-campaign-id": self.campaign,
                "x-sandbox-output-tokens": str(self.tokens),
                delay: str(self.delay_ms),
                **({"x-purser-metadata": HEAVY} if self.heavy else {}),
            },
            "json": {
                "model": MODEL,
                "messages": [{"role": "user", "content": f"hello {self.name}"}],
                "max_tokens": self.tokens,
                "stream": self.stream,
            },
        }


@dataclass(frozen=True, slots=True)
class Got:
    """What the client saw; `status` 0 is a connection that broke before an answer."""

    name: str
    status: int
    whole: bool
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """One header of the answer."""
        return dict(self.headers).get(name)


class Traffic:
    """`clients` agents that call `url` without pause until they are told to stop.

    With `rounds`, each makes so many calls. A client that is refused tries again after a
    moment, as one would.
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        *,
        clients: int = 6,
        rounds: int | None = None,
        stream_ms: int = 10,
        tokens: int = 12,
        seed: int = 1,
        only: bool | None = None,
        heavy: bool = False,
    ) -> None:
        self.url = f"{url}/v1/chat/completions"
        self.got: list[Got] = []
        self._prefix = prefix
        self._clients = clients
        self._rounds = rounds
        self._stream_ms = stream_ms
        self._tokens = tokens
        self._seed = seed
        self._only = only
        self._heavy = heavy
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="traffic", daemon=True)
        self._trouble: list[BaseException] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """No further calls; waits for those under way."""
        self._stopping.set()
        self._thread.join(TIMEOUT_S + 10)
        assert not self._thread.is_alive(), "calls do not end"
        if self._trouble:
            raise self._trouble[0]

    def finish(self) -> None:
        """Waits until every agent has made all its rounds."""
        assert self._rounds is not None, "it goes on until it is stopped"
        self._thread.join(TIMEOUT_S + 10)
        self.stop()

    @property
    def statuses(self) -> Counter[int]:
        """How calls were answered so far."""
        return Counter(got.status for got in tuple(self.got))

    @property
    def succeeded(self) -> int:
        """Calls answered with 200 so far."""
        return self.statuses[200]

    def _work(self) -> None:
        try:
            asyncio.run(self._all())
        except BaseException as error:  # noqa: BLE001  told by stop()
            self._trouble.append(error)

    async def _all(self) -> None:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=TIMEOUT_S, limits=limits, trust_env=False) as client:
            await asyncio.gather(*(self._agent(client, at) for at in range(self._clients)))

    async def _agent(self, client: httpx.AsyncClient, at: int) -> None:
        random = Random(self._seed * 1000 + at)
        rounds = itertools.count() if self._rounds is None else range(self._rounds)
        for number in rounds:
            if self._stopping.is_set():
                return
            stream = random.random() < 0.5 if self._only is None else self._only
            ask = Ask(
                f"{self._prefix}-{at}-{number}", stream, self._tokens,
                self._stream_ms if stream else 0,
                random.choice(CAMPAIGNS), random.choice(AGENTS), self._heavy,
            )  # fmt: skip
            got = await fetch(client, self.url, ask)
            self.got.append(got)
            if got.status != 200:
                await asyncio.sleep(0.05)


async def fetch(client: httpx.AsyncClient, url: str, ask: Ask) -> Got:
    """Make one call, read to its end."""
    try:
        async with client.stream("POST", url, **ask.request()) as answer:
            parts: list[str] = []
            headers = tuple(answer.headers.items())
            try:
                async for part in answer.aiter_text():
                    parts.append(part)
            except httpx.TransportError:
                return Got(ask.name, answer.status_code, False, "".join(parts), headers)
            body = "".join(parts)
            whole = not ask.stream or "[DONE]" in body
            return Got(ask.name, answer.status_code, whole, body, headers)
    except httpx.TransportError:
        return Got(ask.name, 0, False)


def call(url: str, ask: Ask) -> Got:
    """Make one call and wait for its end."""

    async def one() -> Got:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            return await fetch(client, f"{url}/v1/chat/completions", ask)

    return asyncio.run(one())


class Pending:
    """One call on its way, in a thread of its own."""

    def __init__(self, url: str, ask: Ask) -> None:
        self.ask = ask
        self._got: list[Got] = []
        self._thread = threading.Thread(
            target=lambda: self._got.append(call(url, ask)), daemon=True
        )
        self._thread.start()

    def result(self) -> Got:
        """What came of it."""
        self._thread.join(TIMEOUT_S + 10)
        return self._got[0]
