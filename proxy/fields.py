"""Reading the numbers and names of a body that bound its cost; what is absurd is refused."""

from typing import Final

from config.bounds import CHOICES_MAX, TOKENS_MAX
from proxy.body import BadBody, Body

TOOL_CALLS_MAX: Final = 1_000


def integer(body: Body, field: str, low: int, high: int) -> int | None:
    """The integer of a field within `low` and `high`; None where absent or null.

    Raises `BadBody` naming the field; true, 1.0 and "1" are not integers.
    """
    value = body.fields.get(field)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadBody(f"'{field}' must be an integer", field, "invalid_type")
    if value < low:
        raise BadBody(f"'{field}' must be at least {low}", field, "integer_below_min_value")
    if value > high:
        raise BadBody(f"'{field}' must be at most {high}", field, "integer_above_max_value")
    return value


def output_tokens(body: Body, *names: str, low: int = 1) -> int | None:
    """The largest of the ceilings that the client set. Raises `BadBody`."""
    given = [integer(body, name, low, TOKENS_MAX) for name in names]
    return max((tokens for tokens in given if tokens is not None), default=None)


def choices(body: Body, *names: str) -> int:
    """The largest number of answers that the client asked for. Raises `BadBody`."""
    given = [integer(body, name, 1, CHOICES_MAX) for name in names]
    return max(number or 1 for number in given)


def tiers(body: Body) -> tuple[str, ...]:
    """The service tiers that the answer could be billed in. Raises `BadBody`.

    Absent and `auto` leave it to the project's own setting, which may be priority; a tier
    that was asked for may be served as default when it is full.
    """
    tier = body.fields.get("service_tier")
    if tier is None or tier == "auto":
        return ("default", "priority")
    if not isinstance(tier, str) or not 0 < len(tier) <= 64:
        raise BadBody("'service_tier' must be a short string", "service_tier", "invalid_type")
    return ("default",) if tier == "default" else ("default", tier)
