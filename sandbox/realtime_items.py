"""Items of a realtime conversation: checked and counted."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

from sandbox.errors import ApiError, missing, wrong_type, wrong_value
from sandbox.prompt import AUDIO_BYTES_PER_TOKEN, TOKENS_PER_MESSAGE, Prompt

Item = dict[str, Any]

ROLES = ("user", "assistant", "system")
KINDS = ("message", "function_call", "function_call_output")
HEARD_BYTES = "sandbox_bytes"
"""Stands in a part for sound that came through the buffer."""
SPOKEN_TOKENS = "sandbox_audio_tokens"
"""Stands in a part for sound that the model spoke."""


def add_item(prompt: Prompt, item: object) -> None:
    """Count what the model reads of an item; raises `ApiError` 400."""
    if not isinstance(item, dict):
        raise wrong_type("item", "an object", item)
    prompt.tokens += TOKENS_PER_MESSAGE
    match item.get("type"):
        case "message":
            if item.get("role") not in ROLES:
                raise wrong_value("item.role", item.get("role"), ROLES)
            prompt.add_text(item["role"])
            content = item.get("content")
            if not isinstance(content, list):
                raise missing("item.content")
            for place, part in enumerate(content):
                _add_part(prompt, f"item.content[{place}]", part)
        case "function_call":
            prompt.add_json({"name": item.get("name"), "arguments": item.get("arguments")})
        case "function_call_output":
            prompt.add_text(str(item.get("output") or ""))
        case other:
            raise wrong_value("item.type", other, KINDS)


def without_sound(item: Item) -> Item:
    """The item as events show it: sound is not sent back, and our own notes are hidden."""
    content = item.get("content")
    if not isinstance(content, list):
        return item
    hidden = (HEARD_BYTES, SPOKEN_TOKENS, "audio")
    shown = [{name: one for name, one in part.items() if name not in hidden} for part in content]
    return {**item, "content": shown}


def read_sound(where: str, data: object) -> bytes:
    """PCM from base64; raises `ApiError` 400."""
    if not isinstance(data, str):
        raise missing(where)
    try:
        return b64decode(data, validate=True)
    except Base64Error:
        raise ApiError(400, f"Invalid '{where}': not base64.", param=where) from None


def _add_part(prompt: Prompt, where: str, part: object) -> None:
    if not isinstance(part, dict):
        raise wrong_type(where, "an object", part)
    match part.get("type"):
        case "input_audio":
            _add_sound(prompt, where, part)
        case "output_audio":
            prompt.add_text(str(part.get("transcript") or ""))
            spoken = int(part.get(SPOKEN_TOKENS, 0))
            prompt.tokens += spoken
            prompt.audio_tokens += spoken
        case "text":
            prompt.add_text(str(part.get("text") or ""))
        case _:
            prompt.add_part(where, part)


def _add_sound(prompt: Prompt, where: str, part: Mapping[str, Any]) -> None:
    size = part.get(HEARD_BYTES)
    if size is None:
        size = len(read_sound(f"{where}.audio", part.get("audio")))
    tokens = -(-size // AUDIO_BYTES_PER_TOKEN)
    prompt.tokens += tokens
    prompt.audio_tokens += tokens
    prompt.text.append(f"{size} bytes of sound")
