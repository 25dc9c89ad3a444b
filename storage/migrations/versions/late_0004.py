"""Lay the table of late work: calls whose cost shows long after their answer."""

import sqlalchemy as sa
from alembic import op

revision = "0004_late"
down_revision = "0003_billing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "late_job",
        sa.Column("hold_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("provider_id", sa.String(length=256), nullable=True),
        sa.Column("process_id", sa.String(length=64), nullable=False),
        sa.Column("pollable", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("deadline_ms", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('batch', 'response')", name=op.f("ck_late_job_kind")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_late_job_state")),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_late_job")),
        sa.UniqueConstraint("kind", "provider_id", name=op.f("uq_late_job_kind_provider_id")),
    )
    op.create_index(op.f("ix_late_job_state"), "late_job", ["state"], unique=False)


def downgrade() -> None:
    """Take this revision back: late work that is open is forgotten."""
    op.drop_index(op.f("ix_late_job_state"), table_name="late_job")
    op.drop_table("late_job")
