"""OpenAI Agents SDK: an agent run, streamed, and one that uses a tool."""

import asyncio

import openai
from agents import Agent, Runner, function_tool
from calls import MODEL, QUESTION, WEATHER, main, weather

writer = Agent(name="Writer", model=MODEL)
loop = asyncio.Runner()
"""One event loop: the SDK's connections belong to it, and would be opened anew in another."""


def chat() -> object:
    return loop.run(Runner.run(writer, QUESTION)).final_output


def stream() -> object:
    async def run() -> str:
        result = Runner.run_streamed(writer, QUESTION)
        async for _ in result.stream_events():
            pass
        return str(result.final_output)

    return loop.run(run())


def tool() -> object:
    agent = Agent(name="Guide", model=MODEL, tools=[function_tool(weather)])
    return [item.type for item in loop.run(Runner.run(agent, WEATHER)).new_items]


with loop:
    main({"chat": chat, "stream": stream, "tool": tool}, openai.RateLimitError)
