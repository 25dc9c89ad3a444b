"""Legacy completions, driven by the official SDK against the real process."""

import openai
import pytest

MODEL = "gpt-3.5-turbo-instruct"


def test_sixteen_tokens_unless_told_otherwise(client: openai.OpenAI) -> None:
    answer = client.completions.create(
        model=MODEL, prompt="hello", extra_headers={"X-Sandbox-Output-Tokens": "100"}
    )
    assert answer.usage.completion_tokens == 16
    assert answer.choices[0].finish_reason == "length"


def test_every_prompt_and_every_candidate_is_billed(client: openai.OpenAI) -> None:
    answer = client.completions.create(
        model=MODEL,
        prompt=["hello", "world"],
        n=2,
        best_of=3,
        max_tokens=10,
        extra_headers={"X-Sandbox-Output-Tokens": "10"},
    )
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert answer.usage.prompt_tokens == 2
    assert answer.usage.completion_tokens == 2 * 3 * 10


def test_tokens_may_be_given_instead_of_text(client: openai.OpenAI) -> None:
    answer = client.completions.create(model=MODEL, prompt=[15339], echo=True, logprobs=1)
    assert answer.usage.prompt_tokens == 1
    assert answer.choices[0].text.startswith("hello")
    assert answer.choices[0].logprobs.text_offset[0] == len("hello")


def test_a_stream_says_the_same_as_the_whole_answer(client: openai.OpenAI) -> None:
    whole = client.completions.create(model=MODEL, prompt="hello")
    options = {"include_usage": True}
    text, usages = "", []
    with client.completions.create(
        model=MODEL, prompt="hello", stream=True, stream_options=options
    ) as stream:
        for chunk in stream:
            text += "".join(choice.text for choice in chunk.choices)
            usages += [] if chunk.usage is None else [chunk.usage]
    assert text == whole.choices[0].text
    assert usages == [whole.usage]


def test_fewer_candidates_than_choices_are_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="best_of"):
        client.completions.create(model=MODEL, prompt="hello", n=3, best_of=2)
