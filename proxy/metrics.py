"""What monitoring sees of the way of a call. Every label takes values from a fixed set."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from config.money import NANO_PER_USD

SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter(
            "purser_calls",
            "Requests by endpoint and by how they ended.",
            ("endpoint", "outcome"),
            registry=self.registry,
        )
        self.refusals = Counter(
            "purser_refusals",
            "Requests that Purser answered itself, by reason.",
            ("reason",),
            registry=self.registry,
        )
        self.charge = Counter(
            "purser_charge_usd",
            "What calls were charged, in USD (rounded: the ledger is exact).",
            ("endpoint",),
            registry=self.registry,
        )
        self.flags = Counter(
            "purser_flagged_calls",
            "Calls whose ledger entry carries a flag.",
            ("flag",),
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "purser_requests_in_flight", "Requests being worked on.", registry=self.registry
        )
        self.seconds = Histogram(
            "purser_call_seconds",
            "From a request's head to the end of its answer.",
            ("endpoint",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.first_byte_seconds = Histogram(
            "purser_first_byte_seconds",
            "From a request's head to the head of the upstream's answer.",
            ("endpoint",),
            buckets=SECONDS,
            registry=self.registry,
        )

    def charged(self, endpoint: str, nano: int) -> None:
        """Count a charge, for monitoring alone."""
        self.charge.labels(endpoint).inc(nano / NANO_PER_USD)

    def text(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self.registry)
