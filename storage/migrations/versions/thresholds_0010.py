"""Keep alert thresholds that admins set over those of the file."""

import sqlalchemy as sa
from alembic import op

revision = "0010_thresholds"
down_revision = "0009_days"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "threshold_override",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(256), nullable=False),
        sa.Column("counter", sa.String(16), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at_mille", sa.String(256)),
        sa.Column("window_start_ms", sa.BigInteger()),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(256), nullable=False),
        sa.Column("why", sa.String(2048), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threshold_override")),
        sa.UniqueConstraint(
            "counter", "version", name=op.f("uq_threshold_override_counter_version")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_threshold_override_version")),
    )


def downgrade() -> None:
    """Take this revision back: thresholds are those of the file again."""
    op.drop_table("threshold_override")
