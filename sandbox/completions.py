"""`POST /v1/completions`, the legacy endpoint: several prompts, `n`, `best_of`, `echo`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox import counting, text
from sandbox.answer import DONE, Answer, Ask, Event, data_event, shown
from sandbox.errors import ApiError, wrong_type
from sandbox.limits import output_ceiling, served_tier
from sandbox.logprobs import legacy_logprobs
from sandbox.params import COMPLETIONS, check_fields, stop_sequences
from sandbox.text import Passage
from sandbox.usage import Units, completion_usage

DEFAULT_MAX_TOKENS = 16
"""OpenAI's documented default of `max_tokens`, on this endpoint alone."""
EMPTY_PROMPT_TOKENS = 1
"""Without a prompt the model continues from its end-of-text token."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One continuation of one prompt; `echo` is the prompt's text where it was asked for."""

    index: int
    passage: Passage
    echo: str
    logprobs: dict[str, Any] | None


def answer(ask: Ask) -> Answer:
    """Answer a legacy completion; raises `ApiError` 400."""
    fields = ask.fields
    check_fields(fields, COMPLETIONS)
    encoding = counting.encoding_name(ask.model.name)
    prompts = _prompts(fields.get("prompt"), encoding)
    n = fields.get("n") or 1
    best_of = _best_of(ask, n)
    asked = fields.get("max_tokens")
    asked = DEFAULT_MAX_TOKENS if asked is None else asked
    for _, tokens in prompts:
        output_ceiling(ask.model, tokens + asked, asked, "max_tokens", "prompt")
    written = [
        _passage(ask, encoding, prompt, place, asked)
        for prompt, _ in prompts
        for place in range(best_of)
    ]
    units = Units(
        input_tokens=sum(tokens for _, tokens in prompts),
        output_tokens=sum(passage.tokens for passage in written),
    )
    kept = [written[p * best_of + place] for p in range(len(prompts)) for place in range(n)]
    echoes = [prompt if fields.get("echo") else "" for prompt, _ in prompts for _ in range(n)]
    top = fields.get("logprobs")
    choices = [
        Choice(
            index,
            passage,
            echoes[index],
            None if top is None else legacy_logprobs(encoding, passage, top, len(echoes[index])),
        )
        for index, passage in enumerate(kept)
    ]
    head = {
        "id": f"cmpl-{ask.serial}",
        "object": "text_completion",
        "created": ask.created,
        "model": ask.served_name,
    }
    tier = served_tier(fields)
    usage = shown(ask, completion_usage(units))
    if fields.get("stream"):
        wanted = bool((fields.get("stream_options") or {}).get("include_usage"))
        events = _events(head, choices, usage if wanted else None, units.output_tokens)
        return Answer(ask.model, tier, units, events=events)
    document = {**head, "choices": [_whole(choice) for choice in choices]}
    if usage is not None:
        document["usage"] = usage
    return Answer(ask.model, tier, units, document=document)


def read_inputs(given: list[Any], where: str, encoding: str) -> list[tuple[str, int]]:
    """An array of texts, of token arrays, or one token array: (text, tokens) of each.

    Raises `ApiError` 400 for anything else.
    """
    if given and all(_is_token(one) for one in given):
        return [(counting.encoding(encoding).decode(given), len(given))]
    found = []
    for index, one in enumerate(given):
        if isinstance(one, str):
            found.append((one, counting.count(encoding, one)))
        elif isinstance(one, list) and one and all(_is_token(token) for token in one):
            found.append((counting.encoding(encoding).decode(one), len(one)))
        else:
            raise wrong_type(f"{where}[{index}]", "a string or an array of tokens", one)
    return found


def _is_token(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 100_000


def _prompts(given: object, encoding: str) -> list[tuple[str, int]]:
    if given is None or given == "":
        return [("", EMPTY_PROMPT_TOKENS)]
    if isinstance(given, str):
        return [(given, counting.count(encoding, given))]
    found = read_inputs(given, "prompt", encoding) if isinstance(given, list) else []
    if not found:
        raise ApiError(400, "'prompt' must not be an empty array.", param="prompt")
    return found


def _best_of(ask: Ask, n: int) -> int:
    best_of = ask.fields.get("best_of")
    if best_of is None:
        return n
    if best_of < n:
        raise ApiError(
            400,
            "You requested that the server return more choices than it will generate "
            f"(HINT: 'best_of' ({best_of}) must be >= 'n' ({n})).",
            param="best_of",
        )
    if best_of > n and ask.fields.get("stream"):
        raise ApiError(400, "Cannot stream results with 'best_of' > 'n'.", param="best_of")
    return int(best_of)


def _passage(ask: Ask, encoding: str, prompt: str, place: int, ceiling: int) -> Passage:
    seed = text.digest(ask.model.name, prompt, str(ask.fields.get("seed")), str(place))
    return text.write(
        encoding,
        seed,
        length=ask.directives.output_tokens,
        ceiling=ceiling,
        stop=stop_sequences(ask.fields),
    )


def _whole(choice: Choice) -> dict[str, Any]:
    return {
        "text": choice.echo + choice.passage.text,
        "index": choice.index,
        "logprobs": choice.logprobs,
        "finish_reason": choice.passage.finish,
    }


def _events(
    head: dict[str, Any], choices: list[Choice], usage: dict[str, Any] | None, total: int
) -> Iterator[Event]:
    rest = {} if usage is None else {"usage": None}
    produced = 0
    for choice in choices:
        opening = [(choice.echo, 0)] if choice.echo else []
        for piece, weight in opening + choice.passage.pieces:
            produced += weight
            part = {"text": piece, "index": choice.index, "logprobs": None, "finish_reason": None}
            yield Event(data_event({**head, "choices": [part], **rest}), produced)
        end = {
            "text": "",
            "index": choice.index,
            "logprobs": None,
            "finish_reason": choice.passage.finish,
        }
        yield Event(data_event({**head, "choices": [end], **rest}), produced)
    if usage is not None:
        yield Event(data_event({**head, "choices": [], "usage": usage}), total)
    yield Event(DONE, total)
