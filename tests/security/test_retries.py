"""A paid call is sent once, whatever comes of it."""

import pytest

from tests.proxy.stand import stand, terms
from tests.proxy.talk import OK, ask
from tests.proxy.upstreams import Exchange, answering, closing, http, upstream

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    "script",
    [
        closing(b""),
        closing(b"garbage\r\n\r\n"),
        answering(http(500, b"{}")),
        answering(http(503, b"{}", b"Retry-After: 0")),
        answering(http(429, b"{}", b"Retry-After: 0")),
        answering(http(307, b"", b"Location: /v1/chat/completions")),
    ],
    ids=["closed", "garbage", "500", "503", "429", "redirect"],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_one_request_reaches_the_upstream(script, stream):
    async with upstream(script) as far, stand(terms(far.url)) as here:
        await here.client.post(CHAT, json=ask(stream=stream))
        await here.purse.one_end()
    assert len(far.received) == 1


async def test_a_connection_that_broke_while_idle_is_not_used_again():
    """The upstream closes after each answer, without saying so."""

    async def script(exchange: Exchange) -> None:
        await exchange.send(OK)
        exchange.writer.close()

    async with upstream(script) as far, stand(terms(far.url)) as here:
        answers = []
        for _ in range(5):
            answers.append((await here.client.post(CHAT, json=ask())).status_code)
    assert len(far.received) == 5
    assert answers == [200] * 5
