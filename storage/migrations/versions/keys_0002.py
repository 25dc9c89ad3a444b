"""Lay the table of Purser's own keys."""

import sqlalchemy as sa
from alembic import op

revision = "0002_keys"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=256), nullable=False),
        sa.Column("name_folded", sa.String(length=768), nullable=False),
        sa.Column("live_name", sa.String(length=768), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=True),
        sa.Column("agent", sa.String(length=128), nullable=True),
        sa.Column("campaign", sa.String(length=256), nullable=True),
        sa.Column("models", sa.Text(), nullable=False),
        sa.Column("endpoints", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=True),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_used_ms", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("kind IN ('proxy', 'admin')", name=op.f("ck_api_key_kind")),
        sa.CheckConstraint("role IN ('admin', 'viewer')", name=op.f("ck_api_key_role")),
        sa.CheckConstraint(
            "(kind = 'admin') = (role IS NOT NULL)", name=op.f("ck_api_key_kind_role")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_api_key_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_key_digest")),
        sa.UniqueConstraint("live_name", name=op.f("uq_api_key_live_name")),
    )
    op.create_index(op.f("ix_api_key_name_folded"), "api_key", ["name_folded"], unique=False)


def downgrade() -> None:
    """Take this revision back: every key is forgotten."""
    op.drop_index(op.f("ix_api_key_name_folded"), table_name="api_key")
    op.drop_table("api_key")
