"""Keep the rollup of usage by day too, pairs by day alone; filled from the rollup by hour."""

import sqlalchemy as sa
from alembic import op

revision = "0009_days"
down_revision = "0008_cached_kinds"
branch_labels = None
depends_on = None

_MEASURES = (
    "entries", "charge_nano", "provider_nano", "dearer_nano", "held_nano", "calls", "failed",
    "voided", "assumed", "manual", "refused", "lone", "input_tokens", "output_tokens",
    "cached_tokens", "cache_write_tokens", "reasoning_tokens", "latency_ms_sum", "latency_count",
    "ttfb_ms_sum", "ttfb_count",
)  # fmt: skip
_PAIRS = "('agent_campaign', 'agent_model', 'agent_endpoint', 'campaign_model')"


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "usage_sum",
        sa.Column("span", sa.String(length=8), nullable=False),
        sa.Column("facet", sa.String(length=16), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.String(length=320), nullable=False),
        sa.Column("other", sa.String(length=320), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _MEASURES),
        sa.PrimaryKeyConstraint("span", "facet", "start_ms", "value", "other", name="pk_usage_sum"),
        sqlite_with_rowid=False,
    )
    named, sums = ", ".join(_MEASURES), ", ".join(f"sum({name})" for name in _MEASURES)
    into = f"INSERT INTO usage_sum (span, facet, start_ms, value, other, {named}) "
    op.execute(
        f"{into} SELECT 'hour', facet, hour_ms, value, other, {named} FROM usage_hour "  # noqa: S608  names of our own
        f"WHERE facet NOT IN {_PAIRS}"
    )
    op.execute(
        f"{into} SELECT 'day', facet, hour_ms - hour_ms % 86400000, value, other, {sums} "  # noqa: S608  names of our own
        "FROM usage_hour GROUP BY 2, 3, 4, 5"
    )
    op.drop_table("usage_hour")
    op.drop_index("ix_usage_execution_began_ms_agent", table_name="usage_execution")
    op.create_index("ix_usage_execution_agent_began_ms", "usage_execution", ["agent", "began_ms"])


def downgrade() -> None:
    """Take this revision back: `purser reconcile --repair` builds the rollup by hour anew."""
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
    op.create_index(
        "ix_usage_hour_facet_value_other_hour_ms",
        "usage_hour",
        ["facet", "value", "other", "hour_ms"],
    )
    op.drop_table("usage_sum")
    op.drop_index("ix_usage_execution_agent_began_ms", table_name="usage_execution")
    op.create_index("ix_usage_execution_began_ms_agent", "usage_execution", ["began_ms", "agent"])
