"""Whether a process can do its work, as `/readyz` says it."""

import orjson

from app.live import Live
from budget.lifeline import Lifeline
from proxy.health import Readiness


def readiness(lifeline: Lifeline, live: Live) -> Readiness:
    """How a process stands with Redis, and with the configuration in force."""
    standing = lifeline.standing
    generation = standing.generation if standing else ""
    if not lifeline.ready or standing is None:
        return Readiness(False, generation, (lifeline.why_not_ready,))
    reasons = []
    if live.problem:
        reasons.append(f"the changed configuration is not used: {live.problem}")
    if standing.digest != live.loaded.digest:
        reasons.append(
            f"this process's configuration ({live.loaded.digest}) is not the one in "
            f"force ({standing.digest}, generation {generation})"
        )
    if standing.frozen:
        said = orjson.loads(standing.frozen)
        reasons.append(f"all spending is frozen by {said['who']}: {said['reason']}")
    return Readiness(True, generation, tuple(reasons))
