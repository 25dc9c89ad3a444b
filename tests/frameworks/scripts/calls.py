"""What the scripts share: one argument names one call; what each came to is printed as JSON."""

import json
import sys
from collections.abc import Callable, Mapping

QUESTION = "Three titles for a spring sale."
WEATHER = "What is the weather in Rome?"
MODEL = "gpt-4o-mini"


def weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


def main(calls: Mapping[str, Callable[[], object]], refusal: type[Exception]) -> None:
    """Makes the calls that the command line names; a refusal is told by its class and text."""
    told: dict[str, object] = {}
    try:
        for name in sys.argv[1:]:
            told[name] = calls[name]()
    except refusal as error:
        told = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(told))
