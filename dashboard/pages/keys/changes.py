"""The changes to keys that an admin makes: checked here, done by `storage.keys`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from config.bounds import KEY_ALLOWED_MAX, NAME_CHARS_MAX
from config.rates import AGENT_TYPES
from dashboard import actions
from dashboard.errors import Invalid
from dashboard.pages.keys.forms import DAY_S, KINDS, LIVES, OVERLAPS, ROLES, revoked_words
from dashboard.services import Services
from proxy.endpoints import ENDPOINTS
from storage.errors import KeyProblem
from storage.key_records import KeyRecord, allows
from storage.keys import By, Made, Wanted
from storage.published_keys import now_ms


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of a new key as they were sent."""

    kind: Any
    name: Any
    role: Any
    agent: Any
    campaign: Any
    models: Any
    endpoints: Any
    life: Any

    def wanted(self) -> Wanted:
        """The key that is asked for; raises `Invalid`."""
        kind = actions.one_of(self.kind, "what it opens", tuple(KINDS))
        life = actions.one_of(self.life, "its end", tuple(LIVES))
        ends = None if life == "never" else now_ms() + int(life) * DAY_S * 1000
        name = actions.text(self.name, "the name", NAME_CHARS_MAX)
        if kind == "admin":
            role = actions.one_of(self.role, "the role", tuple(ROLES))
            return Wanted(name, "admin", "admin" if role == "admin" else "viewer", expires_ms=ends)
        agent = self.agent and actions.one_of(self.agent, "the agent type", AGENT_TYPES)
        campaign = actions.text(self.campaign, "the campaign", NAME_CHARS_MAX, empty=True)
        return Wanted(
            name,
            agent=agent or None,
            campaign=campaign or None,
            models=_texts(self.models, "a model"),
            endpoints=_endpoints(self.endpoints),
            expires_ms=ends,
        )


def _texts(given: Any, what: str) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > KEY_ALLOWED_MAX:
        raise Invalid(f"{what}: at most {KEY_ALLOWED_MAX} are listed.")
    return tuple(actions.text(one, what, NAME_CHARS_MAX) for one in given)


def _endpoints(given: Any) -> tuple[str, ...]:
    paths = _texts(given, "an endpoint")
    for path in paths:
        if not any(allows((path,), row.name) for row in ENDPOINTS):
            raise Invalid(f"no endpoint is called {path}: write it like chat/completions.")
    return paths


async def create(services: Services, clicks: Any, asked: Asked, reason: Any) -> Made:
    """Make a key."""
    found: list[Made] = []

    async def work(by: By) -> str:
        wanted = asked.wanted()
        try:
            found.append(await services.keys.create(wanted, by))
        except KeyProblem as error:
            raise Invalid(f"{error}.") from None
        return f"The key {wanted.name} is made."

    await actions.change(clicks, work, reason=reason)
    return found[0]


async def rotate(services: Services, clicks: Any, seen: Any, overlap: Any, reason: Any) -> Made:
    """Give a key a new secret; the old one ends after the overlap (seconds)."""
    found: list[Made] = []

    async def work(by: By) -> str:
        record = await as_seen(services, seen)
        overlap_s = int(actions.one_of(overlap, "the overlap", tuple(OVERLAPS)))
        try:
            found.append(await services.keys.rotate(record.id, by, overlap_s))
        except KeyProblem as error:
            raise Invalid(f"{error}.") from None
        return f"{record.name} has a new secret."

    await actions.change(clicks, work, reason=reason)
    return found[0]


async def revoke(services: Services, clicks: Any, seen: Any, reason: Any) -> None:
    """End a key on every proxy."""

    async def work(by: By) -> str:
        record = await as_seen(services, seen)
        try:
            ended, published = await services.keys.revoke(record.id, by)
        except KeyProblem as error:
            raise Invalid(f"{error}.") from None
        return revoked_words(ended, published=published)

    await actions.change(clicks, work, reason=reason)


async def as_seen(services: Services, seen: Any) -> KeyRecord:
    """The live key that was looked at; raises `Invalid` where it has changed since."""
    if not isinstance(seen, dict):
        raise Invalid("choose a key first.")
    record = find(await services.keys.list(), seen.get("key"))
    if record is None or record.problem(now_ms()) is not None:
        raise Invalid("this key has ended already.")
    if record.version != seen.get("version"):
        raise Invalid("somebody changed this key meanwhile: look again.")
    return record


def find(records: Sequence[KeyRecord], named: Any) -> KeyRecord | None:
    """The key of an id."""
    return next((record for record in records if record.id == named), None)
