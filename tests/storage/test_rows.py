"""Any entry that SQL can keep comes back from its row as it was; no other entry gets past."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.records import Flag, Usage
from storage.rows import entry_of, problem_with, row_of
from tests.storage.entries import entry

whole = st.integers(-(2**63), 2**63 - 1)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=128)
entries = st.builds(
    replace,
    st.just(entry(1)),
    seq=whole,
    campaign=words,
    task=words,
    execution_id=st.none() | words,
    charge_nano=whole,
    usage=st.builds(Usage, whole, whole, whole),
    flags=st.frozensets(st.sampled_from(Flag)),
    http_status=st.none() | st.integers(100, 599),
    overflow=st.lists(st.text("0123456789abcdef", min_size=16, max_size=16), max_size=3).map(tuple),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entries)
def test_an_entry_comes_back_from_its_row(written):
    row = row_of(written)
    assert problem_with(row) is None
    assert entry_of(row) == written


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"task": 7}, "task is no text: 7"),
        ({"request_id": "\x00"}, "request_id contains a NUL character"),
        ({"key": "x" * 257}, "key has 257 characters, the column holds 256"),
        ({"seq": 2**63}, f"seq is beyond what the column holds: {2**63}"),
        ({"posted_ms": "now"}, "posted_ms is no whole number: 'now'"),
        ({"held_nano": None}, "held_nano is no whole number: None"),
    ],
)
def test_what_sql_cannot_keep_is_said(changes, problem):
    assert problem_with(row_of(replace(entry(1), **changes))) == problem
