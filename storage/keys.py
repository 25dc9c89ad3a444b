"""Purser's own keys: made in SQL, published to Redis, where every proxy reads them per call.

SQL comes first and is the truth; a change binds everywhere as soon as Redis has it. What
Redis could not be told at once, the janitor tells it.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from config.bounds import KEY_ALLOWED_MAX, KEY_LIFE_S_MAX, NAME_CHARS_MAX
from config.names import canonical_name
from config.rates import AGENT_TYPES, canonical_agent
from config.rules import UNATTRIBUTED, fold
from storage import key_rows
from storage.audit import Act, write_line
from storage.database import reading, writing
from storage.errors import KeyProblem, RedisUnavailable
from storage.key_records import KeyRecord, Kind, Role, digest_of, mint, prefix_of
from storage.ledger import Ledger
from storage.published_keys import PublishedKeys, now_ms
from storage.redis_link import RedisLink

_log = logging.getLogger("purser.keys")


@dataclass(frozen=True, slots=True)
class By:
    """Who changes a key, and where from (`cli`, `api`, `panel`)."""

    who: str
    place: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key to be made. Empty lists allow everything; `expires_ms` None: never."""

    name: str
    kind: Kind = "proxy"
    role: Role | None = None
    agent: str | None = None
    campaign: str | None = None
    models: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    expires_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A new key with its secret, which is kept nowhere. Not `published`: the janitor will."""

    record: KeyRecord
    secret: str = field(repr=False)
    published: bool


class Keys:
    """The table `api_key` and what Redis has of it."""

    def __init__(self, link: RedisLink, ledger: Ledger) -> None:
        self._engine = ledger.engine
        self._published = PublishedKeys(link)

    async def find(self, secret: str, kind: Kind = "proxy") -> KeyRecord:
        """The live key of a secret, as Redis has it now; its use is noted. Needs no SQL.

        Raises `BadKey`, `RedisUnavailable`, and `NotReady` while Redis does not have all keys.
        """
        record = await self._published.find(secret, kind)
        await self._published.touch(record)
        return record

    async def touch(self, record: KeyRecord) -> None:
        """Note that a key was used, at most once a minute."""
        await self._published.touch(record)

    async def create(self, wanted: Wanted, by: By) -> Made:
        """Make a key; raises `KeyProblem` for a name that is taken and for what cannot be."""
        now = now_ms()
        secret, record = _minted(checked(wanted, now), now)
        async with writing(self._engine) as connection:
            await key_rows.insert_row(connection, record, now)
            await write_line(connection, _act("key-create", by, None, record), now)
        return Made(record, secret, await self._publish([record]))

    async def list(self) -> Sequence[KeyRecord]:
        """Every key there is or was, live ones first, the newest first."""
        async with reading(self._engine) as connection:
            return await key_rows.rows_all(connection)

    async def rotate(
        self, named: str, by: By, overlap_s: int = 0, expires_ms: int | None = None
    ) -> Made:
        """A new secret under the same name and pins; the old one ends after `overlap_s`.

        Without `expires_ms` the new key lives as long as the old one was made to. Raises
        `KeyProblem`.
        """
        now = now_ms()
        async with writing(self._engine) as connection:
            old = (await _live(connection, named, now))[0]
            if expires_ms is None and old.expires_ms is not None:
                expires_ms = now + old.expires_ms - old.created_ms
            wanted = Wanted(
                old.name, old.kind, old.role, old.agent, old.campaign,
                old.models, old.endpoints, expires_ms,
            )  # fmt: skip
            secret, record = _minted(checked(wanted, now), now)
            ends = now + overlap_s * 1000
            ends = ends if old.expires_ms is None else min(ends, old.expires_ms)
            ending = replace(old, expires_ms=ends, version=old.version + 1)
            await key_rows.change_row(connection, ending)
            await key_rows.insert_row(connection, record, now)
            await write_line(connection, _act("key-rotate", by, ending, record), now)
        return Made(record, secret, await self._publish([record, ending]))

    async def revoke(self, named: str, by: By) -> tuple[Sequence[KeyRecord], bool]:
        """End all live keys of a name, or the one of an id or prefix; and whether Redis knows.

        Raises `KeyProblem` where no live key is called so.
        """
        now = now_ms()
        async with writing(self._engine) as connection:
            live = await _live(connection, named, now)
            revoked = [replace(old, revoked_ms=now, version=old.version + 1) for old in live]
            for old, ended in zip(live, revoked, strict=True):
                await key_rows.change_row(connection, ended)
                await write_line(connection, _act("key-revoke", by, old, ended), now)
        return revoked, await self._publish(revoked)

    async def _publish(self, records: Sequence[KeyRecord]) -> bool:
        """Bring changes to Redis; False where it does not answer and the janitor has to."""
        try:
            await self._published.publish(records)
        except RedisUnavailable as error:
            _log.warning("keys are not published yet", extra={"why": str(error)})
            return False
        async with writing(self._engine) as connection:
            await key_rows.mark_published(connection, records)
        return True

    async def restore(self) -> None:
        """Bring every key to a Redis that may have lost some: emptied, replaced, failed over."""
        async with reading(self._engine) as connection:
            records = await key_rows.rows_all(connection)
        await self._published.publish(records)
        await self._published.complete()

    async def tick(self) -> None:
        """The janitor's part: publish what waits, and write last uses. Raises what storage does."""
        if not await self._published.is_complete():
            await self.restore()
        async with reading(self._engine) as connection:
            waiting = await key_rows.rows_unpublished(connection)
        if waiting:
            await self._publish(waiting)
        uses = await self._published.uses()
        if uses:
            async with writing(self._engine) as connection:
                await key_rows.write_uses(connection, uses)
            await self._published.forget_uses(uses)

    async def tidy(self) -> None:
        """Let Redis forget keys that ended long ago; once an hour is enough."""
        await self._published.tidy()


def checked(wanted: Wanted, now: int) -> Wanted:
    """`wanted` in canonical spelling; raises `KeyProblem` naming what is wrong and allowed."""
    name = canonical_name(wanted.name)
    if name is None or fold(name) == UNATTRIBUTED:
        raise KeyProblem(
            f"{wanted.name!r} is no name for a key: 1 to {NAME_CHARS_MAX} printable characters "
            f"are allowed, and not {UNATTRIBUTED!r}"
        )
    if (wanted.kind == "admin") != (wanted.role is not None):
        raise KeyProblem("an admin key has a role, admin or viewer, and a proxy key has none")
    pins = (wanted.agent, wanted.campaign, *wanted.models, *wanted.endpoints)
    if wanted.kind == "admin" and any(pins):
        raise KeyProblem("an admin key calls no model: it takes no agent, campaign, models, paths")
    for allowed in (wanted.models, wanted.endpoints):
        if len(allowed) > KEY_ALLOWED_MAX or not all(map(canonical_name, allowed)):
            raise KeyProblem(f"a key is bound to at most {KEY_ALLOWED_MAX} models and endpoints")
    if wanted.expires_ms is not None and not now < wanted.expires_ms <= now + KEY_LIFE_S_MAX * 1000:
        raise KeyProblem("a key expires in the future, within ten years; or never")
    # As rules and the ledger call endpoints: without the version.
    paths = tuple(path.removeprefix("/").removeprefix("v1/") for path in wanted.endpoints)
    return replace(
        wanted, name=name, agent=_agent(wanted), campaign=_campaign(wanted), endpoints=paths
    )


def _agent(wanted: Wanted) -> str | None:
    if wanted.agent is None:
        return None
    agent = canonical_agent(wanted.agent)
    if agent is None:
        raise KeyProblem(f"{wanted.agent!r} is no agent type; allowed are {', '.join(AGENT_TYPES)}")
    return agent


def _campaign(wanted: Wanted) -> str | None:
    if wanted.campaign is None:
        return None
    campaign = canonical_name(wanted.campaign)
    if campaign is None:
        raise KeyProblem(
            f"{wanted.campaign!r} is no campaign: 1 to {NAME_CHARS_MAX} printable characters"
        )
    return campaign


def _minted(wanted: Wanted, now: int) -> tuple[str, KeyRecord]:
    secret = mint(wanted.kind)
    digest = digest_of(secret)
    assert digest is not None
    record = KeyRecord(
        id=uuid.uuid4().hex,
        name=wanted.name,
        kind=wanted.kind,
        role=wanted.role,
        agent=wanted.agent,
        campaign=wanted.campaign,
        models=wanted.models,
        endpoints=wanted.endpoints,
        expires_ms=wanted.expires_ms,
        revoked_ms=None,
        created_ms=now,
        last_used_ms=None,
        prefix=prefix_of(secret),
        digest=digest,
    )
    return secret, record


async def _live(connection: AsyncConnection, named: str, now: int) -> Sequence[KeyRecord]:
    found = await key_rows.rows_named(connection, named)
    live = [record for record in found if record.problem(now) is None]
    if not live:
        raise KeyProblem(f"no live key is called {named!r}: `purser keys list` shows them")
    return live


def _act(action: str, by: By, old: KeyRecord | None, new: KeyRecord) -> Act:
    return Act(action, by.who, by.place, _told(old), _told(new), by.reason)


def _told(record: KeyRecord | None) -> str | None:
    """A key for the audit log: everything but its secret's digest."""
    if record is None:
        return None
    told = {
        "id": record.id, "name": record.name, "prefix": record.prefix, "kind": record.kind,
        "role": record.role, "agent": record.agent, "campaign": record.campaign,
        "models": record.models, "endpoints": record.endpoints,
        "expires_ms": record.expires_ms, "revoked_ms": record.revoked_ms,
    }  # fmt: skip
    return orjson.dumps(told).decode()
