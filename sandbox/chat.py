"""`POST /v1/chat/completions`: JSON and streams."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson

from sandbox import counting, schema, text
from sandbox.answer import DONE, Answer, Ask, Event, data_event, shown
from sandbox.errors import unsupported
from sandbox.kept_chats import MESSAGES
from sandbox.limits import output_ceiling, reasoning_tokens, served_tier
from sandbox.logprobs import chat_logprobs
from sandbox.messages import chosen_tool, modern, output_schema, predicted_tokens, read_prompt
from sandbox.params import CHAT, check_fields, stop_sequences
from sandbox.prompt import PrefixCache
from sandbox.shelf import Shelf, metadata_of
from sandbox.text import Passage
from sandbox.usage import Units, chat_usage
from sandbox.voice import AUDIO_TOKENS_A_PIECE, HOUR_S, PIECE_OF_SOUND, spoken, voice_of

ANSWER_SHAPING = ("messages", "tools", "tool_choice", "response_format", "seed")
"""Fields on which the text depends: the same prompt reads the same, streamed or not."""
KEPT_FIELDS = ("seed", "temperature", "top_p", "tools", "tool_choice", "response_format", "user")
"""What a stored completion tells of its request."""
SEARCH_MODEL = "-search-"
"""In the name of a model that searches the web once for each answer."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of `n` answers: text, or the arguments of a tool call."""

    index: int
    passage: Passage
    tokens: int
    finish: str
    tool: str | None = None
    tool_id: str = ""
    legacy: bool = False
    """Whether the tool is told of as the `function_call` of old."""
    voice: str | None = None
    """The sound format of a spoken answer."""
    created: int = 0
    logprobs: list[dict[str, Any]] | None = None

    def message(self) -> dict[str, Any]:
        """The whole `message` of a JSON answer."""
        if self.voice is not None:
            pieces = len(self.passage.pieces)
            told = spoken(self.voice, self.sound_id, self.passage.text, pieces, self.created)
            return {**_message(None), "audio": told}
        if self.tool is None:
            return _message(self.passage.text)
        function = {"name": self.tool, "arguments": self.passage.text}
        if self.legacy:
            return {**_message(None), "function_call": function}
        call = {"id": self.tool_id, "type": "function", "function": function}
        return {**_message(None), "tool_calls": [call]}

    @property
    def sound_id(self) -> str:
        """The id of a spoken answer."""
        return f"audio_{self.tool_id.removeprefix('call_')}"

    @property
    def audio_tokens(self) -> int:
        """Of the sound, beside its transcript."""
        return 0 if self.voice is None else AUDIO_TOKENS_A_PIECE * len(self.passage.pieces)


def answer(ask: Ask, cache: PrefixCache, chats: Shelf) -> Answer:
    """Answer a chat request; raises `ApiError` 400."""
    check_fields(ask.fields, CHAT)
    if ask.fields.get("functions"):
        ask = replace(ask, fields=modern(ask.fields))
    fields = ask.fields
    searches = SEARCH_MODEL in ask.model.name
    _check_supported(ask, searches)
    prompt = read_prompt(ask)
    name = "max_tokens" if fields.get("max_completion_tokens") is None else "max_completion_tokens"
    ceiling = output_ceiling(ask.model, prompt.tokens, fields.get(name), name, "messages")
    choices = [_choice(ask, index, ceiling) for index in range(fields.get("n") or 1)]
    rejected = predicted_tokens(ask)
    cached, written = cache.read(prompt, fields.get("prompt_cache_key") or "")
    units = Units(
        input_tokens=prompt.tokens,
        output_tokens=sum(choice.tokens for choice in choices) + rejected,
        cached_tokens=cached,
        cache_write_tokens=written,
        audio_input_tokens=prompt.audio_tokens,
        reasoning_tokens=sum(choice.passage.reasoning_tokens for choice in choices),
        rejected_prediction_tokens=rejected,
        audio_output_tokens=sum(choice.audio_tokens for choice in choices),
        web_searches=len(choices) if searches else 0,
    )
    tier = served_tier(fields)
    usage = shown(ask, chat_usage(units))
    head = {
        "id": f"chatcmpl-{ask.serial}",
        "object": "chat.completion",
        "created": ask.created,
        "model": ask.served_name,
        "service_tier": tier,
        "system_fingerprint": _fingerprint(ask.model.name),
    }
    finish = _keeping(ask, head, choices, usage, chats) if fields.get("store") else None
    if fields.get("stream"):
        wanted = bool((fields.get("stream_options") or {}).get("include_usage"))
        events = _events(head, choices, usage if wanted else None)
        return Answer(ask.model, tier, units, events=events, finish=finish)
    return Answer(ask.model, tier, units, document=_document(head, choices, usage), finish=finish)


def _document(
    head: dict[str, Any], choices: list[Choice], usage: dict[str, Any] | None
) -> dict[str, Any]:
    document = {**head, "choices": [_whole(one) for one in choices]}
    return document if usage is None else {**document, "usage": usage}


def _keeping(
    ask: Ask,
    head: dict[str, Any],
    choices: list[Choice],
    usage: dict[str, Any] | None,
    chats: Shelf,
) -> Callable[[], None]:
    """What `store: true` does once the answer is complete."""
    fields = ask.fields
    own = {name: fields.get(name) for name in KEPT_FIELDS}
    metadata = metadata_of(fields)

    def keep() -> None:
        told = {"metadata": metadata, MESSAGES: fields["messages"]}
        chats.keep({**_document(head, choices, usage), **own, **told})

    return keep


def _check_supported(ask: Ask, searches: bool) -> None:
    """Raise `ApiError` 400 for what this model, or this sandbox, does not serve."""
    fields = ask.fields
    if ask.model.is_reasoning and fields.get("max_tokens") is not None:
        raise unsupported(
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
        )
    if fields.get("web_search_options") is not None and not searches:
        raise unsupported("web_search_options", "Web search options not supported with this model.")
    if fields.get("prediction") is None:
        return
    for name in ("max_completion_tokens", "tools", "logprobs"):
        if fields.get(name):
            raise unsupported(name, f"'{name}' is not supported with 'prediction'.")
    if ask.model.is_reasoning or (fields.get("n") or 1) > 1:
        raise unsupported("prediction", "'prediction' needs n=1 and a model that does not reason.")


@lru_cache(maxsize=1024)
def _fingerprint(model: str) -> str:
    return f"fp_{text.digest(model):016x}"[:13]


def _choice(ask: Ask, index: int, ceiling: int) -> Choice:
    fields = ask.fields
    shape = {name: fields[name] for name in ANSWER_SHAPING if fields.get(name) is not None}
    seed = text.digest(ask.model.name, orjson.dumps(shape), str(index))
    encoding = counting.encoding_name(ask.model.name)
    called = chosen_tool(fields)
    given, spent = None, 0
    voice = voice_of(fields, ask.model) if fields.get("modalities") and called is None else None
    share = 1 if voice is None else 1 + AUDIO_TOKENS_A_PIECE
    if called is not None:
        given = orjson.dumps(schema.instance(called[0].get("parameters") or {"type": "object"}))
        spent = counting.count(encoding, called[0]["name"])
    else:
        wanted = output_schema(fields.get("response_format"))
        given = None if wanted is None else orjson.dumps(schema.instance(wanted))
    passage = text.write(
        encoding,
        seed,
        length=_shared(ask.directives.output_tokens, share),
        ceiling=max(ceiling - spent, 0) // share,
        stop=stop_sequences(fields),
        given=None if given is None else given.decode(),
        reasoning_tokens=reasoning_tokens(ask, seed, fields.get("reasoning_effort")),
    )
    finish: str = passage.finish
    if called is not None and finish == "stop" and not called[1]:
        finish = "function_call" if fields.get("functions") else "tool_calls"
    sound = 0 if voice is None else AUDIO_TOKENS_A_PIECE * len(passage.pieces)
    return Choice(
        index=index,
        passage=passage,
        tokens=min(passage.tokens + spent + sound, ceiling),
        finish=finish,
        tool=None if called is None else called[0]["name"],
        tool_id=f"call_{seed:016x}",
        legacy=bool(fields.get("functions")),
        voice=voice,
        created=ask.created,
        logprobs=chat_logprobs(encoding, passage, fields.get("top_logprobs") or 0)
        if fields.get("logprobs")
        else None,
    )


def _shared(length: int | None, share: int) -> int | None:
    """An ordered length, where each word brings its sound."""
    return length if length is None or share == 1 else max(length // share, 1)


def _message(content: str | None) -> dict[str, Any]:
    return {"role": "assistant", "content": content, "refusal": None, "annotations": []}


def _whole(choice: Choice) -> dict[str, Any]:
    logprobs = choice.logprobs
    return {
        "index": choice.index,
        "message": choice.message(),
        "logprobs": None if logprobs is None else {"content": logprobs, "refusal": None},
        "finish_reason": choice.finish,
    }


def _events(
    head: dict[str, Any], choices: list[Choice], usage: dict[str, Any] | None
) -> Iterator[Event]:
    """Chunks of all choices in turn; with `usage`, one more chunk that carries it alone."""
    head = {**head, "object": "chat.completion.chunk"}
    rest = {} if usage is None else {"usage": None}
    produced = sum(choice.passage.reasoning_tokens for choice in choices)
    running = [_deltas(choice) for choice in choices]
    while running:
        for deltas in list(running):
            step = next(deltas, None)
            if step is None:
                running.remove(deltas)
                continue
            chunk, tokens = step
            produced += tokens
            yield Event(data_event({**head, "choices": [chunk], **rest}), produced)
    if usage is not None:
        yield Event(data_event({**head, "choices": [], "usage": usage}), produced)
    yield Event(DONE, produced)


def _deltas(choice: Choice) -> Iterator[tuple[dict[str, Any], int]]:
    """The chunk entries of one choice, each with the tokens that it brings."""
    hidden = choice.passage.reasoning_tokens
    visible = choice.tokens - hidden - sum(weight for _, weight in choice.passage.pieces)
    visible -= choice.audio_tokens
    yield _part(choice, _opening(choice)), visible
    for number, (piece, weight) in enumerate(choice.passage.pieces):
        if choice.voice is not None:
            yield _part(choice, {"audio": {"transcript": piece}}), weight
            yield _part(choice, {"audio": {"data": PIECE_OF_SOUND}}), AUDIO_TOKENS_A_PIECE
            continue
        if choice.tool is None:
            delta: dict[str, Any] = {"content": piece}
        elif choice.legacy:
            delta = {"function_call": {"arguments": piece}}
        else:
            delta = {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        yield _part(choice, delta, number), weight
    if choice.voice is not None:
        yield _part(choice, {"audio": {"expires_at": choice.created + HOUR_S}}), 0
    yield {**_part(choice, {}), "finish_reason": choice.finish}, 0


def _opening(choice: Choice) -> dict[str, Any]:
    if choice.voice is not None:
        told = {"id": choice.sound_id, "transcript": ""}
        return {"role": "assistant", "refusal": None, "audio": told}
    if choice.tool is None:
        return {"role": "assistant", "content": "", "refusal": None}
    if choice.legacy:
        function = {"name": choice.tool, "arguments": ""}
        return {"role": "assistant", "content": None, "function_call": function}
    call = {
        "index": 0,
        "id": choice.tool_id,
        "type": "function",
        "function": {"name": choice.tool, "arguments": ""},
    }
    return {"role": "assistant", "content": None, "tool_calls": [call], "refusal": None}


def _part(choice: Choice, delta: dict[str, Any], number: int | None = None) -> dict[str, Any]:
    logprobs = None
    if choice.logprobs is not None and number is not None:
        logprobs = {"content": [choice.logprobs[number]], "refusal": None}
    return {"index": choice.index, "delta": delta, "logprobs": logprobs, "finish_reason": None}
