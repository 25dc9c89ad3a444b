"""Looking without holding: how full budgets are, and whether a call would be refused."""

from budget.asking import ask
from budget.lifeline import Lifeline
from storage.levels import Levels, read_levels
from storage.records import Amounts, Caller, CallFacts

ENDPOINT = "chat/completions"
"""What a check without an endpoint is about."""


def facts_of(
    agent: str, campaign: str, task: str, key: str, model: str, endpoint: str = ENDPOINT
) -> CallFacts:
    """A call that is only thought of."""
    return CallFacts("", "", Caller(agent, campaign, task, key), endpoint, model)


async def would_refuse(lifeline: Lifeline, facts: CallFacts, cost_nano: int) -> Levels:
    """The budgets that count such a call now, and which would refuse it at that worst case.

    Nothing is held: by the time the call comes, another may have taken what is left. Raises
    `Unavailable`.
    """
    amounts = Amounts(cost_nano, cost_nano)
    return await ask(
        lifeline,
        facts,
        lambda checks, number: read_levels(lifeline.holds, facts, amounts, checks, number),
    )
