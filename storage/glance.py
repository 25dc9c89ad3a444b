"""How Redis stands at one look, cheap enough for every few seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.rules import Rule
from storage import scripts
from storage.holds import Interval
from storage.redis_link import Argument, RedisLink
from storage.snapshot import Counted


@dataclass(frozen=True, slots=True)
class Glance:
    """Amounts nano-dollars. `frozen` is "" or who froze and why, as JSON."""

    state: str
    seq: int
    drained: int
    outbox_bytes: int
    now_ms: int
    frozen: str
    holds: int
    oldest_ms: int | None
    """Of the first thousand holds; as is `held_nano`, their charge."""
    held_nano: int
    counted: tuple[Counted, ...]
    """In the order asked."""


async def glance(link: RedisLink, wanted: Sequence[tuple[Rule, Interval, str]] = ()) -> Glance:
    """Look at some values of rules in a window each; raises what `RedisLink.run` raises."""
    flat: list[Argument] = []
    for rule, window, value in wanted:
        flat += [f"{rule.counter}:{window.start_ms}", value]
    state, seq, drained, size, now, frozen, holds, oldest, held, found = await link.run(
        scripts.GLANCE, *flat
    )
    return Glance(
        state, int(seq), int(drained), int(size), int(now), frozen, int(holds),
        int(oldest) if oldest else None, int(held),
        tuple(Counted(int(posted), int(kept)) for posted, kept in found),
    )  # fmt: skip
