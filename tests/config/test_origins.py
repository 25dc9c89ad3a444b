"""How an origin and a problem read."""

import pytest

from config.origins import ConfigError, Origin, Problem, dotted


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (Origin(), "default"),
        (Origin("a.yaml", 3), "a.yaml:3"),
        (Origin("a.yaml"), "a.yaml"),
        (Origin(variable="X"), "environment X"),
        (Origin("a.yaml", 3, "X"), "a.yaml:3 (${X})"),
    ],
)
def test_origins(origin: Origin, text: str) -> None:
    assert str(origin) == text


def test_problems_stand_in_the_error_a_line_each() -> None:
    one = Problem(Origin("a.yaml", 3), "server.port", '"x"', "a whole number")
    error = ConfigError([one, one])
    assert str(one) == 'a.yaml:3: server.port: found "x"; allowed: a whole number'
    assert str(error).splitlines() == [str(one)] * 2


def test_dotted() -> None:
    place = ("budgets", "rules", 0, "each", 1)
    assert dotted(place) == "budgets.rules[0].each[1]"
    assert dotted(place, {("budgets", "rules", 0): "a"}) == "budgets.rules[a].each[1]"
