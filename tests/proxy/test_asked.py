"""What ops list frees, or prices, what the table refuses or lacks: nothing that it meters."""

import pytest

from proxy.asked import find_endpoint, price
from proxy.body import read_body
from proxy.endpoints import Kind, Shape
from proxy.errors import Refusal
from tests.proxy.stand import terms

FREE = ("/v1/evals/{id}/runs", "/v1/of/tomorrow", "/v1/chat/completions")
ASSUMED = {"/v1/evals": 5, "/v1/of/tomorrow": 6}


@pytest.mark.parametrize(
    ("method", "path", "kind", "fixed_nano"),
    [
        ("POST", b"/v1/chat/completions", Kind.METERED, None),
        ("POST", b"/v1/evals/e1/runs", Kind.FREE, None),
        ("POST", b"/v1/of/tomorrow", Kind.FREE, None),
        ("POST", b"/v1/evals", Kind.METERED, 5),
        ("POST", b"/v1/batches", Kind.LATE, None),
        ("GET", b"/v1/models", Kind.FREE, None),
    ],
)
def test_the_row_of_a_path(method: str, path: bytes, kind: Kind, fixed_nano: int | None) -> None:
    row = find_endpoint(method, path, FREE, ASSUMED)
    assert (row.kind, row.fixed_nano) == (kind, fixed_nano)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", b"/v1", 404),
        ("POST", b"/v2/chat/completions", 404),
        ("PUT", b"/v1/chat/completions", 405),
    ],
)
def test_what_is_in_no_list_is_refused(method: str, path: bytes, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        find_endpoint(method, path, ())
    assert refused.value.status == status


@pytest.mark.parametrize(
    "rest",
    [b"../chat/completions", b"%2E%2e/chat/completions", b"x%2f..%2f..%2fchat/completions",
     b"..%5cchat/completions", b"..;x/chat/completions", b"./runs"],
)  # fmt: skip
def test_a_path_that_an_upstream_may_take_for_another_is_not_free(rest: bytes) -> None:
    for method in ("GET", "POST"):
        with pytest.raises(Refusal) as refused:
            find_endpoint(
                method, b"/v1/evals/" + rest, ("/v1/evals/{rest*}",), {"/v1/evals/{id}": 5}
            )
        assert refused.value.status == 404


def test_an_assumed_call_costs_what_ops_say_and_names_no_model() -> None:
    row = find_endpoint("POST", b"/v1/evals", (), ASSUMED)
    assert row.shape is Shape.FIXED
    model, pricing = price(row, read_body(b'{"model":"gpt-5"}'), terms(), "SEO")
    assert (model, pricing.fixed_nano) == ("", 5)


def test_a_model_without_a_price_is_refused_where_nothing_else_bounds_it() -> None:
    row, body = find_endpoint("POST", b"/v1/responses", ()), read_body(b'{"model":"of-tomorrow"}')
    model, pricing = price(row, body, terms(), "SEO")
    assert (model, pricing.model) == ("of-tomorrow", None)
    with pytest.raises(Refusal, match="has no price"):
        price(row, body, terms(basis="provider_price"), "SEO")
