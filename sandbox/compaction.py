"""`POST /v1/responses/compact`: a long conversation as one item that stands for it."""

from dataclasses import replace
from typing import Any

from sandbox import counting, text
from sandbox.answer import Answer, Ask, shown
from sandbox.inputs import as_items, compacted, read_prompt
from sandbox.limits import output_ceiling, served_tier
from sandbox.memory import Memory
from sandbox.params import COMPACTION, check_fields
from sandbox.prompt import PrefixCache
from sandbox.usage import Units, response_usage

SHARE = 4
"""A summary takes a quarter of what it stands for, unless a test orders its length."""


def answer(ask: Ask, cache: PrefixCache, memory: Memory) -> Answer:
    """Compact an input and what came before it; raises `ApiError` 400."""
    fields = ask.fields
    check_fields(fields, COMPACTION)
    earlier = fields.get("previous_response_id")
    before = memory.previous(earlier) if earlier else None
    given = fields.get("input") or []
    # It may be left out after a previous response.
    ask = replace(ask, fields={**fields, "input": given})
    prompt = read_prompt(ask, 0 if before is None else before.context_tokens)
    ceiling = output_ceiling(ask.model, prompt.tokens, None, "max_output_tokens", "input")
    encoding = counting.encoding_name(ask.model.name)
    ordered = ask.directives.output_tokens
    length = max(prompt.tokens // SHARE, 16) if ordered is None else ordered
    seed = text.digest(ask.model.name, *prompt.text)
    passage = text.write(encoding, seed, length=length, ceiling=ceiling)
    cached, written = cache.read(prompt, fields.get("prompt_cache_key") or "")
    units = Units(
        input_tokens=prompt.tokens,
        output_tokens=passage.tokens,
        cached_tokens=cached,
        cache_write_tokens=written,
        audio_input_tokens=prompt.audio_tokens,
    )
    said = [*([] if before is None else before.items), *as_items(given, ask.serial)]
    kept = [one for one in said if one["type"] == "message" and one.get("role") == "user"]
    item = {
        "id": f"cmp_{ask.serial}",
        "type": "compaction",
        "encrypted_content": compacted(passage.text),
    }
    document: dict[str, Any] = {
        "id": f"resp_{ask.serial}",
        "object": "response.compaction",
        "created_at": ask.created,
        "output": [*kept, item],
        "usage": shown(ask, response_usage(units)),
    }
    return Answer(ask.model, served_tier(fields), units, document=document)
