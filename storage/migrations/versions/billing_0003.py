"""Take costs told by hand, campaigns that wait for Redis, and overrides of one value."""

import sqlalchemy as sa
from alembic import op

revision = "0003_billing"
down_revision = "0002_keys"
branch_labels = None
depends_on = None

_BEFORE = "('settled', 'failed', 'voided', 'assumed', 'correction', 'refused')"
_AFTER = "('settled', 'failed', 'voided', 'assumed', 'correction', 'refused', 'manual')"


def upgrade() -> None:
    """Apply this revision."""
    _allow_statuses(_BEFORE, _AFTER)
    op.add_column(
        "campaign",
        sa.Column("published", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    with op.batch_alter_table("budget_override") as table:
        table.add_column(
            sa.Column("value", sa.String(length=160), server_default=sa.text("''"), nullable=False)
        )
        table.add_column(
            sa.Column(
                "value_name", sa.String(length=2048), server_default=sa.text("''"), nullable=False
            )
        )
        table.drop_constraint(op.f("uq_budget_override_rule_version"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_budget_override_counter_value_version"), ["counter", "value", "version"]
        )
    op.create_index(op.f("ix_budget_override_published"), "budget_override", ["published"])


def downgrade() -> None:
    """Take this revision back; fails where costs were told by hand."""
    op.drop_index(op.f("ix_budget_override_published"), "budget_override")
    with op.batch_alter_table("budget_override") as table:
        table.drop_constraint(op.f("uq_budget_override_counter_value_version"), type_="unique")
        table.create_unique_constraint(op.f("uq_budget_override_rule_version"), ["rule", "version"])
        table.drop_column("value_name")
        table.drop_column("value")
    with op.batch_alter_table("campaign") as table:
        table.drop_column("published")
    _allow_statuses(_AFTER, _BEFORE)


def _allow_statuses(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_billing_log_status"), "billing_log", type_="check")
        op.create_check_constraint(
            op.f("ck_billing_log_status"), "billing_log", f"status IN {after}"
        )
        return
    _remake_sqlite_table(before, after)


def _remake_sqlite_table(before: str, after: str) -> None:
    """SQLite cannot change a CHECK: the table is made anew from its own text, and filled.

    Indexes and the triggers that make it append-only go with the old table, and come back.
    """
    bind = op.get_bind()
    standing = sa.text(
        "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'billing_log' AND sql IS NOT NULL"
    )
    parts = [(kind, str(sql)) for kind, sql in bind.execute(standing)]
    (made,) = (sql for kind, sql in parts if kind == "table")
    assert before in made, "billing_log has no such CHECK"
    new = made.replace(before, after).replace("billing_log", "billing_log_new", 1)
    bind.exec_driver_sql(new)
    bind.exec_driver_sql("INSERT INTO billing_log_new SELECT * FROM billing_log")
    bind.exec_driver_sql("DROP TABLE billing_log")
    bind.exec_driver_sql("ALTER TABLE billing_log_new RENAME TO billing_log")
    for kind, sql in parts:
        if kind != "table":
            bind.exec_driver_sql(sql)
