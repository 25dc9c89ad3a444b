"""Invariant: no text, in any script, is held for with fewer tokens than OpenAI bills for it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.proxy.samples import CHAT, HI, RESPONSES, count, worst_of
from tests.proxy.strategies import texts

# What OpenAI bills, by its cookbook "How to count tokens with tiktoken", written anew here.


def billed_messages(messages: list[dict[str, Any]]) -> int:
    total = 3
    for message in messages:
        total += 3
        for key, value in message.items():
            if isinstance(value, str):
                total += count(value)
            elif key == "tool_calls":
                for call in value:
                    function = call["function"]
                    total += 8 + count(function["name"]) + count(function["arguments"])
            else:
                total += count("".join(part["text"] for part in value))
            total += key == "name"
    return total


def billed_tools(tools: list[dict[str, Any]]) -> int:
    total = 12
    for tool in tools:
        function = tool["function"]
        description = function["description"].rstrip(".")
        total += 10 + count(function["name"] + ":" + description)
        properties = function["parameters"]["properties"]
        total += 3 if properties else 0
        for name, schema in properties.items():
            total += 3
            for item in schema.get("enum", []):
                total += 3 + count(item)
            total += count(f"{name}:{schema['type']}:{schema['description'].rstrip('.')}")
    return total


contents = st.one_of(
    texts, st.lists(texts.map(lambda text: {"type": "text", "text": text}), max_size=4)
)
calls = st.lists(
    st.tuples(st.sampled_from(["get_weather", "f", "天気"]), texts).map(
        lambda pair: {
            "id": "call_1",
            "type": "function",
            "function": {"name": pair[0], "arguments": pair[1]},
        }
    ),
    min_size=1,
    max_size=3,
)
messages_drawn = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"role": st.sampled_from(["system", "user", "assistant"]), "content": contents},
            optional={"name": texts},
        ),
        st.fixed_dictionaries({"role": st.just("assistant"), "tool_calls": calls}),
        st.fixed_dictionaries(
            {"role": st.just("tool"), "tool_call_id": st.just("call_1"), "content": texts}
        ),
    ),
    min_size=1,
    max_size=4,
)
properties_drawn = st.dictionaries(
    texts.filter(bool),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", "number"]), "description": texts},
        optional={"enum": st.lists(texts, max_size=4)},
    ),
    max_size=4,
)
tools_drawn = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.just("function"),
            "function": st.fixed_dictionaries(
                {
                    "name": st.sampled_from(["get_weather", "f"]),
                    "description": texts,
                    "parameters": st.fixed_dictionaries(
                        {"type": st.just("object"), "properties": properties_drawn}
                    ),
                }
            ),
        }
    ),
    min_size=1,
    max_size=3,
)


@given(messages_drawn)
async def test_messages_in_any_script_are_held_for_in_full(messages: list[dict[str, Any]]) -> None:
    worst = await worst_of(CHAT, {"messages": messages})
    assert worst.input_tokens >= billed_messages(messages)
    assert worst.input_tokens >= worst.counted_input_tokens


@given(tools_drawn)
async def test_tools_in_any_script_are_held_for_in_full(tools: list[dict[str, Any]]) -> None:
    bare = await worst_of(CHAT, HI)
    worst = await worst_of(CHAT, {**HI, "tools": tools})
    assert worst.input_tokens - bare.input_tokens >= billed_tools(tools)


async def test_a_small_call_is_not_held_for_much_more_than_it_costs() -> None:
    worst = await worst_of(CHAT, {"messages": [{"role": "user", "content": "Say hello. " * 100}]})
    assert worst.counted_input_tokens == count("Say hello. " * 100) + count("user") + 6
    assert worst.input_tokens < worst.counted_input_tokens + 100


async def test_a_long_conversation_is_counted_whole() -> None:
    text = "Some words that repeat, and then some more. "
    messages = [{"role": "user", "content": text * 100} for _ in range(50)]
    worst = await worst_of(CHAT, {"messages": messages})
    assert worst.input_tokens >= billed_messages(messages)
    assert worst.input_tokens < billed_messages(messages) * 1.05


async def test_reasoning_that_is_handed_back_counts_by_its_bytes() -> None:
    item = {"type": "reasoning", "summary": [], "encrypted_content": "gAAA" * 1000}
    assert (await worst_of(RESPONSES, {"input": [item]})).input_tokens > 4_000
