"""Tables are found by what they are called."""

import pytest

from app import genai_table
from app.price_tables import NoTable, table_named


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genai_table, "INSTALLED", False)
    with pytest.raises(NoTable, match="pip install genai-prices"):
        table_named("genai-prices", ())
