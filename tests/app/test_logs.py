"""One event is one line, whatever stands in it: in JSON for machines, plain for people."""

import json
import logging
from typing import Any

import pytest

from app.logs import JsonLines, PlainLines


def record(**extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("purser.proxy", logging.WARNING, "f", 1, "stream cut", (), None)
    vars(made).update(extra)
    return made


def failed() -> logging.LogRecord:
    try:
        raise ValueError("x")
    except ValueError as error:
        made = record()
        made.exc_info = (type(error), error, error.__traceback__)
        return made


def test_what_was_put_beside_the_message_stands_in_the_line() -> None:
    told = record(fields={"why": "gone", "charge_nano": 2**70}, job="late")
    line = json.loads(JsonLines().format(told))
    assert (line["message"], line["level"], line["logger"]) == (
        "stream cut", "warning", "purser.proxy",
    )  # fmt: skip
    assert (line["why"], line["charge_nano"], line["job"]) == ("gone", 2**70, "late")
    assert (
        PlainLines().format(told).endswith("stream cut job=late why=gone charge_nano=" + str(2**70))
    )


def test_an_exception_stays_one_line_of_json() -> None:
    text = JsonLines().format(failed())
    assert "\n" not in text
    assert "ValueError: x" in json.loads(text)["exception"]
    assert "ValueError: x" in PlainLines().format(failed())


@pytest.mark.parametrize("forged", ["a\n12:00:00 info     all is well", "a\x1b[2J", "half \ud800"])
def test_a_value_forges_no_line_and_loses_none(forged: str) -> None:
    plain = PlainLines().format(record(why=forged))
    assert plain.isprintable()
    assert json.loads(JsonLines().format(record(why=forged)))["why"] == forged
