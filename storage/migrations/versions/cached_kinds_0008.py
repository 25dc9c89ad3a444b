"""Count cached audio and images, which have prices of their own, and a batch's longest line."""

import sqlalchemy as sa
from alembic import op

revision = "0008_cached_kinds"
down_revision = "0007_rollups"
branch_labels = None
depends_on = None

_KINDS = ("cached_audio_tokens", "cached_image_tokens", "line_input_tokens")


def upgrade() -> None:
    """Apply this revision."""
    for name in _KINDS:
        op.add_column(
            "billing_log", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        )


def downgrade() -> None:
    """Take this revision back: these counts are lost; what was cached stays in `cached_tokens`."""
    for name in _KINDS:
        op.drop_column("billing_log", name)
