"""What somebody may have meant."""

import pytest

from config.suggest import nearest


@pytest.mark.parametrize(
    ("found", "says"),
    [("prot", ' (did you mean "port"?)'), ("PORT", ' (did you mean "port"?)'), ("zzz", "")],
)
def test_nearest(found: str, says: str) -> None:
    assert nearest(found, ["host", "port"]) == says
