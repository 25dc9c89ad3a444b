"""Every field that a model may read is held for; prompts add up."""

import json

from hypothesis import given
from hypothesis import strategies as st

from proxy.tokens import encoding
from tests.proxy.samples import (
    CHAT,
    COMPLETIONS,
    EMBED,
    EMBEDDINGS,
    HI,
    INSTRUCT,
    RESPONSES,
    count,
    worst_of,
)
from tests.proxy.strategies import texts


@given(texts, texts)
async def test_fields_that_no_table_knows_count_as_text(name: str, text: str) -> None:
    bare = await worst_of(CHAT, HI)
    worst = await worst_of(CHAT, {**HI, "new field " + name: [text]})
    assert worst.input_tokens - bare.input_tokens >= count(json.dumps([text]))
    assert worst.input_tokens - bare.input_tokens >= count(text)


@given(texts, texts)
async def test_responses_hold_for_input_and_instructions(text: str, instructions: str) -> None:
    one = await worst_of(RESPONSES, {"input": text, "instructions": instructions})
    items = [{"role": "user", "content": [{"type": "input_text", "text": text}]}]
    two = await worst_of(RESPONSES, {"input": items, "instructions": instructions})
    assert min(one.input_tokens, two.input_tokens) >= count(text) + count(instructions) + 10


@given(st.lists(texts, min_size=1, max_size=4))
async def test_every_prompt_and_every_embedded_text_is_held_for(prompts: list[str]) -> None:
    tokens = [encoding("cl100k_base").encode_ordinary(prompt) for prompt in prompts]
    exact = sum(map(len, tokens))
    for endpoint, field, model in ((COMPLETIONS, "prompt", INSTRUCT), (EMBEDDINGS, "input", EMBED)):
        as_texts = await worst_of(endpoint, {field: prompts}, model)
        as_tokens = await worst_of(endpoint, {field: tokens}, model)
        assert exact <= as_texts.input_tokens <= exact + 4 * len(prompts)
        assert exact <= as_tokens.input_tokens <= exact + 4 * len(prompts)
        assert as_texts.counted_input_tokens == exact


async def test_settings_and_metadata_are_not_text() -> None:
    bare = await worst_of(CHAT, HI)
    more = {"metadata": {"a": "b" * 400}, "user": "u" * 60, "temperature": 1, "stop": ["x"]}
    assert await worst_of(CHAT, {**HI, **more}) == bare
