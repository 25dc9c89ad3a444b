"""One line a call, with what an operator needs to find it again."""

import logging

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
    line = vars(record)["fields"]
    assert line["request_id"] == response.headers["x-purser-request-id"]
    assert line["endpoint"] == "chat/completions"
    assert line["agent"] == "SEO"
    assert line["model"] == "gpt-4o-mini"
    assert line["outcome"] == "settled"
    assert line["upstream_status"] == 200
    assert line["charge_nano"] == 12 * 30_000
    assert line["held_nano"] >= line["charge_nano"]
    assert line["latency_ms"] >= line["ttfb_ms"] >= 0
