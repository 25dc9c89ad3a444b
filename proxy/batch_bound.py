"""The worst case of a batch: its input file, bounded line by line at batch prices."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

from budget.charge import Pricing, worst_amounts
from config.bounds import BATCH_LINES_MAX
from config.money import NANO_MAX
from proxy.body import READ_INLINE_BYTES_MAX, BadBody, Body, read_body
from proxy.endpoints import Endpoint, Kind, Shape, UnknownPath, WrongMethod, find
from proxy.errors import not_priced
from proxy.estimate import ResponseTokens, estimate, must_write_ceiling, tool_calls_to_write
from proxy.output_bound import ceiling_field
from proxy.terms import Terms
from proxy.tokens import off_loop
from storage.records import Amounts, WorstCase

TIER: Final = "batch"
SHAPES: Final = frozenset({Shape.CHAT, Shape.RESPONSES, Shape.COMPLETIONS, Shape.EMBEDDINGS})
PROBLEMS_MAX: Final = 5
"""Lines that one refusal names."""


@dataclass(frozen=True, slots=True)
class BatchBound:
    """What a batch can cost at most. `worst` is the sum of its lines."""

    model: str
    pricing: Pricing
    held: Amounts
    worst: WorstCase
    lines: int


def batch_endpoint(url: object) -> Endpoint:
    """The endpoint that every line of a batch calls. Raises `BadBody`."""
    try:
        endpoint = find("POST", url) if isinstance(url, str) else None
    except (UnknownPath, WrongMethod):
        endpoint = None
    if endpoint is None or endpoint.kind is not Kind.METERED or endpoint.shape not in SHAPES:
        raise BadBody(
            "'endpoint' must be one whose lines can be bounded here: /v1/chat/completions, "
            "/v1/responses, /v1/completions or /v1/embeddings",
            "endpoint",
        )
    return endpoint


async def bound_batch(
    lines: AsyncIterator[bytes],
    endpoint: Endpoint,
    terms: Terms,
    agent: str,
    response_tokens: ResponseTokens,
) -> BatchBound:
    """The sum of all lines; raises `BadBody` naming those that cannot be bounded."""
    bounding = _Bounding(endpoint, terms, agent, response_tokens)
    problems: list[str] = []
    number = 0
    async for raw in lines:
        number += 1
        if not raw.strip():
            continue
        try:
            await bounding.add(raw)
        except BadBody as error:
            problems.append(f"line {number}: {error.message}")
        if len(problems) == PROBLEMS_MAX:
            break
        # A long file is read while others are served.
        await asyncio.sleep(0)
    if problems:
        raise BadBody(
            "the batch cannot be bounded: " + "; ".join(problems), "input_file_id", "unbounded_line"
        )
    return bounding.result()


class _Bounding:
    """Running totals of one file."""

    def __init__(
        self, endpoint: Endpoint, terms: Terms, agent: str, response_tokens: ResponseTokens
    ) -> None:
        self._endpoint = endpoint
        self._terms = terms
        self._agent = agent
        self._response_tokens = response_tokens
        self._pricing: Pricing | None = None
        self._model = ""
        self._lines = self._charge = self._provider = self._input = self._output = 0

    async def add(self, raw: bytes) -> None:
        """One line more. Raises `BadBody`."""
        if self._lines >= BATCH_LINES_MAX:
            raise BadBody(f"a batch has {BATCH_LINES_MAX:,} lines at most")
        body = await off_loop(
            len(raw), lambda: _body_of(raw, self._endpoint.path), READ_INLINE_BYTES_MAX
        )
        pricing = self._priced(body.model)
        worst = await estimate(
            self._endpoint, body, pricing.model, self._terms.estimate, self._response_tokens
        )
        self._check_bounded(body, pricing, worst)
        worst = replace(worst, tiers=(TIER,))
        held = worst_amounts(pricing, worst, worst.output_ceiling)
        self._lines += 1
        self._charge += held.charge
        self._provider += held.provider
        self._input += worst.input_tokens
        self._output += worst.choices * worst.output_ceiling
        if max(self._charge, self._provider) > NANO_MAX:
            raise BadBody("the batch may cost more than any budget counts: split it")

    def _priced(self, model: str) -> Pricing:
        if self._pricing is None:
            self._model = model
            self._pricing = self._terms.pricing(self._agent, model)
            unpriced = self._pricing.basis == "provider_price" and self._pricing.model is None
            if unpriced and self._terms.refuse_unpriced:
                raise not_priced(model)
        if model != self._model:
            raise BadBody(f"model '{model}', where others have '{self._model}': one a batch")
        return self._pricing

    def _check_bounded(self, body: Body, pricing: Pricing, worst: WorstCase) -> None:
        if body.fields.get("background"):
            raise BadBody("'background' has no meaning in a batch: leave it out")
        if worst.lowerable or must_write_ceiling(self._endpoint, body, pricing.model, worst):
            field = ceiling_field(self._endpoint, body, pricing.model)
            raise BadBody(f"no ceiling of output: set '{field}'")
        if tool_calls_to_write(self._endpoint, body) is not None:
            raise BadBody("hosted tools without a bound: set 'max_tool_calls'")

    def result(self) -> BatchBound:
        """All lines together. Raises `BadBody` for none."""
        if self._pricing is None:
            raise BadBody("the input file has no lines", "input_file_id")
        return BatchBound(
            self._model,
            self._pricing,
            Amounts(self._charge, self._provider),
            WorstCase(self._input, self._output, tiers=(TIER,)),
            self._lines,
        )


def _body_of(raw: bytes, path: str) -> Body:
    """The request of one line. Raises `BadBody`."""
    line = read_body(raw)
    if line.fields.get("method", "POST") != "POST" or line.fields.get("url") != path:
        raise BadBody(f"it must POST to {path}, the batch's endpoint")
    if "body" not in line.spans:
        raise BadBody("it has no 'body'")
    start, end = line.spans["body"]
    return read_body(line.raw[start:end])
