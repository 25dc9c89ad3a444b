"""YAML as text: values keep every digit, and every mistake has its line."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.money import NANO_MAX, usd_text
from config.origins import ConfigError
from config.yaml_text import Tree, read_yaml, same_key
from tests.config.helpers import loaded, rule


def read(text: str | bytes, **environ: str) -> Tree:
    return read_yaml(text if isinstance(text, bytes) else text.encode(), "f.yaml", environ)


@given(st.integers(0, NANO_MAX))
def test_money_survives_yaml_to_the_last_digit(nano: int) -> None:
    assert loaded(rule(limit_usd=usd_text(nano))).rules[0].limit_nano == nano


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("# nothing", {}),
        ("a: 1.10", {"a": "1.10"}),
        ("a: yes", {"a": "yes"}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: 0x10", {"a": "0x10"}),
        ("a:\nb: ~", {}),
        ("a: ''", {"a": ""}),
        ("a: [1, , 2]", None),
        ("a: [1, ~]", {"a": ["1", ""]}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": "1"}, "c": {"b": "1"}}),
        ("a: ${X}", {"a": "ex"}),
        ("{a: ${X}, b: 1}", {"a": "ex", "b": "1"}),
        ("a: ${NOT_SET}", {}),
        ("a: ${NOT_SET:-7}", {"a": "7"}),
        ("{a: ${NOT_SET:-7}}", {"a": "7"}),
        ("a: x-${X}-${Y}", {"a": "x-ex-b: [1"}),
        ("a: ${Y}", {"a": "b: [1"}),
        ("a: $X", {"a": "$X"}),
    ],
)
def test_values(text: str, values: dict[str, object] | None) -> None:
    if values is None:
        with pytest.raises(ConfigError):
            read(text, X="ex", Y="b: [1")
    else:
        assert read(text, X="ex", Y="b: [1").values == values


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("a: 1\nb: [", 2, "broken YAML"),
        ("a: 1\n\tb: 2", 2, "broken YAML"),
        (b"a: 1\nb: \xff", 2, "bytes"),
        ("a: 1\nb: \x07", 2, "control character"),
        ("- a", 1, "something else"),
        ("text", 1, "something else"),
        ("a: 1\n---\nb: 1", 2, "another document"),
        ("a: &a [*a]", 1, "without end"),
        ("a: " + "[" * 60 + "]" * 60, 1, "without end"),
        ("a: " + "[" * 5000, 1, ""),
        (b"#" * 2_000_000, None, "bytes"),
    ],
)
def test_no_yaml_at_all(text: str | bytes, line: int | None, found: str) -> None:
    try:
        problems = read(text).problems
    except ConfigError as error:
        problems = list(error.problems)
    assert problems[0].origin.file == "f.yaml"
    assert found in problems[0].found
    if found:
        assert problems[0].origin.line == line


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("a: 1\na: 2", 2, "a second time, after line 1"),
        ("a: {b: 1, b: 2}", 1, "a second time"),
        ("x: 1\n? [a]\n: 1", 2, "as a key"),
        ("a: !!python/object:os.system x", 1, "the tag"),
        ("a: !include x", 1, "the tag"),
        ("a: x${NOT_SET}", 1, "${NOT_SET}"),
    ],
)
def test_a_value_that_is_not_used(text: str, line: int, found: str) -> None:
    (problem,) = read(text).problems
    assert problem.origin.line == line
    assert found in problem.found


def test_aliases_of_aliases_do_not_grow_without_end() -> None:
    text = "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
    )
    with pytest.raises(ConfigError):
        read(text)


def test_every_value_knows_its_line() -> None:
    tree = read("a:\n  b: 1\n  c:\n    - x\n    - y\n")
    lines = {place: origin.line for place, origin in tree.origins.items()}
    assert lines[("a",)] == 1
    assert lines[("a", "b")] == 2
    assert lines[("a", "c")] == 3
    assert lines[("a", "c", 1)] == 5


@given(st.text())
def test_any_text_gives_a_tree_or_a_reason(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(read(text.encode("utf-8", "surrogatepass")).values, dict)


def test_keys_are_the_same_in_any_case() -> None:
    assert same_key({"CONTENT": 1}, "content") == "CONTENT"
    assert same_key({"CONTENT": 1, "content": 2}, "content") == "content"
    assert same_key({}, "content") is None
