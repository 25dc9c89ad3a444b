"""`POST /v1/moderations`: free, one verdict for each text."""

from typing import Any

from sandbox.answer import Answer, Ask
from sandbox.errors import ApiError, wrong_type
from sandbox.params import TEXT, Check, check_fields, required, typed
from sandbox.text import digest
from sandbox.usage import Units

FIELDS: dict[str, Check] = {"model": TEXT, "input": typed("a string or an array", str, list)}
FLAGGED_WORD = "kill"
"""Texts with this word are flagged for violence; nothing else is."""
CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


def answer(ask: Ask) -> Answer:
    """Judge each text; raises `ApiError` 400."""
    check_fields(ask.fields, FIELDS)
    document = {
        "id": f"modr-{ask.serial}",
        "model": ask.served_name,
        "results": [_verdict(one) for one in _texts(required(ask.fields, "input"))],
    }
    return Answer(ask.model, "default", Units(), document=document)


def _texts(given: Any) -> list[str]:
    """The texts to judge; parts of one multimodal input are one text together."""
    if isinstance(given, str):
        return [given]
    if not given:
        raise ApiError(400, "'input' must not be empty.", param="input")
    if all(isinstance(one, str) for one in given):
        return list(given)
    joined = []
    for place, part in enumerate(given):
        if not isinstance(part, dict):
            raise wrong_type(f"input[{place}]", "an object", part)
        joined.append(str(part.get("text") or ""))
    return ["\n".join(joined)]


def _verdict(text: str) -> dict[str, Any]:
    flagged = FLAGGED_WORD in text.lower().split()
    scores = {name: (digest(name, text) % 900 + 1) / 100_000 for name in CATEGORIES}
    if flagged:
        scores["violence"] = 0.97
    return {
        "flagged": flagged,
        "categories": {name: flagged and name == "violence" for name in CATEGORIES},
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }
