"""Whether this process lives, and whether it can serve calls."""

from dataclasses import dataclass

import orjson

from proxy.errors import HeaderList

JSON: HeaderList = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
UP = orjson.dumps({"status": "ok"})


@dataclass(frozen=True, slots=True)
class Readiness:
    """What `/readyz` says. Not ready: Redis is away or being rebuilt, nothing is admitted."""

    ready: bool
    generation: str
    reasons: tuple[str, ...] = ()
    """Why it is not ready, or why it is but degraded (a broken file, another generation)."""

    @property
    def status(self) -> str:
        """`ok`, `degraded` or `unavailable`."""
        if not self.ready:
            return "unavailable"
        return "degraded" if self.reasons else "ok"

    @property
    def http_status(self) -> int:
        """503 takes this process out of a load balancer."""
        return 200 if self.ready else 503

    def body(self) -> bytes:
        """As JSON."""
        return orjson.dumps(
            {"status": self.status, "generation": self.generation, "reasons": self.reasons}
        )
