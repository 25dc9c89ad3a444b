"""Invariant: any split of the same bytes gives the same events, and no byte is lost."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.sse import Event, EventReader

LINES = [
    b"data: {}",
    b"data:x",
    b"data",
    b"data:  two",
    b"event: a",
    b"event:",
    b": comment",
    b":",
    b"id: 1",
    b"retry: 5",
    b"data: \xc3\xa9",
    b"\xef\xbb\xbfdata: bom",
    b"nonsense",
    b"",
    b"data: [DONE]",
]
ENDS = [b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b"\r\r"]

streams = st.one_of(
    st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(ENDS)), max_size=12).map(
        lambda pairs: b"".join(line + end for line, end in pairs)
    ),
    st.binary(max_size=80),
)


def read(stream: bytes, cuts: list[int], **options: int) -> list[Event]:
    reader = EventReader(**options)
    at = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    pieces = [stream[first:last] for first, last in itertools.pairwise(at)]
    events = [event for piece in pieces for event in reader.feed(piece)]
    return events + reader.close()


@given(streams, st.lists(st.integers(0, 1000), max_size=8))
def test_any_split_gives_the_same_events_and_every_byte(stream: bytes, cuts: list[int]) -> None:
    events = read(stream, cuts)
    assert events == read(stream, [])
    assert events == read(stream, list(range(len(stream))))
    assert b"".join(event.raw for event in events) == stream


@given(streams, st.lists(st.integers(0, 1000), max_size=8), st.integers(4, 20))
def test_above_the_bound_bytes_still_pass_and_small_events_stay(
    stream: bytes, cuts: list[int], bound: int
) -> None:
    events = read(stream, cuts, event_bytes_max=bound)
    assert b"".join(event.raw for event in events) == stream
    small = [event for event in events if not event.oversized]
    assert small == [event for event in read(stream, [], event_bytes_max=bound) if event in small]
    assert all(len(event.raw) <= bound for event in small)


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", [(None, b"a")]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [(None, b"a"), (None, b"b")]),
        (b"data: a\r\rdata: b\r\r", [(None, b"a"), (None, b"b")]),
        (b"event: x\ndata: a\ndata: b\n\n", [("x", b"a\nb")]),
        (b": keep-alive\n\ndata: a\n\n", [(None, b""), (None, b"a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [(None, b"a")]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [(None, b"a"), (None, b"")]),
        (b"data:a\ndata\ndata: \n\n", [(None, b"a\n\n")]),
        (b"data:  a\n\n", [(None, b" a")]),
        (b"data: cut", [(None, b"cut")]),
        (b"data: [DONE]\n", [(None, b"[DONE]")]),
        (b"datax: a\nDATA: b\n\n", [(None, b"")]),
        (b"", []),
    ],
)
def test_lines_are_read_as_event_source_reads_them(
    stream: bytes, expected: list[tuple[str | None, bytes]]
) -> None:
    assert [(event.event, event.data) for event in read(stream, [])] == expected


def test_an_event_is_told_as_soon_as_its_blank_line_is_there() -> None:
    reader = EventReader()
    assert reader.feed(b"data: a\n") == []
    assert [event.data for event in reader.feed(b"\n")] == [b"a"]
    assert [event.data for event in reader.feed(b"data: b\r\n\r\n")] == [b"b"]


def test_an_event_above_the_bound_is_passed_on_in_pieces_and_not_read() -> None:
    reader = EventReader(event_bytes_max=10)
    first = reader.feed(b"data: " + b"x" * 20)
    second = reader.feed(b"x\n\ndata: b\n\n")
    assert [event.oversized for event in first + second] == [True, True, False]
    assert second[-1].data == b"b"


def test_a_large_event_in_small_chunks_is_not_searched_again_and_again() -> None:
    reader = EventReader()
    events = [e for _ in range(20_000) for e in reader.feed(b"data: 0123456789 0123456789")]
    assert events == []
    assert len(reader.feed(b"\n\n")) == 1
