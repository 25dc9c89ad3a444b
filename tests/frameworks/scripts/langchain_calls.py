"""LangChain: a model called, streamed, and an agent that uses a tool."""

import openai
from calls import MODEL, QUESTION, WEATHER, main, weather
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI

model = ChatOpenAI(model=MODEL)


def chat() -> object:
    return model.invoke(QUESTION).text


def stream() -> object:
    return "".join(chunk.text for chunk in model.stream(QUESTION))


def tool() -> object:
    agent = create_agent(model, tools=[weather])
    messages = agent.invoke({"messages": [{"role": "user", "content": WEATHER}]})["messages"]
    return [message.type for message in messages]


main({"chat": chat, "stream": stream, "tool": tool}, openai.RateLimitError)
