"""One name, however it was typed."""

import pytest

from config.bounds import NAME_CHARS_MAX
from config.names import canonical_name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" spring sale ", "spring sale"),
        ("Fru\u0308hling", "Fr\u00fchling"),
        ("n" * NAME_CHARS_MAX, "n" * NAME_CHARS_MAX),
        ("n" * (NAME_CHARS_MAX + 1), None),
        ("", None),
        ("  ", None),
        ("a\tb", None),
        ("a\u200bb", None),
        ("\udcff", None),
    ],
)
def test_a_name_has_one_form_or_is_none(typed, name):
    assert canonical_name(typed) == name
