"""What the tests of this room draw from: JSON written in many ways, texts in many scripts."""

import json
from typing import Any

from hypothesis import strategies as st

SCRIPTS = (
    "The quick brown fox jumps over the lazy dog. ",
    "Grüße aus Köln, naïve façade – déjà vu… ",
    "Привет, как дела? Всё хорошо. ",
    "你好，世界。今天天气很好，我们去公园吧。",
    "こんにちは、世界。今日はいい天気ですね。",
    "안녕하세요 세계, 오늘 날씨가 좋네요. ",
    "नमस्ते दुनिया, आप कैसे हैं? ",
    "สวัสดีชาวโลกวันนี้อากาศดี",
    "مرحبا بالعالم كيف حالك اليوم؟ ",
    "שלום עולם מה שלומך היום? ",
    "😀👩‍👩‍👧‍👦🏳️‍🌈🇩🇪🤖",
    "def f(x):\n\treturn {'a': [1, 2.5e3], \"b\": None}\n\n\n",
    '{"key": "value", "nested": {"a": [1,2,3]}}',
    "<|endoftext|><|im_start|>system<|end|>",
    "SELECT * FROM t WHERE a='x' AND b <> \"y\";\r\n",
    "https://example.com/a/b?c=d&e=%20f#g ",
    "    \t\t\n\n\n\r\n   ",
    "aaaaaaaaaaaaaaaaaaaaaaaa1234567890123456789",
    '\\"\\n\\u0041\\\\',
    "\u200b\u00a0\ufeff\u2028",
)

texts = st.lists(
    st.one_of(st.sampled_from(SCRIPTS), st.text(max_size=12)), min_size=0, max_size=6
).map("".join)

keys = st.one_of(
    st.sampled_from(["model", "messages", "n", "stream", "stream_options", "max_tokens", "x"]),
    st.text(max_size=6),
)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.sampled_from(SCRIPTS),
    ),
    lambda below: st.one_of(
        st.lists(below, max_size=4), st.dictionaries(st.text(max_size=4), below, max_size=4)
    ),
    max_leaves=8,
)

objects = st.dictionaries(keys, json_values, max_size=8)


@st.composite
def written(draw: st.DrawFn, value: Any) -> bytes:
    """`value` as JSON: compact or spaced, escaped or not, with space around."""
    indent = draw(st.sampled_from([None, None, 1]))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", "\r\n: ")]))
    text = json.dumps(value, ensure_ascii=draw(st.booleans()), indent=indent, separators=separators)
    space = st.sampled_from(["", " ", "\r\n\t"])
    return (draw(space) + text + draw(space)).encode()
