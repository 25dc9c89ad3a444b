"""Whatever a client sends that the OpenAPI document speaks of: no 5xx, and errors name the field.

Each procedure is asked with data made from its schemas, good and bad.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.stand import BILLING, Desk, open_desk
from tests.budget.purse import Engines

EXAMPLES = 12
"""Of each procedure and mode: seconds on a busy core, and a bound on them."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
async def desk(embedded: Engines) -> AsyncIterator[Desk]:
    async with open_desk(embedded) as desk:
        yield desk


async def test_every_procedure_is_documented(embedded: Engines) -> None:
    async with open_desk(embedded) as desk:
        document = (await desk.nobody.get(f"{BILLING}/openapi.json")).json()
        assert document["openapi"].startswith("3.1")
        told = {
            (method.upper(), path.removeprefix(BILLING))
            for path, methods in document["paths"].items()
            for method in methods
        }
        assert told == {
            ("POST", "/agent-costs"),
            ("GET", "/agents/costs"),
            ("GET", "/campaigns/{campaign}/spend"),
            ("PUT", "/campaigns/{campaign}/budget"),
            ("PUT", "/campaigns/{campaign}/status"),
            ("PUT", "/campaigns/{campaign}/revenue"),
            ("GET", "/months/{month}/summary"),
            ("PUT", "/months/{month}/budget"),
            ("GET", "/rates"),
            ("GET", "/check"),
            ("GET", "/transactions"),
            ("POST", "/transactions/{hold}/corrections"),
            ("GET", "/export"),
            ("POST", "/freeze"),
            ("POST", "/thaw"),
        }
        assert document["security"] == [{"admin": []}]


def cases(document: dict[str, Any], mode: GenerationMode) -> list[Case]:
    """Requests for every procedure, made from its schemas."""
    made: list[Case] = []
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        strategy = found.ok().as_strategy(generation_mode=mode)

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def collect(case: Case) -> None:
            made.append(case)

        collect()
    return made


async def asked(desk: Desk, case: Case) -> httpx.Response:
    """What the application answers to a case, sent as it would stand on the wire."""
    wire = requests.Request(
        **{
            name: value
            for name, value in case.as_transport_kwargs(base_url="http://purser").items()
            if name in ("method", "url", "headers", "params", "json", "data")
        }
    ).prepare()
    headers = {
        name: value
        for name, value in wire.headers.items()
        if name.lower() not in ("authorization", "content-length")
    }
    return await desk.admin.request(
        str(wire.method), str(wire.url), headers=headers, content=wire.body or b""
    )


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
async def test_no_input_breaks_it_and_errors_name_the_field(
    desk: Desk, mode: GenerationMode
) -> None:
    document = (await desk.nobody.get(f"{BILLING}/openapi.json")).json()
    statuses: Counter[int] = Counter()
    made = await asyncio.to_thread(cases, document, mode)
    for case in made:
        response = await asked(desk, case)
        statuses[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)
        if response.status_code == 422:
            error = response.json()["error"]
            assert error["field"], error
            assert all(one["field"] and one["message"] for one in error["fields"]), error
    assert len(made) >= 10 * len(document["paths"])
    answered = sum(n for status, n in statuses.items() if status < 300)
    assert answered if mode is GenerationMode.POSITIVE else statuses[422], statuses
