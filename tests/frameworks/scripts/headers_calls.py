"""Headers of other tools, each sent by the client that it is for."""

import os

import openai
from calls import MODEL, QUESTION, main
from openai import OpenAI
from opentelemetry import baggage, context
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from portkey_ai import Portkey

MESSAGES = [{"role": "user", "content": QUESTION}]
CAMPAIGN = os.environ["CAMPAIGN"]


def helicone() -> object:
    """Helicone has no client of its own: OpenAI's carries its headers."""
    headers = {"Helicone-Property-Agent": "EMAIL", "Helicone-Property-Campaign": CAMPAIGN}
    client = OpenAI(default_headers=headers)
    return client.chat.completions.create(model=MODEL, messages=MESSAGES).usage.total_tokens


def portkey() -> object:
    client = Portkey(
        base_url=os.environ["OPENAI_BASE_URL"],
        api_key="unused",
        Authorization="Bearer anything",
        metadata={"campaign": CAMPAIGN, "agent": "EMAIL"},
    )
    return client.chat.completions.create(model=MODEL, messages=MESSAGES).usage.total_tokens


def telemetry() -> object:
    HTTPXClientInstrumentor().instrument()
    token = context.attach(
        baggage.set_baggage("campaign", CAMPAIGN, baggage.set_baggage("agent", "EMAIL"))
    )
    try:
        answer = OpenAI().chat.completions.create(model=MODEL, messages=MESSAGES)
        return answer.usage.total_tokens
    finally:
        context.detach(token)
        HTTPXClientInstrumentor().uninstrument()


main({"helicone": helicone, "portkey": portkey, "telemetry": telemetry}, openai.RateLimitError)
