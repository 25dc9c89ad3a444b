"""Count characters, seconds of audio and video, and images of calls that have no tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0005_units"
down_revision = "0004_late"
branch_labels = None
depends_on = None

_UNITS = ("characters", "audio_seconds", "images", "video_seconds")


def upgrade() -> None:
    """Apply this revision."""
    for name in _UNITS:
        op.add_column(
            "billing_log", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        )


def downgrade() -> None:
    """Take this revision back: these counts are lost."""
    for name in _UNITS:
        op.drop_column("billing_log", name)
