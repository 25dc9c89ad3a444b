"""Fields: for every table, nothing of a wrong type passes and no value breaks a check."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import params
from sandbox.errors import ApiError, wrong_value
from sandbox.params import check_fields, stop_sequences

TABLES = (params.CHAT, params.RESPONSES, params.COMPLETIONS, params.EMBEDDINGS)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers()),
)


def refusal(fields: dict[str, object], table: dict[str, params.Check]) -> ApiError | None:
    try:
        check_fields(fields, table)
    except ApiError as error:
        return error
    return None


@given(st.sampled_from(TABLES), st.data())
def test_any_value_passes_or_is_refused_by_name(
    table: dict[str, params.Check], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(table)))
    value = data.draw(VALUES)
    error = refusal({"stream": True, name: value}, {**table, "stream": params.SWITCH})
    assert error is None or (error.status == 400 and (error.param or "").startswith(name))


@pytest.mark.parametrize(
    ("stop", "expected"),
    [(None, ()), ("", ()), ("a", ("a",)), (["a", "", "b"], ("a", "b"))],
)
def test_stop(stop: object, expected: tuple[str, ...]) -> None:
    assert stop_sequences({"stop": stop}) == expected


@pytest.mark.parametrize("stop", [[5], ["a"] * 5])
def test_bad_stop(stop: object) -> None:
    with pytest.raises(ApiError):
        stop_sequences({"stop": stop})


def test_one_allowed_value_reads_well() -> None:
    assert "values are: 'a'." in wrong_value("x", "b", ("a",)).message
