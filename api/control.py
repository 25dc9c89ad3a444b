"""Procedures that look ahead or stop everything: check, freeze, thaw."""

from api.context import PLACE, Context
from api.costs import budget
from api.fields import usd
from api.inputs import CheckIn, ReasonIn
from api.outputs import Check, Freeze
from budget.check import facts_of, would_refuse
from storage.freeze import set_frozen


async def check(ctx: Context, given: CheckIn) -> Check:
    """Whether a call of this worst case would be refused now, and by which budget."""
    facts = facts_of(
        given.agent, given.campaign, given.task, given.key, given.model, given.endpoint
    )
    found = await would_refuse(ctx.services.lifeline, facts, given.cost_usd)
    budgets = [budget(level) for level in found.levels]
    by = next((one for one in budgets if one.rule == found.refused_by), None)
    return Check(
        allowed=not found.reason,
        reason=found.reason or None,
        rule=found.refused_by,
        cost_usd=usd(given.cost_usd),
        resets_at=by.resets_at if by else None,
        budgets=budgets,
    )


async def freeze(ctx: Context, given: ReasonIn) -> Freeze:
    """Refuse every metered call from the next one on."""
    return await _set(ctx, given, frozen=True)


async def thaw(ctx: Context, given: ReasonIn) -> Freeze:
    """Let calls pass again."""
    return await _set(ctx, given, frozen=False)


async def _set(ctx: Context, given: ReasonIn, *, frozen: bool) -> Freeze:
    changed = await set_frozen(
        ctx.services.link, ctx.actor.name, PLACE, given.reason, frozen=frozen
    )
    return Freeze(frozen=frozen, changed=changed)
