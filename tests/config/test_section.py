"""A section never tells the values it was given."""

import pytest
from pydantic import ValidationError

from config.section import Section


def test_an_error_does_not_carry_the_value() -> None:
    class Some(Section):
        number: int

    with pytest.raises(ValidationError) as caught:
        Some.model_validate({"number": "secret", "other": "secret"})
    assert "secret" not in str(caught.value)
