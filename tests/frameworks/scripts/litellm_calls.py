"""LiteLLM's SDK: a completion, a stream, a tool, and its header of tags."""

import json
import os

import litellm
from calls import MODEL, QUESTION, WEATHER, main, weather

NAME = f"openai/{MODEL}"
FUNCTION = {
    "name": "weather",
    "description": weather.__doc__,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


def ask(text: str = QUESTION, **more: object) -> object:
    messages = [{"role": "user", "content": text}]
    return litellm.completion(model=NAME, messages=messages, **more)


def chat() -> object:
    return ask().choices[0].message.content


def stream() -> object:
    return "".join(part.choices[0].delta.content or "" for part in ask(stream=True))


def tool() -> object:
    tools = [{"type": "function", "function": FUNCTION}]
    message = ask(WEATHER, tools=tools).choices[0].message
    call = message.tool_calls[0]
    result = {
        "role": "tool",
        "tool_call_id": call.id,
        "content": weather(**json.loads(call.function.arguments)),
    }
    messages = [{"role": "user", "content": WEATHER}, message, result]
    answer = litellm.completion(model=NAME, messages=messages, tools=tools)
    return [call.function.name, answer.choices[0].message.role]


def alias() -> object:
    return ask(extra_headers={"x-litellm-tags": os.environ["TAGS"]}).choices[0].message.content


main({"chat": chat, "stream": stream, "tool": tool, "alias": alias}, litellm.RateLimitError)
