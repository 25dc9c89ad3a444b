"""What counts in a rule, by the ledger."""

from collections.abc import Sequence
from typing import Final

from config.rates import canonical_agent
from config.rules import Dimension, Rule
from storage import queries
from storage.holds import Interval
from storage.ledger import Ledger
from storage.usage import Scope, used_by_bucket

_ROLLED: Final = frozenset({Dimension.AGENT, Dimension.CAMPAIGN})


def scope_of(rule: Rule) -> Scope | None:
    """What the rollup can say of a rule; None where its values may be spelt in several ways."""
    if not rule.match.keys() <= _ROLLED:
        return None
    agent = rule.match.get(Dimension.AGENT)
    if agent is not None:
        agent = canonical_agent(agent) or agent
    return Scope(agent=agent, campaign=rule.match.get(Dimension.CAMPAIGN))


async def spent_by_bucket(ledger: Ledger, rule: Rule, buckets: Sequence[Interval]) -> list[int]:
    """What counted in `rule` in each bucket, nano-dollars; buckets follow without a gap."""
    if not buckets:
        return []
    scope = scope_of(rule)
    if scope is not None:
        uses = await used_by_bucket(ledger, buckets, scope)
        return [use.amount(rule.counts) for use in uses]
    quarters = await queries.spend_by_bucket(ledger, rule, buckets[0].start_ms, buckets[-1].end_ms)
    return [
        sum(nano for at, nano in quarters.items() if bucket.start_ms <= at < bucket.end_ms)
        for bucket in buckets
    ]
