"""Tables are aligned and never cut off."""

from app.columns import columns


def test_words_stand_left_and_numbers_right() -> None:
    assert columns(("name", "USD"), [("a", "1.00"), ("longer", "20.5")], right=("USD",)) == (
        "name     USD\na       1.00\nlonger  20.5"
    )


def test_a_long_value_is_whole() -> None:
    assert "x" * 300 in columns(("name",), [("x" * 300,)])
