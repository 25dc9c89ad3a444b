"""LlamaIndex: a model called, streamed, and made to use a tool."""

import openai
from calls import MODEL, QUESTION, WEATHER, main, weather
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai import OpenAI

# The address comes from OPENAI_API_BASE.
llm = OpenAI(model=MODEL, max_retries=1)


def chat() -> object:
    return llm.complete(QUESTION).text


def stream() -> object:
    return "".join(str(part.delta) for part in llm.stream_complete(QUESTION))


def tool() -> object:
    answer = llm.predict_and_call([FunctionTool.from_defaults(fn=weather)], WEATHER)
    return [source.tool_name for source in answer.sources]


main({"chat": chat, "stream": stream, "tool": tool}, openai.RateLimitError)
