"""Asking Redis something by the rules in force, whatever rules and windows do meanwhile."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from budget.errors import Unavailable
from budget.lifeline import Lifeline
from storage.errors import NotReady, OutboxFull, RedisUnavailable
from storage.holds import RuleCheck, StaleRules, StaleWindows
from storage.records import CallFacts

T = TypeVar("T")
_TURNS_MAX: Final = 5


async def ask(
    lifeline: Lifeline,
    facts: CallFacts,
    question: Callable[[Sequence[RuleCheck], str], Awaitable[T | StaleRules | StaleWindows]],
) -> T:
    """The answer to `question`, which is put with the rules that count `facts` and their
    generation, again where either had changed. Raises `Unavailable`."""
    try:
        for _ in range(_TURNS_MAX):
            book = await lifeline.current_rulebook()
            answer = await question(book.checks(facts), book.generation.number)
            match answer:
                case StaleRules():
                    await lifeline.reload_rules()
                case StaleWindows(now_ms=now_ms):
                    book.turn(now_ms)
                case _:
                    return answer
    except NotReady as error:
        lifeline.doubt()
        raise Unavailable(str(error)) from error
    except (RedisUnavailable, OutboxFull) as error:
        raise Unavailable(str(error)) from error
    raise Unavailable("the budget's rules are changing: try again")
