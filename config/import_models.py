"""Makes `config/data/openai_models.json` from a model map with prices as floats per unit.

    python -m config.import_models SOURCE [--source-name NAME] [--out FILE]

SOURCE is the `openai` part of litellm's model map (MIT): one object, a model each. Every float
is taken by its shortest text, `Decimal(str(x))`, which is what its author typed, and becomes an
integer: nano-dollars per million units, or nano-dollars per call for fees. A price that is not
exact, or a cost that this script does not know, stops it: a price must not be lost in silence.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from config.model_data import DATA_FILE
from config.models import Fee, PriceKind
from config.money import usd_to_nano
from config.rates import price_from_usd

_KINDS: Final[Mapping[str, PriceKind]] = {
    "input_cost_per_token": PriceKind.INPUT,
    "output_cost_per_token": PriceKind.OUTPUT,
    "cache_read_input_token_cost": PriceKind.CACHED,
    "cache_creation_input_token_cost": PriceKind.CACHE_WRITE,
    "input_cost_per_audio_token": PriceKind.AUDIO_INPUT,
    "output_cost_per_audio_token": PriceKind.AUDIO_OUTPUT,
    "cache_read_input_audio_token_cost": PriceKind.CACHED_AUDIO,
    "cache_creation_input_audio_token_cost": PriceKind.CACHE_WRITE_AUDIO,
    "input_cost_per_image_token": PriceKind.IMAGE_INPUT,
    "output_cost_per_image_token": PriceKind.IMAGE_OUTPUT,
    "cache_read_input_image_token_cost": PriceKind.CACHED_IMAGE,
    "output_cost_per_reasoning_token": PriceKind.REASONING,
    "input_cost_per_character": PriceKind.CHARACTER_INPUT,
    "input_cost_per_second": PriceKind.SECOND_INPUT,
    "output_cost_per_second": PriceKind.SECOND_OUTPUT,
    "output_cost_per_video_per_second": PriceKind.VIDEO_SECOND,
    "input_cost_per_image": PriceKind.IMAGE,
    "input_cost_per_pixel": PriceKind.PIXEL_INPUT,
    "output_cost_per_pixel": PriceKind.PIXEL_OUTPUT,
}
_TIERS: Final = {"batches": "batch"}
_COST: Final = re.compile(
    r"(?P<kind>(?:input|output|cache)_[a-z_]*?cost[a-z_]*?)"
    r"(?:_above_(?P<above>\d+)k_tokens)?"
    r"(?:_(?P<tier>batches|flex|priority|ultrafast|decisions))?"
)
_SEARCH: Final = "search_context_cost_per_query"
_SESSION: Final = "code_interpreter_cost_per_session"
_UPLIFT: Final = "regional_processing_uplift_multiplier_"

FILE_SEARCH_USD: Final = Decimal("0.0025")
"""OpenAI's price list: file search, 2.50 USD for 1,000 calls. The model map does not state it."""


def exact(number: float) -> Decimal:
    """What the author of a float typed."""
    return Decimal(str(number))


def convert_model(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """One model of the map in the project's form; raises `ValueError` for an unknown cost."""
    prices: dict[str, dict[str, dict[str, int]]] = {}
    made: dict[str, Any] = {"mode": entry["mode"], "prices": prices}
    for key, value in entry.items():
        if key == _SEARCH:
            made["fees"] = {
                Fee.WEB_SEARCH: {
                    size.rpartition("_")[2]: usd_to_nano(exact(usd))
                    for size, usd in sorted(value.items())
                }
            }
        elif key.startswith(_UPLIFT):
            mille = exact(value) * 1000
            made.setdefault("uplift_mille", {})[key.removeprefix(_UPLIFT)] = int(mille)
        elif "cost" in key:
            parts = _COST.fullmatch(key)
            if parts is None or parts["kind"] not in _KINDS:
                raise ValueError(f"{name}: this script does not know the cost {key!r}")
            tier = parts["tier"] or "default"
            above = str(int(parts["above"] or 0) * 1000)
            of_kind = prices.setdefault(_KINDS[parts["kind"]].value, {})
            price = price_from_usd(exact(value), 1)
            of_kind.setdefault(_TIERS.get(tier, tier), {})[above] = price
    for limit in ("max_input_tokens", "max_output_tokens"):
        if limit in entry:
            made[limit] = entry[limit]
    if "deprecation_date" in entry:
        made["retires"] = entry["deprecation_date"]
    if any("reasoning_effort" in key for key in entry):
        made["reasoning_effort"] = True
    return made


def convert(source: Mapping[str, Mapping[str, Any]], source_name: str) -> dict[str, Any]:
    """The whole map. Fees that hold for every model stand beside the models."""
    models = {
        name: convert_model(name, entry)
        for name, entry in sorted(source.items())
        if _SESSION not in entry
    }
    sessions = [entry[_SESSION] for entry in source.values() if _SESSION in entry]
    searches = [
        nano
        for model in models.values()
        for nano in model.get("fees", {}).get(Fee.WEB_SEARCH, {}).values()
    ]
    return {
        "source": source_name,
        "units": "prices: nano-dollars per million units, by kind, tier, input tokens above which "
        "they apply; fees: nano-dollars per call; limits: tokens",
        "fees": {
            # A model without a fee of its own is held at the dearest that any model states.
            Fee.WEB_SEARCH: max(searches),
            Fee.FILE_SEARCH: usd_to_nano(FILE_SEARCH_USD),
            Fee.CODE_SESSION: usd_to_nano(exact(max(sessions))),
        },
        "models": models,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Read SOURCE, write the data file; 0 when done, 1 with a reason when not."""
    parser = argparse.ArgumentParser(prog="python -m config.import_models", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--source-name", default="litellm-1.106.2")
    parser.add_argument("--out", type=Path, default=DATA_FILE)
    chosen = parser.parse_args(arguments)
    try:
        made = convert(json.loads(chosen.source.read_bytes()), chosen.source_name)
    except (OSError, ValueError, KeyError) as problem:
        print(f"{chosen.source}: {problem}", file=sys.stderr)
        return 1
    chosen.out.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
    print(f"{chosen.out}: {len(made['models'])} models")
    return 0


if __name__ == "__main__":
    sys.exit(main())
