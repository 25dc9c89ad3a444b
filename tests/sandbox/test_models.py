"""Models: config's table, as `GET /v1/models` lists it and as answers name it."""

import openai
import pytest

from config.model_data import base_table
from sandbox.models import Catalogue

CATALOGUE = Catalogue(base_table())


def test_every_priced_model_is_listed(client: openai.OpenAI) -> None:
    names = {model.id for model in client.models.list()}
    assert names == set(base_table().models)
    assert client.models.retrieve("gpt-4o").object == "model"


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("gpt-4o", "gpt-4o-2024-11-20"),
        ("gpt-6-sol", "gpt-6-sol"),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", "ft:gpt-4o-mini-2024-07-18:acme::abc"),
    ],
)
def test_an_alias_is_served_by_a_snapshot_of_the_same_price(asked: str, served: str) -> None:
    assert CATALOGUE.served_name(asked) == served
    assert CATALOGUE.find(served).prices == CATALOGUE.find(asked).prices
