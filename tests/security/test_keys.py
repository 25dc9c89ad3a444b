"""A key of ours opens exactly what it is for, from its own place alone, and travels no further."""

import asyncio
import json
import logging
import random
from dataclasses import replace

import pytest

from storage.keys import By, Keys, Wanted
from storage.ledger import Ledger
from storage.redis_link import RedisLink
from tests.proxy.stand import stand, terms
from tests.proxy.talk import OK, ask
from tests.proxy.upstreams import answering, upstream

CHAT = "/v1/chat/completions"
ME = By("ann", "cli")
UNKNOWN = "pk-purser-" + "A" * 43


@pytest.fixture
async def far():
    async with upstream(answering(OK)) as running:
        yield running


@pytest.fixture
async def keys(valkey_url, sqlite_url):
    link, ledger = RedisLink(valkey_url), await Ledger.open(sqlite_url)
    keys = Keys(link, ledger)
    await keys.restore()
    yield keys
    await link.close()
    await ledger.close()


@pytest.fixture
async def secret(keys):
    return (await keys.create(Wanted("bot"), ME)).secret


@pytest.fixture
async def closed(far, keys):
    """A proxy that asks everybody for a key."""
    async with stand(terms(far.url, open_to_loopback=False), keys=keys) as here:
        yield here


@pytest.fixture
async def open_here(far, keys):
    """A proxy that is open to local programs."""
    async with stand(terms(far.url), keys=keys) as here:
        yield here


def own_key(far):
    """Terms under which the caller's own key for the provider passes."""
    given = terms(far.url, open_to_loopback=False)
    return replace(given, target=replace(given.target, api_key=None))


async def status(here, headers, path=CHAT):
    response = await here.client.post(path, json=ask(), headers=headers)
    error = response.json().get("error") or {}
    return response.status_code, error.get("code")


async def test_a_key_in_either_place_opens(closed, secret, far):
    for headers in (
        {"authorization": f"Bearer {secret}"},
        {"authorization": f"bearer   {secret}"},
        {"x-purser-key": secret},
        {"X-PURSER-KEY": secret},
        {"x-purser-key": secret, "authorization": f"Bearer {secret}"},
        {"x-purser-key": secret, "authorization": "Bearer sk-whatever"},
    ):
        assert (await status(closed, headers))[0] == 200, headers
    assert len(far.received) == 6
    head = b"GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    for line in (b"X-Purser-Key:\t %s \t", b"Authorization: \tBearer %s  "):
        answer = await closed.raw(head + line % secret.encode() + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")


def nearly(secret):
    """What is not the key, however close."""
    return {
        "lower case": secret.lower(),
        "upper case": secret.upper(),
        "one short": secret[:-1],
        "one long": secret + "A",
        "another": UNKNOWN,
        "split": secret[:20] + " " + secret[20:],
        "twice": f"{secret}, Bearer {secret}",
        "nul": secret[:-1] + "%00",
        "quoted": f'"{secret}"',
        "as admin": secret.replace("pk-purser-", "pk-purser-admin-"),
        "huge": "pk-purser-" + "A" * 20_000,
        "prefix alone": "pk-purser-",
    }


@pytest.mark.parametrize("which", nearly(""))
async def test_what_is_nearly_a_key_opens_nothing_even_while_open(
    closed, open_here, secret, far, which
):
    value = nearly(secret)[which]
    for here in (closed, open_here):
        for headers in ({"authorization": f"Bearer {value}"}, {"x-purser-key": value}):
            assert await status(here, headers) == (401, "invalid_api_key"), headers
    assert not far.received


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer sk-something"},
        {"authorization": "Basic cGstcHVyc2VyLXg="},
        {"api-key": "{secret}"},
        {"x-api-key": "{secret}"},
        {"cookie": "x-purser-key={secret}"},
        {"proxy-authorization": "Bearer {secret}"},
        {"x_purser_key": "{secret}"},
        {"x-purser-key2": "{secret}"},
        {"x-purser-key": ""},
        {"authorization": "{secret}"},
        {"authorization": "Token {secret}"},
        {"authorization": "Bearer\t{secret}"},
    ],
    ids=str,
)
async def test_a_key_in_another_place_opens_nothing(closed, secret, far, headers):
    sent = {name: value.replace("{secret}", secret) for name, value in headers.items()}
    assert await status(closed, sent) == (401, "invalid_api_key")
    assert not far.received


@pytest.mark.parametrize(
    "path",
    [
        f"{CHAT}?api_key={{secret}}",
        f"{CHAT}?x-purser-key={{secret}}",
        "/c/{secret}/v1/chat/completions",
        "/v1/models/{secret}",
        f"{CHAT}?k=PK%2Dpurser-x",
    ],
)
async def test_a_key_in_the_url_is_refused_and_said_to_be_spoilt(
    closed, open_here, secret, far, path
):
    for here in (closed, open_here):
        where = path.format(secret=secret)
        assert await status(here, {}, where) == (400, "key_in_url")
        assert await status(here, {"x-purser-key": secret}, where) == (400, "key_in_url")
    assert not far.received


async def test_two_keys_are_refused(closed, keys, secret, far):
    other = (await keys.create(Wanted("other"), ME)).secret
    both = {"authorization": f"Bearer {secret}", "x-purser-key": other}
    assert await status(closed, both) == (400, "two_keys")
    for name in (b"Authorization: Bearer ", b"X-Purser-Key: "):
        lines = b"".join(name + key.encode() + b"\r\n" for key in (secret, other))
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        answer = await closed.raw(head + lines + b"Connection: close\r\n\r\n{}")
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"duplicate_header" in answer
    assert not far.received


async def test_a_folded_or_smuggled_header_is_no_key(closed, secret, far):
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
    for lines in (
        b"X-Other: a\r\n X-Purser-Key: " + secret.encode(),
        b"X-Purser-Key : " + secret.encode(),
        b"X-Other: a\nX-Purser-Key\x00: " + secret.encode(),
    ):
        answer = await closed.raw(head + lines + b"\r\nConnection: close\r\n\r\n{}")
        assert answer.split(b" ", 2)[1] in (b"400", b"401")
    assert not far.received


async def test_no_key_of_ours_goes_upstream(far, keys, secret):
    everywhere = {
        "x-purser-key": secret,
        "authorization": "Bearer sk-own",
        "api-key": secret,
        "x-custom": f"note {secret.upper()}",
        "connection": "x-purser-key",
    }
    async with stand(terms(far.url), keys=keys) as here:
        assert (await status(here, everywhere))[0] == 200
    async with stand(own_key(far), keys=keys) as here:
        assert (await status(here, everywhere))[0] == 200
    for received in far.received:
        assert b"pk-purser-" not in received.head.lower()
        assert secret.encode() not in received.body
    assert far.received[1].values(b"authorization") == [b"Bearer sk-own"]


async def test_where_the_callers_key_passes_ours_is_refused_in_its_place(far, keys, secret):
    async with stand(own_key(far), keys=keys) as here:
        for headers in (
            {"authorization": f"Bearer {secret}"},
            {"authorization": f"Bearer {secret}", "x-purser-key": secret},
        ):
            response = await here.client.post(CHAT, json=ask(), headers=headers)
            assert response.status_code == 401
            assert "X-Purser-Key" in response.json()["error"]["message"]
    assert not far.received


async def test_neither_key_stands_in_log_or_answer(far, keys, secret, caplog):
    caplog.set_level(logging.DEBUG)
    said = []
    async with stand(terms(far.url), keys=keys) as here:
        for value in (secret, UNKNOWN):
            for path in (CHAT, "/v1/nowhere", f"{CHAT}?key={value}"):
                headers = {"authorization": f"Bearer {value}"}
                response = await here.client.post(path, json=ask(), headers=headers)
                said.append(str(response.headers) + response.text)
    ours = [vars(line) for line in caplog.records if not line.name.startswith("http")]
    said.append(json.dumps(ours, default=str))
    assert "purser.proxy" in said[-1]
    for value in (secret, UNKNOWN):
        assert not any(value[10:] in text for text in said)


async def test_an_admin_key_makes_no_calls_and_a_proxy_key_reads_no_metrics(closed, keys, secret):
    admin = (await keys.create(Wanted("boss", kind="admin", role="viewer"), ME)).secret
    assert await status(closed, {"x-purser-key": admin}) == (401, "invalid_api_key")
    away = {"host": "purser.example"}
    for key, expected in ((admin, 200), (secret, 401), (UNKNOWN, 401)):
        headers = away | {"authorization": f"Bearer {key}"}
        assert (await closed.client.get("/metrics", headers=headers)).status_code == expected
    assert (await closed.client.get("/metrics", headers=away)).status_code == 401
    assert (await closed.client.get("/metrics")).status_code == 200


async def test_a_refusal_is_one_that_openai_clients_understand(closed):
    headers = {"authorization": f"Bearer {UNKNOWN}"}
    response = await closed.client.post(CHAT, json=ask(), headers=headers)
    assert response.headers["www-authenticate"] == 'Bearer realm="Purser"'
    assert response.headers["x-should-retry"] == "false"
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["purser"] == {"reason": "key_unknown"}


async def test_among_many_keys_each_caller_is_its_own(closed, keys, far):
    made = [await keys.create(Wanted(f"bot {n}", campaign=f"c{n}"), ME) for n in range(40)]
    random.Random(1).shuffle(made)

    async def call(key):
        headers = {"authorization": f"Bearer {key.secret}"}
        return (await closed.client.post(CHAT, json=ask(), headers=headers)).status_code

    assert set(await asyncio.gather(*map(call, made))) == {200}
    callers = [(grant.facts.caller.key, grant.facts.caller.campaign)
               for grant, _, _ in closed.purse.ended]  # fmt: skip
    assert sorted(callers) == sorted((f"bot {n}", f"c{n}") for n in range(40))
