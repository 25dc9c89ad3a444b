"""Every kind of answer costs what a reviewer can reckon by hand: the tables of
`tests/proxy/cases/charges.md`, sent through a proxy under both bases."""

import json
import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from proxy.endpoints import Endpoint, Shape, find
from storage.records import Flag, Status
from tests.proxy.stand import Purse, stand, terms
from tests.proxy.unit_talk import REQUESTS
from tests.proxy.upstreams import STREAM_END, STREAM_HEAD, Exchange, chunk, event, http, upstream

TABLES = Path(__file__).parent / "cases" / "charges.md"


@dataclass(frozen=True)
class Case:
    path: str
    form: str
    name: str
    model: str
    tier: str
    usage: Any
    also: dict[str, Any]
    by_hand: str
    provider_nano: int
    agent_nano: int
    status: int = 200

    @property
    def endpoint(self) -> Endpoint:
        return find("POST", self.path)


def read_cases() -> list[Case]:
    found = []
    path = form = ""
    for line in TABLES.read_text().splitlines():
        if line.startswith("## "):
            path, form = line.removeprefix("## ").split(", ")
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) != 8 or cells[0].strip("- ") in ("", "case"):
            continue
        name, model, tier, usage, also, by_hand, provider, agent = cells
        failed = usage.startswith("HTTP ")
        told = usage.startswith("`")
        found.append(
            Case(
                path, form, name, model, tier,
                json.loads(usage.strip("`")) if told else None,
                json.loads(also.strip("`")) if also else {},
                by_hand, int(provider), int(agent),
                int(usage.removeprefix("HTTP ")) if failed else 200,
            )
        )  # fmt: skip
    return found


CASES = read_cases()


def test_there_are_as_many_as_promised() -> None:
    assert len(CASES) >= 120
    assert len({(case.path, case.form, case.name, case.model) for case in CASES}) == len(CASES)


def test_the_sums_are_what_stands_beside_them() -> None:
    for case in CASES:
        products = [term.split("×") for term in case.by_hand.replace(" ", "").split("+")]
        total = sum(math.prod(map(Fraction, factors)) for factors in products)
        assert math.ceil(total) == case.provider_nano, case


def request(case: Case) -> dict[str, Any]:
    """A request that could have been answered so."""
    own = REQUESTS[case.endpoint.shape]
    extra: dict[str, Any] = {"model": case.model} if case.model else {}
    if case.form == "stream":
        extra["stream"] = True
    if case.path == "/v1/images/generations":
        own = {"json": {"prompt": "a cat"}}
    if case.endpoint.shape is Shape.SPEECH:
        text = case.also.get("input") or "a" * case.also.get("input characters", 1)
        extra["input"] = text
    if case.endpoint.shape is Shape.VIDEO:
        extra |= {"seconds": "12", **{k: v for k, v in case.also.items() if k == "size"}}
    if "json" in own:
        return {"json": own["json"] | extra}
    parts = [part for part in own["files"] if part[0] != "model"]
    return {
        "files": [*parts, *((name, (None, str(value).lower())) for name, value in extra.items())]
    }


def answer(case: Case) -> dict[str, Any]:
    """The answer as JSON."""
    made: dict[str, Any] = {"id": "x_1", "created": 1, "model": case.model}
    shape = case.endpoint.shape
    if shape in (Shape.CHAT, Shape.RESPONSES, Shape.COMPACT):
        made["service_tier"] = case.tier
    if shape in (Shape.CHAT, Shape.COMPLETIONS):
        made["choices"] = [{"index": 0, "finish_reason": "stop", "message": {"content": "a"}}]
    if case.usage is not None:
        made["usage"] = case.usage
    return made | case.also


LAST = {
    Shape.SPEECH: "speech.audio.done",
    Shape.TRANSCRIPTION: "transcript.text.done",
}


def stream(case: Case) -> list[bytes]:
    """The answer as events."""
    shape, made = case.endpoint.shape, answer(case)
    if shape in (Shape.CHAT, Shape.COMPLETIONS):
        begun = {**made, "usage": None}
        return [event(begun), event({**made, "choices": []}), event("[DONE]")]
    if shape is Shape.RESPONSES:
        created = {"type": "response.created", "response": {"id": "x_1", "usage": None}}
        kind = f"response.{made.get('status', 'completed')}"
        return [event(created), event({"type": kind, "response": made})]
    if shape is Shape.IMAGES:
        kind = "image_edit" if case.path.endswith("edits") else "image_generation"
        partial = {"type": f"{kind}.partial_image", "b64_json": "QUJD", "partial_image_index": 0}
        done = {"type": f"{kind}.completed", "b64_json": "QUJD", "usage": case.usage}
        return [event(partial), event(done)]
    return [event({"type": LAST[shape], "usage": case.usage})]


def wire(case: Case) -> bytes:
    """All bytes of the answer."""
    if case.status != 200:
        return http(case.status, b'{"error": {"message": "no", "type": "x", "code": null}}')
    if case.form == "stream":
        return STREAM_HEAD + b"".join(map(chunk, stream(case))) + STREAM_END
    if case.form == "audio":
        return http(200, b"\0" * 100, content_type=b"audio/mpeg")
    return http(200, json.dumps(answer(case)).encode())


@pytest.mark.parametrize("basis", ["provider_price", "agent_rate"])
async def test_each_answer_costs_what_stands_in_the_table(basis: str) -> None:
    answers = iter(CASES)

    async def script(exchange: Exchange) -> None:
        await exchange.send(wire(next(answers)))

    purse = Purse(limit=10**15)
    async with upstream(script) as far, stand(terms(far.url, basis=basis), purse) as here:
        for case in CASES:
            purse.ended.clear()
            response = await here.client.post(
                case.path, headers={"x-agent-type": "CONTENT"}, **request(case)
            )
            assert response.status_code == case.status, (case, response.text)
            grant, outcome, receipt = await purse.one_end()
            expected = case.provider_nano if basis == "provider_price" else case.agent_nano
            assert receipt.amounts.charge == expected, case
            assert receipt.amounts.provider == case.provider_nano, case
            assert outcome.status is (Status.SETTLED if case.status == 200 else Status.FAILED)
            assert Flag.NO_USAGE not in outcome.flags, case
            assert grant.facts.endpoint == case.endpoint.name
