"""The stacked chart: bars stand on each other, and each bucket tells its amounts."""

from urllib.parse import unquote

from config.money import NANO_PER_USD
from dashboard.components.stacked import stacked


def test_bars_stand_on_what_lies_below_and_tell_their_amounts() -> None:
    made = stacked(
        ("1 Nov", "2 Nov"), {"SEO": [NANO_PER_USD, 0], "Others": [NANO_PER_USD, 0]}, "Spend: SEO"
    )
    plot = made.children.children
    layers = [unquote(one.style["--layer"]) for one in plot if "st-layer" in (one.className or "")]
    # Two dollars are the top of the scale: each bar takes half of it, the second on the first.
    assert ["M16 10000V5000h68V10000z" in layers[0], "M16 5000V0h68V5000z" in layers[1]] == [
        True,
        True,
    ]
    (tips,) = (one.children for one in plot if one.className == "st-tips")
    assert [tip.title for tip in tips] == [
        "1 Nov: $2.00\nSEO: $1.00\nOthers: $1.00",
        "2 Nov: $0.00",
    ]
