"""The SQL tables. Money is BIGINT nano-dollars, time BIGINT milliseconds since 1970 in UTC.

Migrations build them; a test holds these definitions and the migrations equal.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column of type INTEGER.
_ID: Final = BigInteger().with_variant(Integer, "sqlite")

UNIT_COLUMNS: Final = (
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
    "characters",
    "audio_seconds",
    "images",
    "video_seconds",
    "cached_audio_tokens",
    "cached_image_tokens",
    "line_input_tokens",
)
"""The fields of `Usage`, each a column."""

_LATER_UNITS: Final = frozenset(UNIT_COLUMNS[UNIT_COLUMNS.index("characters") :])
"""Added to tables that had rows: those have none of them."""

STATUSES: Final = "'settled', 'failed', 'voided', 'assumed', 'correction', 'refused', 'manual'"

billing_log = Table(
    "billing_log",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("seq", BigInteger, nullable=False),
    Column("hold_id", String(64), nullable=False),
    Column("entry", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("admitted_ms", BigInteger, nullable=False),
    Column("posted_ms", BigInteger, nullable=False),
    Column("request_id", String(128), nullable=False),
    Column("execution_id", String(128)),
    Column("agent", String(128), nullable=False),
    Column("campaign", String(256), nullable=False),
    Column("campaign_folded", String(768), nullable=False),
    Column("task", String(256), nullable=False),
    Column("key", String(256), nullable=False),
    Column("endpoint", String(256), nullable=False),
    Column("requested_model", String(512), nullable=False),
    Column("served_model", String(512)),
    Column("tier", String(64), nullable=False),
    *(
        Column(
            name, BigInteger, nullable=False, server_default="0" if name in _LATER_UNITS else None
        )
        for name in UNIT_COLUMNS
    ),
    Column("charge_nano", BigInteger, nullable=False),
    Column("provider_nano", BigInteger, nullable=False),
    Column("dearer_nano", BigInteger, nullable=False),
    Column("held_nano", BigInteger, nullable=False),
    Column("flags", String(256), nullable=False),
    Column("price_version", String(256), nullable=False),
    Column("http_status", Integer),
    Column("latency_ms", BigInteger),
    Column("ttfb_ms", BigInteger),
    Column("count", BigInteger, nullable=False),
    Column("rule", String(256)),
    Column("reason", String(2048)),
    Column("overflow", Text, nullable=False),
    Column("metadata", Text),
    UniqueConstraint("hold_id", "entry"),
    UniqueConstraint("seq"),
    CheckConstraint("seq > 0", name="seq"),
    CheckConstraint("admitted_ms BETWEEN 0 AND 253402300799999", name="admitted"),
    CheckConstraint("entry >= 0", name="entry"),
    CheckConstraint("count >= 1", name="count"),
    CheckConstraint(f"status IN ({STATUSES})", name="status"),
    CheckConstraint("status <> 'correction' OR entry > 0", name="correction_entry"),
    CheckConstraint(
        "status = 'correction' OR (charge_nano >= 0 AND provider_nano >= 0 AND held_nano >= 0)",
        name="amounts",
    ),
    CheckConstraint(
        "status = 'correction' OR (dearer_nano >= charge_nano AND dearer_nano >= provider_nano)",
        name="dearer",
    ),
    CheckConstraint(
        "status NOT IN ('voided', 'refused') OR (charge_nano = 0 AND provider_nano = 0)",
        name="free",
    ),
    Index(None, "admitted_ms"),
    Index(None, "agent", "admitted_ms"),
    Index(None, "campaign_folded", "admitted_ms"),
    Index(None, "key", "admitted_ms"),
    Index(None, "task", "admitted_ms"),
    Index(None, "requested_model", "admitted_ms"),
    Index(None, "status", "admitted_ms"),
    Index(None, "execution_id"),
    Index(None, "request_id"),
)

campaign = Table(
    "campaign",
    metadata,
    Column("campaign", String(768), primary_key=True),
    Column("name", String(256), nullable=False),
    Column("status", String(16), nullable=False, server_default="active"),
    Column("budget_nano", BigInteger),
    Column("revenue_nano", BigInteger),
    Column("changed_ms", BigInteger, nullable=False),
    Column("published", Boolean, nullable=False, server_default=true()),
    CheckConstraint("status IN ('active', 'paused', 'completed')", name="status"),
    CheckConstraint("budget_nano >= 0", name="budget"),
)

campaign_cost = Table(
    "campaign_cost",
    metadata,
    Column("campaign", String(768), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("name", String(256), nullable=False),
    Column("total_nano", BigInteger, nullable=False),
    Column("provider_nano", BigInteger, nullable=False),
    Index(None, "month"),
)

monthly_budget = Table(
    "monthly_budget",
    metadata,
    Column("month", String(7), primary_key=True),
    Column("limit_nano", BigInteger, nullable=False),
    Column("spent_nano", BigInteger, nullable=False, server_default="0"),
    Column("alert_at_mille", Integer, nullable=False, server_default="800"),
    Column("changed_ms", BigInteger, nullable=False),
    CheckConstraint("limit_nano >= 0", name="limit"),
    CheckConstraint("alert_at_mille BETWEEN 1 AND 10000", name="alert"),
)

budget_override = Table(
    "budget_override",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("rule", String(256), nullable=False),
    Column("counter", String(16), nullable=False),
    Column("value", String(160), nullable=False, server_default=text("''")),
    Column("value_name", String(2048), nullable=False, server_default=text("''")),
    Column("version", BigInteger, nullable=False),
    Column("limit_nano", BigInteger),
    Column("window_start_ms", BigInteger),
    Column("made_ms", BigInteger, nullable=False),
    Column("who", String(256), nullable=False),
    Column("why", String(2048), nullable=False),
    Column("published", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("counter", "value", "version"),
    Index(None, "published"),
    CheckConstraint("limit_nano >= 0", name="limit"),
)

threshold_override = Table(
    "threshold_override",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("rule", String(256), nullable=False),
    Column("counter", String(16), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("at_mille", String(256)),
    Column("window_start_ms", BigInteger),
    Column("made_ms", BigInteger, nullable=False),
    Column("who", String(256), nullable=False),
    Column("why", String(2048), nullable=False),
    UniqueConstraint("counter", "version"),
    CheckConstraint("version >= 1", name="version"),
)

late_job = Table(
    "late_job",
    metadata,
    Column("hold_id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("provider_id", String(256)),
    Column("process_id", String(64), nullable=False),
    Column("pollable", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("deadline_ms", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
    UniqueConstraint("kind", "provider_id"),
    CheckConstraint("kind IN ('batch', 'response')", name="kind"),
    CheckConstraint("state IN ('open', 'closed')", name="state"),
    Index(None, "state"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("prefix", String(32), nullable=False),
    Column("name", String(256), nullable=False),
    Column("name_folded", String(768), nullable=False),
    Column("live_name", String(768)),
    Column("kind", String(16), nullable=False),
    Column("role", String(16)),
    Column("agent", String(128)),
    Column("campaign", String(256)),
    Column("models", Text, nullable=False),
    Column("endpoints", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    Column("last_used_ms", BigInteger),
    Column("version", BigInteger, nullable=False),
    Column("published", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("digest"),
    UniqueConstraint("live_name"),
    CheckConstraint("kind IN ('proxy', 'admin')", name="kind"),
    CheckConstraint("role IN ('admin', 'viewer')", name="role"),
    CheckConstraint("(kind = 'admin') = (role IS NOT NULL)", name="kind_role"),
    CheckConstraint("version >= 1", name="version"),
    Index(None, "name_folded"),
)

admin_user = Table(
    "admin_user",
    metadata,
    Column("name_folded", String(256), primary_key=True),
    Column("name", String(256), nullable=False),
    Column("hash", String(256), nullable=False),
    Column("role", String(16), nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("created_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    CheckConstraint("role IN ('admin', 'viewer')", name="role"),
)

session = Table(
    "session",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("id", String(32), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("user", String(256), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(256), nullable=False),
    UniqueConstraint("id"),
    Index(None, "user"),
    Index(None, "expires_ms"),
)

saved_view = Table(
    "saved_view",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(256), nullable=False),
    Column("name", String(256), nullable=False),
    Column("section", String(32), nullable=False),
    Column("query", String(2048), nullable=False),
    Column("shared", Boolean, nullable=False, server_default=false()),
    Column("made_ms", BigInteger, nullable=False),
    UniqueConstraint("owner", "name"),
    Index(None, "shared"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("action", String(64), nullable=False),
    Column("who", String(256), nullable=False),
    Column("place", String(256), nullable=False),
    Column("old", Text),
    Column("new", Text),
    Column("reason", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("prev_hash"),
    Index(None, "at_ms"),
)

MEASURES: Final = (
    "entries",
    "charge_nano",
    "provider_nano",
    "dearer_nano",
    "held_nano",
    "calls",
    "failed",
    "voided",
    "assumed",
    "manual",
    "refused",
    "lone",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "latency_ms_sum",
    "latency_count",
    "ttfb_ms_sum",
    "ttfb_count",
)
"""What the rollup sums, each a column."""

VALUE_CHARACTERS_MAX: Final = 320
"""How much of a value the rollup keeps: a PostgreSQL index row takes 2,704 bytes."""

usage_sum = Table(
    "usage_sum",
    metadata,
    Column("span", String(8), primary_key=True),
    Column("facet", String(16), primary_key=True),
    Column("start_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("value", String(VALUE_CHARACTERS_MAX), primary_key=True),
    Column("other", String(VALUE_CHARACTERS_MAX), primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in MEASURES),
    # Clustered by its key: a range of days is read in one go.
    sqlite_with_rowid=False,
)

usage_execution = Table(
    "usage_execution",
    metadata,
    Column("agent", String(128), primary_key=True),
    Column("execution_id", String(128), primary_key=True),
    Column("began_ms", BigInteger, nullable=False),
    Index(None, "agent", "began_ms"),
    sqlite_with_rowid=False,
)

usage_state = Table(
    "usage_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

health_sample = Table(
    "health_sample",
    metadata,
    Column("minute_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("redis", Boolean, nullable=False),
    Column("proxies", Integer, nullable=False),
    Column("outbox_bytes", BigInteger, nullable=False),
)
