"""One line a call, as JSON, with what an operator needs to find it again."""

import json
import logging

from proxy.log import JsonFormatter
from tests.proxy.stand import stand, terms
from tests.proxy.talk import OK, ask
from tests.proxy.upstreams import answering, upstream


async def test_a_call_is_one_line(caplog):
    caplog.set_level(logging.INFO, "purser.proxy")
    async with upstream(answering(OK)) as far, stand(terms(far.url)) as here:
        response = await here.client.post(
            "/v1/chat/completions", json=ask(), headers={"x-agent-type": "seo"}
        )
    (record,) = [r for r in caplog.records if r.getMessage() == "call"]
    line = json.loads(JsonFormatter().format(record))
    assert line["request_id"] == response.headers["x-purser-request-id"]
    assert line["endpoint"] == "chat/completions"
    assert line["agent"] == "SEO"
    assert line["model"] == "gpt-4o-mini"
    assert line["outcome"] == "settled"
    assert line["upstream_status"] == 200
    assert line["charge_nano"] == 12 * 30_000
    assert line["held_nano"] >= line["charge_nano"]
    assert line["latency_ms"] >= line["ttfb_ms"] >= 0


def test_an_exception_stays_one_line():
    try:
        raise ValueError("x")
    except ValueError as error:
        record = logging.LogRecord("a", logging.ERROR, "f", 1, "failed", (), (
            type(error), error, error.__traceback__,
        ))  # fmt: skip
    text = JsonFormatter().format(record)
    assert "\n" not in text
    assert "ValueError: x" in json.loads(text)["exception"]
