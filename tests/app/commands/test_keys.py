"""`purser keys` makes keys that bind at once, shows a secret once, and says what it did."""

import json

import pytest

from storage.key_records import BadKey
from storage.keys import Keys
from tests.app.conftest import Shop

CREATE = ("keys", "create", "blog-bot", "--agent", "content", "--campaign", "Spring")
BOUND = ("--model", "gpt-4o*", "--model", "o3", "--endpoint", "/v1/chat/completions")


def secret_in(output: str) -> str:
    (line,) = [line.strip() for line in output.splitlines() if line.startswith("    pk-purser-")]
    return line


async def test_a_key_from_its_making_to_its_end(shop: Shop) -> None:
    async with shop.open() as purse:
        keys = Keys(purse.link, purse.ledger)
        made = await shop.run_beside(*CREATE, *BOUND, "--expires", "30d", "--by", "ann")
        assert made.exit_code == 0
        first = secret_in(made.output)
        found = await keys.find(first)
        assert (found.agent, found.campaign, found.endpoints) == (
            "CONTENT", "Spring", ("chat/completions",),
        )  # fmt: skip
        assert found.models == ("gpt-4o*", "o3")
        rotated = await shop.run_beside("keys", "rotate", "blog-bot", "--overlap", "24h")
        assert "The old one works until" in rotated.output
        second = secret_in(rotated.output)
        assert (await keys.find(first)).name == (await keys.find(second)).name == "blog-bot"
        listed = (await shop.run_beside("keys", "list")).output
        assert found.prefix in listed
        assert "CONTENT; Spring; gpt-4o*; o3; chat/completions" in listed
        assert first not in listed
        gone = await shop.run_beside("keys", "revoke", "blog-bot", "--reason", "leaked")
        assert gone.exit_code == 0
        assert gone.output.count("Revoked blog-bot") == 2
        for secret in (first, second):
            with pytest.raises(BadKey, match="revoked"):
                await keys.find(secret)
        assert "no live key" in (await shop.run_beside("keys", "list")).output
        acts = [line.act for line in await purse.ledger.audited()]
        assert ("key-create", "ann") in {(act.action, act.who) for act in acts}
        assert ("key-revoke", "leaked") in {(act.action, act.reason) for act in acts}


async def test_machines_get_json(shop: Shop) -> None:
    async with shop.open() as purse:
        made = json.loads(
            (await shop.run_beside("keys", "create", "boss", "--admin", "--json")).stdout
        )
        found = await Keys(purse.link, purse.ledger).find(made["secret"], "admin")
        assert (made["kind"], found.role) == ("admin", "viewer")
        await shop.run_beside("keys", "revoke", made["prefix"])
        (line,) = (await shop.run_beside("keys", "list", "--all", "--json")).stdout.splitlines()
        listed = json.loads(line)
        assert (listed["name"], listed["state"]) == ("boss", "revoked")
        assert not {"secret", "digest"} & listed.keys()


async def test_a_key_made_before_the_first_start_works_from_then_on(shop: Shop) -> None:
    secret = secret_in((await shop.run_beside(*CREATE)).output)
    async with shop.open() as purse:
        assert (await Keys(purse.link, purse.ledger).find(secret)).name == "blog-bot"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("create", "k", "--agent", "poet"), 1, "allowed are CONTENT"),
        (("create", "k", "--endpoint", "chat"), 2, "like chat/completions"),
        (("create", "k", "--expires", "soon"), 2, "24h"),
        (("create", "k", "--expires", "2001-01-01"), 1, "in the future"),
        (("create", "k", "--role", "admin"), 2, "--admin"),
        (("create", "unattributed"), 1, "no name"),
        (("rotate", "nobody"), 1, "no live key"),
        (("rotate", "nobody", "--overlap", "a day"), 2, "24h"),
        (("revoke", "nobody"), 1, "purser keys list"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_explained(
    shop: Shop, arguments: tuple[str, ...], code: int, told: str
) -> None:
    result = shop.run("keys", *arguments)
    assert result.exit_code == code
    assert told in " ".join(result.stderr.replace("│", " ").split())


def test_a_name_that_is_taken_is_told(shop: Shop) -> None:
    assert shop.run(*CREATE).exit_code == 0
    again = shop.run("keys", "create", "Blog-Bot")
    assert again.exit_code == 1
    assert "rotate or revoke it" in again.stderr


async def test_what_redis_does_not_take_is_said(shop: Shop, dead_port: int) -> None:
    async with shop.open() as purse:
        keys = Keys(purse.link, purse.ledger)
        secret = secret_in((await shop.run_beside(*CREATE)).output)
        shop.write(redis_url=f"redis://127.0.0.1:{dead_port}/0")
        late = await shop.run_beside("keys", "revoke", "blog-bot")
        assert late.exit_code == 1
        assert "does not bind yet" in late.stderr
        made = await shop.run_beside("keys", "create", "other")
        assert made.exit_code == 0
        assert "does not bind yet" in made.stderr
        assert (await keys.find(secret)).name == "blog-bot"
        await keys.tick()
        with pytest.raises(BadKey):
            await keys.find(secret)
        assert (await keys.find(secret_in(made.stdout))).name == "other"
