"""What monitoring sees of the way of a call. Every label takes values from a fixed set."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from config.money import NANO_PER_USD
from proxy.log import CallLine

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

    def record(self, line: CallLine) -> None:
        """Count a call whose line has been written."""
        self.calls.labels(line.endpoint, line.outcome).inc()
        for flag in line.flags:
            self.flags.labels(flag).inc()
        if line.latency_ms is not None:
            self.seconds.labels(line.endpoint).observe(line.latency_ms / 1000)
        if line.ttfb_ms is not None:
            self.first_byte_seconds.labels(line.endpoint).observe(line.ttfb_ms / 1000)
        if line.charge_nano:
            self.charged(line.endpoint, line.charge_nano)

    def charged(self, endpoint: str, nano: int) -> None:
        """Count a charge, for monitoring alone."""
        self.charge.labels(endpoint).inc(nano / NANO_PER_USD)

    def text(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self.registry)
