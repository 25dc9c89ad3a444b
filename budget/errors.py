"""What the budget raises.

BudgetError
├── Refused         no budget for this call: nothing was sent, nothing is held
├── Unavailable     nobody can say whether there is one: nothing is sent
├── Uncorrectable   there is no ended call that such a correction would change
├── KeyReused       an idempotency key came with another cost than the first time
├── AlreadyMetered  calls of this execution were charged as they passed
├── CostTooLarge    a cost beyond what is kept exactly
└── NotAllowed      a limit that may not be changed so
    ├── Locked      ops locked the rule
    ├── PastMonth   what a month could spend is not changed afterwards
    └── NoSuchRule  no rule has such a limit
"""

from storage.holds import NO_WINDOW_END_MS, Refusal


class BudgetError(Exception):
    """The root of this package's errors."""


class Refused(BudgetError):
    """A rule, or the freeze, does not let this call pass. Amounts are nano-dollars."""

    def __init__(self, refusal: Refusal) -> None:
        self.reason = refusal.reason
        self.rule = refusal.rule
        self.limit_nano = refusal.limit_nano if refusal.rule else None
        self.posted_nano = refusal.posted_nano
        self.held_nano = refusal.held_nano
        self.needed_nano = refusal.needed_nano
        ends = refusal.window_end_ms
        self.resets_at_ms = None if ends >= NO_WINDOW_END_MS else ends
        self.now_ms = refusal.now_ms
        super().__init__(f"{self.reason}: {self.rule or 'all spending is frozen'}")


class Unavailable(BudgetError):
    """Admission is closed for a reason that will pass: try again after `retry_after_s`."""

    def __init__(self, reason: str, retry_after_s: int = 1) -> None:
        self.reason = reason
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class Uncorrectable(BudgetError):
    """A correction that cannot be made, with the reason in words."""


class KeyReused(BudgetError):
    """An idempotency key that was used for another cost."""


class AlreadyMetered(BudgetError):
    """Calls of this execution stand in the ledger; `hold_id` is one of them."""

    def __init__(self, execution_id: str, hold_id: str) -> None:
        self.hold_id = hold_id
        super().__init__(
            f"the execution {execution_id} was metered as its calls passed (as {hold_id}): say "
            "`additional: true` where this cost comes on top"
        )


class CostTooLarge(BudgetError):
    """A cost of 2^53 nano-dollars or more."""


class NotAllowed(BudgetError):
    """A limit that may not be changed so, with the reason in words."""


class Locked(NotAllowed):
    """The rule takes no override."""


class PastMonth(NotAllowed):
    """The window is over."""


class NoSuchRule(NotAllowed):
    """There is no rule whose limit this would be."""
