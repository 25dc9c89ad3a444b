"""No key travels where it is not meant to: not upstream, not to the client, not into the log."""

import json
import logging
from dataclasses import replace

import pytest

from tests.proxy.stand import stand, terms
from tests.proxy.talk import OK, ask
from tests.proxy.upstreams import answering, upstream

CHAT = "/v1/chat/completions"
SECRETS = {
    "authorization": "Bearer sk-client-secret",
    "api-key": "azure-client-secret",
    "cookie": "session=client-secret",
    "x-portkey-api-key": "portkey-client-secret",
    "helicone-auth": "Bearer helicone-client-secret",
    "x-purser-metadata": '{"note": "client-secret"}',
}


@pytest.fixture
async def far():
    async with upstream(answering(OK)) as running:
        yield running


async def test_the_upstream_sees_pursers_key_alone(far):
    async with stand(terms(far.url)) as here:
        await here.client.post(CHAT, json=ask(), headers=SECRETS)
    assert b"client-secret" not in far.received[0].head
    assert far.received[0].values(b"authorization") == [b"Bearer upstream-key"]


async def test_the_callers_own_key_passes_where_ops_say_so(far):
    given = terms(far.url)
    own = replace(given, target=replace(given.target, api_key=None))
    async with stand(own) as here:
        await here.client.post(CHAT, json=ask(), headers=SECRETS)
    assert far.received[0].values(b"authorization") == [b"Bearer sk-client-secret"]
    assert b"session=" not in far.received[0].head


async def test_neither_key_nor_prompt_stands_in_the_log(far, caplog):
    caplog.set_level(logging.DEBUG)
    prompt = {"messages": [{"role": "user", "content": "a private question"}]}
    async with stand(terms(far.url)) as here:
        response = await here.client.post(CHAT, json=ask(**prompt), headers=SECRETS)
        broken = await here.client.post(CHAT, content=b'{"a private question', headers=SECRETS)
    said = json.dumps([vars(record) for record in caplog.records], default=str)
    for secret in ("client-secret", "upstream-key", "a private question", "Hello there"):
        assert secret not in said
        assert secret not in str(response.headers)
        assert secret not in broken.text
