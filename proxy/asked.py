"""What a request asks for: its row of the table, and the model and prices it is charged by."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from budget.charge import Pricing
from proxy.body import Body
from proxy.endpoints import Endpoint, Kind, Shape, UnknownPath, WrongMethod, find, matches
from proxy.errors import not_found, not_priced, wrong_method
from proxy.estimate import UNIT_SHAPES
from proxy.priced import model_of, priced_model
from proxy.terms import Terms

NOTHING_ASSUMED: Final[Mapping[str, int]] = MappingProxyType({})


def find_endpoint(
    method: str,
    path: bytes,
    free_paths: tuple[str, ...],
    assumed_nano: Mapping[str, int] = NOTHING_ASSUMED,
) -> Endpoint:
    """The row of the table for a raw path; raises a 404 or 405 `Refusal`.

    `free_paths` and the paths of `assumed_nano` are templates that ops listed: they free, or
    give a fixed cost to, what the table refuses, holds for later or lacks, and nothing that it
    meters or knows to be free.
    """
    text = path.decode("latin-1")
    listed = next((free for free in free_paths if matches(free, text)), None)
    assumed = next((known for known in assumed_nano if matches(known, text)), None)
    freed = None
    if listed is not None:
        freed = Endpoint(method, listed, Kind.FREE)
    elif assumed is not None:
        nano = assumed_nano[assumed]
        freed = Endpoint(method, assumed, Kind.METERED, Shape.FIXED, fixed_nano=nano)
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
    return freed if freed is not None and found.kind in (Kind.REFUSED, Kind.LATE) else found


def price(endpoint: Endpoint, body: Body, terms: Terms, agent: str) -> tuple[str, Pricing]:
    """The model that is asked for ("" where a call names none), and what it is charged by.

    Raises `BadBody`, and a 400 `Refusal` for what has no price that could bound it.
    """
    if endpoint.shape is Shape.FIXED:
        fee = 0 if endpoint.fee is None else terms.models.fees_nano[endpoint.fee]
        fixed = fee if endpoint.fixed_nano is None else endpoint.fixed_nano
        return "", replace(terms.pricing(agent, ""), fixed_nano=fixed)
    model = model_of(endpoint, body)
    priced = priced_model(endpoint, body, model, terms.models)
    pricing = replace(terms.pricing(agent, model), model=priced)
    by_rate = pricing.basis == "agent_rate" and endpoint.shape not in UNIT_SHAPES
    if priced is None and not by_rate and terms.refuse_unpriced:
        raise not_priced(model)
    return model, pricing
