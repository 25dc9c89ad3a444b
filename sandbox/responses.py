"""`POST /v1/responses`: JSON and streams."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from sandbox import counting, schema, text
from sandbox.answer import Answer, Ask, Event, shown
from sandbox.conversations import Conversations
from sandbox.errors import ApiError
from sandbox.inputs import (
    as_items,
    chosen_tool,
    effort,
    hosted_calls,
    output_schema,
    read_prompt,
)
from sandbox.limits import output_ceiling, reasoning_tokens, served_tier
from sandbox.logprobs import chat_logprobs
from sandbox.memory import Memory, Stored
from sandbox.params import RESPONSES, check_fields
from sandbox.prompt import PrefixCache, Prompt
from sandbox.response_events import Item, events
from sandbox.text import Passage
from sandbox.usage import Units, response_usage

ANSWER_SHAPING = ("input", "instructions", "tools", "tool_choice", "text", "previous_response_id")
LOGPROBS = "message.output_text.logprobs"


def answer(ask: Ask, cache: PrefixCache, memory: Memory, conversations: Conversations) -> Answer:
    """Answer a request for a response; raises `ApiError` 400."""
    check_fields(ask.fields, RESPONSES)
    in_background = _in_background(ask)
    given = ask.fields.get("input")
    conversation = conversations.named(ask.fields)
    if conversation is not None and given is not None:
        said = [*conversations.items_of(conversation), *as_items(given, ask.serial)]
        ask = replace(ask, fields={**ask.fields, "input": said})
    fields = ask.fields
    earlier = fields.get("previous_response_id")
    prompt = read_prompt(ask, memory.previous(earlier).context_tokens if earlier else 0)
    asked = fields.get("max_output_tokens")
    ceiling = output_ceiling(ask.model, prompt.tokens, asked, "max_output_tokens", "input")
    passage, items = _items(ask, ceiling)
    units = _units(ask, prompt, cache, passage, items)
    tier = served_tier(fields)
    document = _document(ask, tier, passage, items)
    usage = shown(ask, response_usage(units))
    finished = {**document, "usage": usage}

    def told() -> Iterator[Event]:
        return events(finished, items, passage.reasoning_tokens, queued=in_background)

    def keep() -> None:
        said = as_items(given, ask.serial)
        context_tokens = units.total_tokens - units.reasoning_tokens
        if fields.get("store") is not False:
            memory.keep(Stored(finished, context_tokens, said, told if in_background else None))
        if conversation is not None:
            conversations.append(conversation, [*said, *finished["output"]])

    return Answer(
        ask.model,
        tier,
        units,
        document=finished,
        events=told() if fields.get("stream") else None,
        finish=keep,
        in_background=in_background,
    )


def _in_background(ask: Ask) -> bool:
    if not ask.fields.get("background"):
        return False
    if ask.fields.get("store") is False:
        raise ApiError(400, "Background responses need 'store' to be true.", param="background")
    return True


def _items(ask: Ask, ceiling: int) -> tuple[Passage, list[Item]]:
    """What is said, and the output items in their order."""
    fields = ask.fields
    shape = {name: fields[name] for name in ANSWER_SHAPING if fields.get(name) is not None}
    seed = text.digest(ask.model.name, orjson.dumps(shape))
    encoding = counting.encoding_name(ask.model.name)
    tool = chosen_tool(fields)
    wanted = output_schema(fields.get("text")) if tool is None else tool.get("parameters") or {}
    given = None
    if tool is not None or wanted is not None:
        given = orjson.dumps(schema.instance(wanted or {"type": "object"})).decode()
    spent = 0 if tool is None else counting.count(encoding, tool["name"])
    passage = text.write(
        encoding,
        seed,
        length=ask.directives.output_tokens,
        ceiling=max(ceiling - spent, 0),
        given=given,
        reasoning_tokens=reasoning_tokens(ask, seed, effort(fields)),
    )
    items: list[Item] = []
    if passage.reasoning_tokens:
        items.append(Item({"id": f"rs_{ask.serial}", "type": "reasoning", "summary": []}))
    for kind in hosted_calls(fields):
        items.append(Item(_hosted(kind, f"{ask.serial}{len(items)}", passage)))
    status = "completed" if passage.finish == "stop" else "incomplete"
    if tool is not None:
        called = {
            "id": f"fc_{ask.serial}",
            "type": "function_call",
            "status": status,
            "call_id": f"call_{seed:016x}",
            "name": tool["name"],
            "arguments": passage.text,
        }
        items.append(Item(called, passage.pieces, spent))
    elif passage.pieces or passage.finish == "stop":
        logprobs = None
        if LOGPROBS in (fields.get("include") or ()):
            logprobs = chat_logprobs(encoding, passage, fields.get("top_logprobs") or 0)
        items.append(Item(_message(ask, status, passage, logprobs), passage.pieces, 0, logprobs))
    return passage, items


def _message(
    ask: Ask, status: str, passage: Passage, logprobs: list[dict[str, Any]] | None
) -> dict[str, Any]:
    part = {
        "type": "output_text",
        "text": passage.text,
        "annotations": [],
        "logprobs": logprobs or [],
    }
    return {
        "id": f"msg_{ask.serial}",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [part],
    }


def _hosted(kind: str, serial: str, passage: Passage) -> dict[str, Any]:
    query = " ".join(passage.text.split()[:3])
    item = {"id": f"{kind[:2]}_{serial}", "type": kind, "status": "completed"}
    match kind:
        case "web_search_call":
            return {**item, "action": {"type": "search", "query": query, "queries": [query]}}
        case "file_search_call":
            return {**item, "queries": [query], "results": None}
        case _:
            return {**item, "code": "print(1)", "container_id": f"cntr_{serial}", "outputs": None}


def _units(
    ask: Ask, prompt: Prompt, cache: PrefixCache, passage: Passage, items: list[Item]
) -> Units:
    cached, written = cache.read(prompt, ask.fields.get("prompt_cache_key") or "")
    kinds = [item.document["type"] for item in items]
    return Units(
        input_tokens=prompt.tokens,
        output_tokens=passage.tokens + sum(item.opening_tokens for item in items),
        cached_tokens=cached,
        cache_write_tokens=written,
        audio_input_tokens=prompt.audio_tokens,
        reasoning_tokens=passage.reasoning_tokens,
        web_searches=kinds.count("web_search_call"),
        file_searches=kinds.count("file_search_call"),
        code_sessions=kinds.count("code_interpreter_call"),
    )


def _document(ask: Ask, tier: str, passage: Passage, items: list[Item]) -> dict[str, Any]:
    """The response without its usage."""
    fields = ask.fields
    cut = passage.finish == "length"
    settings = fields.get("text") or {}
    reasoning = fields.get("reasoning") or {}
    return {
        "id": f"resp_{ask.serial}",
        "object": "response",
        "created_at": ask.created,
        "status": "incomplete" if cut else "completed",
        "background": bool(fields.get("background")),
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "conversation": _conversation(fields.get("conversation")),
        "instructions": fields.get("instructions"),
        "max_output_tokens": fields.get("max_output_tokens"),
        "max_tool_calls": fields.get("max_tool_calls"),
        "model": ask.served_name,
        "output": [item.document for item in items],
        "parallel_tool_calls": _given(fields.get("parallel_tool_calls"), True),
        "previous_response_id": fields.get("previous_response_id"),
        "prompt_cache_key": fields.get("prompt_cache_key"),
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "safety_identifier": fields.get("safety_identifier"),
        "service_tier": tier,
        "store": fields.get("store") is not False,
        "temperature": _given(fields.get("temperature"), 1.0),
        "text": {"format": {"type": "text"}, "verbosity": "medium", **settings},
        "tool_choice": _given(fields.get("tool_choice"), "auto"),
        "tools": fields.get("tools") or [],
        "top_logprobs": _given(fields.get("top_logprobs"), 0),
        "top_p": _given(fields.get("top_p"), 1.0),
        "truncation": _given(fields.get("truncation"), "disabled"),
        "user": fields.get("user"),
        "metadata": fields.get("metadata") or {},
    }


def _conversation(given: Any) -> dict[str, Any] | None:
    return {"id": given} if isinstance(given, str) else given


def _given(value: Any, default: Any) -> Any:
    return default if value is None else value
