"""Lay the rollup of usage by hour, filled from the ledger, and minute samples of health."""

import sqlalchemy as sa
from alembic import op

revision = "0007_rollups"
down_revision = "0006_panel"
branch_labels = None
depends_on = None

_FACETS = {
    "total": (),
    "agent": ("agent",),
    "campaign": ("campaign_folded",),
    "model": ("requested_model",),
    "endpoint": ("endpoint",),
    "key": ("key",),
    "agent_campaign": ("agent", "campaign_folded"),
    "agent_model": ("agent", "requested_model"),
    "agent_endpoint": ("agent", "endpoint"),
    "campaign_model": ("campaign_folded", "requested_model"),
}
_FIRST = "entry = 0 AND status"
_MEASURES = {
    "entries": "1",
    "charge_nano": "charge_nano",
    "provider_nano": "provider_nano",
    "dearer_nano": "dearer_nano",
    "held_nano": "held_nano",
    "calls": f"CASE WHEN {_FIRST} NOT IN ('refused', 'manual') THEN count ELSE 0 END",
    **{
        status: f"CASE WHEN {_FIRST} = '{status}' THEN count ELSE 0 END"
        for status in ("failed", "voided", "assumed", "manual", "refused")
    },
    "lone": f"CASE WHEN {_FIRST} <> 'refused' AND execution_id IS NULL THEN count ELSE 0 END",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_tokens": "cached_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "latency_ms_sum": "coalesce(latency_ms, 0)",
    "latency_count": "CASE WHEN latency_ms IS NULL THEN 0 ELSE 1 END",
    "ttfb_ms_sum": "coalesce(ttfb_ms, 0)",
    "ttfb_count": "CASE WHEN ttfb_ms IS NULL THEN 0 ELSE 1 END",
}
_FOUND_BY = ("key", "task", "requested_model", "status")


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "usage_hour",
        sa.Column("facet", sa.String(length=16), nullable=False),
        sa.Column("hour_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("other", sa.String(length=320), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _MEASURES),
        sa.PrimaryKeyConstraint("facet", "hour_ms", "value", "other", name="pk_usage_hour"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_execution",
        sa.Column("agent", sa.String(length=128), nullable=False),
        sa.Column("execution_id", sa.String(length=128), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agent", "execution_id", name="pk_usage_execution"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_usage_state"),
    )
    op.create_table(
        "health_sample",
        sa.Column("minute_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("redis", sa.Boolean(), nullable=False),
        sa.Column("proxies", sa.Integer(), nullable=False),
        sa.Column("outbox_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute_ms", name="pk_health_sample"),
    )
    _fill()
    op.create_index(
        "ix_usage_hour_facet_value_other_hour_ms",
        "usage_hour",
        ["facet", "value", "other", "hour_ms"],
    )
    op.create_index("ix_usage_execution_began_ms_agent", "usage_execution", ["began_ms", "agent"])
    for name in _FOUND_BY:
        op.create_index(f"ix_billing_log_{name}_admitted_ms", "billing_log", [name, "admitted_ms"])


def _fill() -> None:
    """Sum what the ledger has."""
    sums = ", ".join(f"sum({amount})" for amount in _MEASURES.values())
    for facet, columns in _FACETS.items():
        value, other = [f"substr({name}, 1, 320)" for name in columns] + ["''"] * (2 - len(columns))
        op.execute(
            f"INSERT INTO usage_hour (facet, hour_ms, value, other, {', '.join(_MEASURES)}) "  # noqa: S608  names of our own
            f"SELECT '{facet}', admitted_ms - admitted_ms % 3600000, {value}, {other}, {sums} "
            "FROM billing_log GROUP BY 2, 3, 4"
        )
    op.execute(
        "INSERT INTO usage_execution (agent, execution_id, began_ms) "
        "SELECT agent, execution_id, min(admitted_ms) FROM billing_log "
        "WHERE execution_id IS NOT NULL AND status <> 'refused' GROUP BY agent, execution_id"
    )
    op.execute("INSERT INTO usage_state (id, version) VALUES (1, 1)")


def downgrade() -> None:
    """Take this revision back: samples of health are lost, the rollup is built anew later."""
    for name in _FOUND_BY:
        op.drop_index(f"ix_billing_log_{name}_admitted_ms", table_name="billing_log")
    for table in ("health_sample", "usage_state", "usage_execution", "usage_hour"):
        op.drop_table(table)
