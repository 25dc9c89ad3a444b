"""What a body is read as, what is refused, and that a splice changes its own bytes alone."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proxy.body import BadBody, Body, read_body, with_ceiling, with_usage
from tests.proxy.strategies import json_values, keys, objects, written


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


@given(st.data(), objects)
def test_a_body_is_read_as_json_reads_it_and_each_span_holds_its_value(
    data: st.DataObject, fields: dict[str, Any]
) -> None:
    raw = data.draw(written(fields))
    body = read_body(raw)
    assert body.fields == fields
    assert body.raw is raw
    for key, (start, end) in body.spans.items():
        assert json.loads(raw[start:end]) == fields[key]
        assert body.text(key) == raw[start:end].decode()


@given(st.binary(max_size=200))
@example(b'{"a":\xff}')
@example(b"\xef\xbb\xbf{}")
def test_any_bytes_are_either_a_body_or_refused(raw: bytes) -> None:
    try:
        body = read_body(raw)
    except BadBody:
        return
    assert body.fields == json.loads(raw)


@given(st.data(), objects, st.integers(0, 200), st.binary(max_size=4))
def test_a_damaged_body_is_either_a_body_or_refused(
    data: st.DataObject, fields: dict[str, Any], at: int, junk: bytes
) -> None:
    raw = data.draw(written(fields))
    damaged = raw[:at] + junk + raw[at + len(junk) :]
    with contextlib.suppress(BadBody):
        read_body(damaged)


@given(st.data(), objects, st.integers(1, 10**6))
def test_a_ceiling_changes_its_own_bytes_alone(
    data: st.DataObject, fields: dict[str, Any], tokens: int
) -> None:
    raw = data.draw(written({**fields, "max_tokens": None} if "max_tokens" in fields else fields))
    before = read_body(raw)
    after = with_ceiling(before, "max_tokens", tokens)
    assert_only_changed(before, after, "max_tokens", tokens)


@given(st.data(), objects, st.sampled_from([None, {}, False, "other", "off", "on"]))
def test_usage_is_asked_for_and_nothing_else_changes(
    data: st.DataObject, fields: dict[str, Any], options: object
) -> None:
    given_options = {
        "other": {"include_obfuscation": False, "é": ["include_usage"]},
        "off": {"include_usage": False, "z": 1},
        "on": {"a": 0, "include_usage": True},
    }.get(str(options), options)
    fields = {key: value for key, value in fields.items() if key != "stream_options"}
    if given_options is not False:
        fields["stream_options"] = given_options
    before = read_body(data.draw(written(fields)))
    after = with_usage(before)
    wanted = {**(given_options if isinstance(given_options, dict) else {}), "include_usage": True}
    assert after.wants_usage
    assert_only_changed(before, after, "stream_options", wanted)


def assert_only_changed(before: Body, after: Body, key: str, value: object) -> None:
    """The body says the same but for `key`, and every other byte stands as it stood."""
    expected = {**before.fields, key: value}
    assert json.loads(after.raw) == after.fields == expected
    assert list(read_body(after.raw).spans.items()) == list(after.spans.items())
    start, end = after.spans[key]
    if key in before.spans:
        first, last = before.spans[key]
        assert after.raw[:start] == before.raw[:first]
        assert after.raw[end:] == before.raw[last:]
    else:
        rest = after.raw[:start].rstrip(b" ")
        member = f'"{key}":'.encode()
        assert rest.endswith(member)
        head = rest.removesuffix(member).removesuffix(b",")
        assert head + after.raw[end:] == before.raw


@given(st.data(), objects, keys, json_values)
def test_a_key_that_stands_twice_is_refused_however_it_is_spelled(
    data: st.DataObject, fields: dict[str, Any], key: str, value: Any
) -> None:
    fields = {**fields, key: value}
    inner = encoded(fields).strip()[1:-1]
    spelled = data.draw(st.sampled_from([json.dumps(key), escaped(key)]))
    raw = b"{" + inner + b"," + spelled.encode() + b":" + encoded(value) + b"}"
    with pytest.raises(BadBody) as caught:
        read_body(raw)
    assert caught.value.param == key


def escaped(key: str) -> str:
    units = key.encode("utf-16-be")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    return '"' + "".join(f"\\u{pair}" for pair in pairs) + '"'


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no body"),
        (b" \n", "no body"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'"model"', "not a JSON object"),
        (b'{"a":1', "not valid JSON"),
        (b'{"a":1}}', "not valid JSON"),
        (b'{"a":1,}', "not valid JSON"),
        (b"{'a':1}", "not valid JSON"),
        (b'{"a" 1}', "not valid JSON"),
        (b'{"a":}', "not valid JSON"),
        (b'{"a":01}', "not valid JSON"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":[-Infinity]}', "-Infinity is not JSON"),
        (b'{"a":"\n"}', "not valid JSON"),
        (b'{"a":"\\ud800"}', "not valid JSON"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'\xef\xbb\xbf{"a":1}', "byte order mark"),
        (b'\xff\xfe{\x00"\x00', "not UTF-8"),
        (b'{"a":' + b"[" * 129 + b"]" * 129 + b"}", "deeper than 128"),
        (b'{"a":' + b"[" * 90_000 + b"]" * 90_000 + b"}", "deeper than 128"),
        (b'{"a":' + b'{"b":' * 500 + b"1" + b"}" * 501, "deeper than 128"),
        (b'{"a":' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"stream_options":{"include_usage":false,"include_usage":true}}', "'include_usage'"),
        (b'{"model":"a","mod\\u0065l":"b"}', "'model'"),
        (b'{"messages":[{"content":"a","content":"b"}]}', "'content'"),
        (b"{" + b",".join(b'"%d":1' % n for n in range(513)) + b"}", "more than 512 keys"),
        (b'{"a":[' + b"," * 4_000_001 + b"]}", "more than 4000000 values"),
    ],
)
def test_a_bad_body_is_refused_and_says_why(raw: bytes, says: str) -> None:
    with pytest.raises(BadBody) as caught:
        read_body(raw)
    assert says in caught.value.message


def test_a_paired_surrogate_escape_is_a_character() -> None:
    assert read_body(b'{"a":"\\ud83d\\ude00"}').fields == {"a": "😀"}


def test_depth_at_the_bound_is_taken() -> None:
    assert read_body(b'{"a":' + b"[" * 127 + b"]" * 127 + b"}").fields["a"]


@pytest.mark.parametrize(
    "model", [None, 1, "", ["gpt-4o"], "x" * 257, True, {"a": 1}, "gpt\x00", "gpt-4o\nadmin"]
)
def test_a_model_that_names_nothing_or_that_no_ledger_could_keep_is_refused(model: object) -> None:
    with pytest.raises(BadBody) as caught:
        _ = read_body(encoded({"model": model})).model
    assert caught.value.param == "model"


def test_a_missing_model_is_refused() -> None:
    with pytest.raises(BadBody, match="must provide a model"):
        _ = read_body(b"{}").model


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"stream": "true"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stream_options": []}, "stream_options"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
    ],
)
def test_switches_are_true_or_false(fields: dict[str, Any], param: str) -> None:
    body = read_body(encoded(fields))
    with pytest.raises(BadBody) as caught:
        _ = (body.stream, body.wants_usage)
    assert caught.value.param == param


def test_null_switches_are_off() -> None:
    body = read_body(b'{"stream":null,"stream_options":null}')
    assert not body.stream
    assert not body.wants_usage


def test_a_ceiling_that_the_client_set_is_never_changed() -> None:
    body = read_body(b'{"max_tokens":5}')
    with pytest.raises(ValueError, match="set by the client"):
        with_ceiling(body, "max_tokens", 4)


def test_asking_for_usage_twice_is_asking_once() -> None:
    body = read_body(b'{"stream_options":{"include_usage":true}}')
    assert with_usage(body) is body


def test_a_body_with_a_50_mb_image_is_spliced_and_else_unchanged() -> None:
    url = b"data:image/png;base64," + b"QUJD" * (50 * 2**20 // 4)
    raw = b'{"model":"gpt-4o","messages":[{"image_url":{"url":"' + url + b'"}}],"n":1}'
    spliced = with_usage(with_ceiling(read_body(raw), "max_tokens", 5)).raw
    added = b',"max_tokens":5,"stream_options":{"include_usage":true}'
    assert spliced == raw.removesuffix(b"}") + added + b"}"
