"""Types that are read from text."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from config.values import Size, Zone, redacted_url, share_mille

SIZE: TypeAdapter[int] = TypeAdapter(Size)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1024", 1024),
        ("64 MiB", 2**26),
        ("64MiB", 2**26),
        ("5 KB", 5000),
        ("1 GiB", 2**30),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert SIZE.validate_python(text) == size


@pytest.mark.parametrize("text", ["", "-1", "1.5 MiB", "1 TB", "MiB", True])
def test_no_sizes(text: object) -> None:
    with pytest.raises(ValidationError):
        SIZE.validate_python(text)


@given(st.integers(1, 1000))
def test_shares_are_per_mille(mille: int) -> None:
    assert share_mille(Decimal(mille) / 1000) == mille


@pytest.mark.parametrize("share", ["0", "1.001", "0.0001", "-0.5", "NaN"])
def test_no_shares(share: str) -> None:
    with pytest.raises(ValueError):
        share_mille(Decimal(share))


def test_zones() -> None:
    assert TypeAdapter(Zone).validate_python("Asia/Kathmandu") == "Asia/Kathmandu"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://h:1/0", "redis://h:1/0"),
        ("redis://:secret@h", "redis://…@h"),
        ("postgresql+asyncpg://u:se@cret@h/d", "postgresql+asyncpg://…@h/d"),
        ("http://[::1?password=secret", "http://[::1?…"),
        ("u:secret@h", "…@h"),
        ("embedded", "embedded"),
    ],
)
def test_passwords_are_cut_out(url: str, shown: str) -> None:
    assert redacted_url(url) == shown


@given(st.text())
def test_any_text_can_be_redacted(text: str) -> None:
    assert "secret" not in redacted_url(f"redis://user:secret{text}@host")
