"""What the money of a deployment should be, in plain Python that shares no code with it."""

from dataclasses import dataclass, field

NANO_A_TOKEN = 40_000


@dataclass(frozen=True, slots=True)
class Budget:
    """A rule as the model sees it: every call, one campaign's, or each campaign by itself."""

    name: str
    limit_nano: int
    campaign: str | None = None
    each: bool = False

    def counts(self, call: "Call") -> bool:
        return self.campaign is None or self.campaign == call.campaign


@dataclass(slots=True)
class Call:
    """One call. `charge` is None while it is held; `owner` is None once its process is gone."""

    campaign: str
    held: int
    owner: str | None
    charge: int | None = None
    is_assumed: bool = False
    is_voided: bool = False
    is_final: bool = False


@dataclass(slots=True)
class Model:
    budgets: tuple[Budget, ...] = ()
    calls: dict[str, Call] = field(default_factory=dict)

    def spent(self, budget: Budget, campaign: str) -> tuple[int, int]:
        """Posted and held under the value that a call of `campaign` would count in."""
        posted = held = 0
        for call in self.calls.values():
            if budget.counts(call) and (not budget.each or call.campaign == campaign):
                posted += call.charge or 0
                held += call.held if call.charge is None else 0
        return posted, held

    def standing(self, campaign: str) -> list[tuple[Budget, int, int]]:
        """The budgets of a call of `campaign`, with what they have posted and hold."""
        probe = Call(campaign, 0, None)
        return [(b, *self.spent(b, campaign)) for b in self.budgets if b.counts(probe)]

    def verdict(self, campaign: str, amount: int) -> str:
        """How admission answers."""
        refused = [
            posted + amount > budget.limit_nano
            for budget, posted, held in self.standing(campaign)
            if posted + held + amount > budget.limit_nano
        ]
        if not refused:
            return "granted"
        return "budget_exceeded" if any(refused) else "budget_in_flight"

    def lowered(self, campaign: str, ceiling: int, least: int) -> int:
        """The ceiling that is granted where the client named none: 5 % of the tightest rest."""
        if least >= ceiling:
            return ceiling
        rests = [max(0, b.limit_nano - p - h) for b, p, h in self.standing(campaign)]
        fitting = [rest // 1000 * 50 // NANO_A_TOKEN for rest in rests]
        return max(least, min([ceiling, *fitting]))
