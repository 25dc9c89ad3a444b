"""Lay the ledger, the campaigns, the budgets and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNITS = (
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "audio_input_tokens",
    "image_input_tokens",
    "reasoning_tokens",
    "audio_output_tokens",
    "image_output_tokens",
    "web_searches",
    "file_searches",
    "code_sessions",
)
_TABLES = (
    "audit_log",
    "budget_override",
    "monthly_budget",
    "campaign_cost",
    "campaign",
    "billing_log",
)
_APPEND_ONLY = ("billing_log", "audit_log")


def upgrade() -> None:
    """Apply this revision."""
    _billing_log()
    _campaigns()
    _budgets()
    _audit_log()
    for table in _APPEND_ONLY:
        _make_append_only(table)


def downgrade() -> None:
    """Take this revision back: everything is lost."""
    for table in _TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION purser_append_only()")


def _billing_log() -> None:
    op.create_table(
        "billing_log",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hold_id", sa.String(length=64), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("admitted_ms", sa.BigInteger(), nullable=False),
        sa.Column("posted_ms", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.Column("execution_id", sa.String(length=128), nullable=True),
        sa.Column("agent", sa.String(length=128), nullable=False),
        sa.Column("campaign", sa.String(length=256), nullable=False),
        sa.Column("campaign_folded", sa.String(length=768), nullable=False),
        sa.Column("task", sa.String(length=256), nullable=False),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("endpoint", sa.String(length=256), nullable=False),
        sa.Column("requested_model", sa.String(length=512), nullable=False),
        sa.Column("served_model", sa.String(length=512), nullable=True),
        sa.Column("tier", sa.String(length=64), nullable=False),
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in _UNITS],
        sa.Column("charge_nano", sa.BigInteger(), nullable=False),
        sa.Column("provider_nano", sa.BigInteger(), nullable=False),
        sa.Column("dearer_nano", sa.BigInteger(), nullable=False),
        sa.Column("held_nano", sa.BigInteger(), nullable=False),
        sa.Column("flags", sa.String(length=256), nullable=False),
        sa.Column("price_version", sa.String(length=256), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("latency_ms", sa.BigInteger(), nullable=True),
        sa.Column("ttfb_ms", sa.BigInteger(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(length=256), nullable=True),
        sa.Column("reason", sa.String(length=2048), nullable=True),
        sa.Column("overflow", sa.Text(), nullable=False),
        sa.Column("metadata", sa.Text(), nullable=True),
        *_billing_log_constraints(),
    )
    op.create_index(
        op.f("ix_billing_log_admitted_ms"), "billing_log", ["admitted_ms"], unique=False
    )
    op.create_index(
        op.f("ix_billing_log_agent_admitted_ms"),
        "billing_log",
        ["agent", "admitted_ms"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_log_campaign_folded_admitted_ms"),
        "billing_log",
        ["campaign_folded", "admitted_ms"],
        unique=False,
    )
    op.create_index(
        op.f("ix_billing_log_execution_id"), "billing_log", ["execution_id"], unique=False
    )
    op.create_index(op.f("ix_billing_log_request_id"), "billing_log", ["request_id"], unique=False)


def _billing_log_constraints() -> tuple[sa.Constraint, ...]:
    return (
        sa.CheckConstraint(
            "status <> 'correction' OR entry > 0", name=op.f("ck_billing_log_correction_entry")
        ),
        sa.CheckConstraint(
            "status = 'correction' OR (charge_nano >= 0 AND provider_nano >= 0 AND held_nano >= 0)",
            name=op.f("ck_billing_log_amounts"),
        ),
        sa.CheckConstraint(
            "status = 'correction' OR "
            "(dearer_nano >= charge_nano AND dearer_nano >= provider_nano)",
            name=op.f("ck_billing_log_dearer"),
        ),
        sa.CheckConstraint(
            "status IN ('settled', 'failed', 'voided', 'assumed', 'correction', 'refused')",
            name=op.f("ck_billing_log_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('voided', 'refused') OR (charge_nano = 0 AND provider_nano = 0)",
            name=op.f("ck_billing_log_free"),
        ),
        sa.CheckConstraint("count >= 1", name=op.f("ck_billing_log_count")),
        sa.CheckConstraint("entry >= 0", name=op.f("ck_billing_log_entry")),
        sa.CheckConstraint("seq > 0", name=op.f("ck_billing_log_seq")),
        sa.CheckConstraint(
            "admitted_ms BETWEEN 0 AND 253402300799999", name=op.f("ck_billing_log_admitted")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_log")),
        sa.UniqueConstraint("hold_id", "entry", name=op.f("uq_billing_log_hold_id_entry")),
        sa.UniqueConstraint("seq", name=op.f("uq_billing_log_seq")),
    )


def _campaigns() -> None:
    op.create_table(
        "campaign",
        sa.Column("campaign", sa.String(length=768), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("status", sa.String(length=16), server_default="active", nullable=False),
        sa.Column("budget_nano", sa.BigInteger(), nullable=True),
        sa.Column("revenue_nano", sa.BigInteger(), nullable=True),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'paused', 'completed')", name=op.f("ck_campaign_status")
        ),
        sa.CheckConstraint("budget_nano >= 0", name=op.f("ck_campaign_budget")),
        sa.PrimaryKeyConstraint("campaign", name=op.f("pk_campaign")),
    )
    op.create_table(
        "campaign_cost",
        sa.Column("campaign", sa.String(length=768), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("total_nano", sa.BigInteger(), nullable=False),
        sa.Column("provider_nano", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("campaign", "month", name=op.f("pk_campaign_cost")),
    )
    op.create_index(op.f("ix_campaign_cost_month"), "campaign_cost", ["month"], unique=False)


def _budgets() -> None:
    op.create_table(
        "monthly_budget",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("limit_nano", sa.BigInteger(), nullable=False),
        sa.Column("spent_nano", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("alert_at_mille", sa.Integer(), server_default="800", nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "alert_at_mille BETWEEN 1 AND 10000", name=op.f("ck_monthly_budget_alert")
        ),
        sa.CheckConstraint("limit_nano >= 0", name=op.f("ck_monthly_budget_limit")),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_monthly_budget")),
    )
    op.create_table(
        "budget_override",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(length=256), nullable=False),
        sa.Column("counter", sa.String(length=16), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("limit_nano", sa.BigInteger(), nullable=True),
        sa.Column("window_start_ms", sa.BigInteger(), nullable=True),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("why", sa.String(length=2048), nullable=False),
        sa.Column("published", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("limit_nano >= 0", name=op.f("ck_budget_override_limit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_override")),
        sa.UniqueConstraint("rule", "version", name=op.f("uq_budget_override_rule_version")),
    )


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=256), nullable=False),
        sa.Column("place", sa.String(length=256), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("prev_hash", name=op.f("uq_audit_log_prev_hash")),
    )
    op.create_index(op.f("ix_audit_log_at_ms"), "audit_log", ["at_ms"], unique=False)


def _make_append_only(table: str) -> None:
    """Let the database itself refuse to change or delete what was written."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION purser_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION purser_append_only()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
