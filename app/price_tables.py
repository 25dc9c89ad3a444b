"""Price tables by the name that a command was given."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from app import genai_table
from config.import_models import convert_model
from config.model_data import base_table, table_of
from config.models import ModelTable
from config.settings import load

GENAI_PRICES: Final = "genai-prices"
_OPENAI: Final = frozenset({"openai", "text-completion-openai", None})


class NoTable(Exception):
    """What was named is no price table; the text says why and how to mend it."""


def table_named(name: str, known: Iterable[str]) -> ModelTable:
    """The table in a file, or that of genai-prices for the models `known`.

    Raises `NoTable`, and `ConfigError` for a configuration that cannot be used.
    """
    if name == GENAI_PRICES:
        if not genai_table.INSTALLED:
            raise NoTable(
                "the package genai-prices is not installed: "
                "`pip install genai-prices`, or Purser's extra `genai`"
            )
        return genai_table.genai_table(known)
    path = Path(name)
    if path.suffix in {".yaml", ".yml"}:
        return load(path).models
    try:
        data = json.loads(path.read_bytes())
    except OSError as problem:
        raise NoTable(f"{name} cannot be read: {problem.strerror or problem}") from None
    except ValueError as problem:
        raise NoTable(f"{name} is no JSON: {problem}") from None
    try:
        return table_of(data if _is_ours(data) else _converted(data, path.name))
    except (KeyError, ValueError, TypeError, AttributeError) as problem:
        raise NoTable(f"{name} is no model map: {problem}") from None


def _is_ours(data: Any) -> bool:
    return isinstance(data, Mapping) and {"source", "fees", "models"} <= data.keys()


def _converted(data: Mapping[str, Mapping[str, Any]], source: str) -> dict[str, Any]:
    """A map in litellm's form: OpenAI's models; fees that none of them states are the carried."""
    models = {
        name: convert_model(name, entry)
        for name, entry in sorted(data.items())
        if entry.get("litellm_provider") in _OPENAI
        and "mode" in entry
        and "code_interpreter_cost_per_session" not in entry
    }
    if not models:
        raise ValueError("it has no model of OpenAI's")
    return {"source": source, "fees": base_table().fees_nano, "models": models}
