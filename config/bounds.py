"""Every bound by name, with its unit in the name, and how bounds relate.

A bound that ops may move is a default or a ceiling here and a setting in `sections.py`.
"""

from typing import Final

SECOND_MS: Final = 1_000
MINUTE_S: Final = 60
HOUR_S: Final = 60 * MINUTE_S
DAY_S: Final = 24 * HOUR_S
KIB: Final = 1024
MIB: Final = 1024 * KIB

# What a client may send.
HEADER_BYTES_MAX: Final = 32 * KIB
BODY_BYTES_MAX: Final = 64 * MIB
"""Default; OpenAI takes images of up to 50 MB in one body."""
BODY_BYTES_MAX_CEILING: Final = 1024 * MIB
RECEIVE_S: Final = 60.0
"""From the first byte of a request to the last of its body."""
FILE_BYTES_MAX: Final = 516 * MIB
"""OpenAI takes files of 512 MB; the rest of these bounds too are OpenAI's, with room for the
form around a file."""
PART_BYTES_MAX: Final = 65 * MIB
AUDIO_BYTES_MAX: Final = 26 * MIB
IMAGES_BYTES_MAX: Final = 16 * 50 * MIB
"""16 images of 50 MB in one edit."""
UPLOAD_BYTES_MAX_CEILING: Final = 8 * 1024 * MIB
SPOOL_BYTES_MAX: Final = MIB
"""More of an upload than this waits on disk, where it has to be read before it is sent."""
FORM_FIELD_BYTES_MAX: Final = MIB
FORM_FIELDS_MAX: Final = 128
METADATA_BYTES_MAX: Final = 2 * KIB
IDENTIFIER_CHARS_MAX: Final = 64
"""Agent types and execution ids."""
NAME_CHARS_MAX: Final = 128
"""Campaigns and tasks."""
JSON_DEPTH_MAX: Final = 128
CHOICES_MAX: Final = 128
"""OpenAI's own ceiling of `n`."""
TOKENS_MAX: Final = 100_000_000
"""More tokens than any one call can use: a larger ceiling is absurd, not generous."""
IN_FLIGHT_MAX: Final = 2_048
"""Requests in one process, default."""
IN_FLIGHT_MAX_CEILING: Final = 1_000_000

# What an upstream may answer.
ANSWER_BYTES_MAX: Final = 256 * MIB
"""A JSON answer of a metered endpoint is read whole before its headers go."""
ANSWER_HEADER_BYTES_MAX: Final = 64 * KIB
EVENT_BYTES_MAX: Final = 16 * MIB
"""One server-sent event."""
CONNECT_S: Final = 5.0
WRITE_S: Final = 60.0
READ_S: Final = 600.0
"""Between two reads; OpenAI's own client waits as long."""
POOL_S: Final = 10.0
UPSTREAM_TIMEOUT_S_MAX: Final = 3_600.0
UPSTREAM_CLOSE_S: Final = 1.0
"""After its client has left, a stream is closed upstream within this."""

# Counting tokens.
TEXT_TIKTOKEN_BYTES_MAX: Final = 256 * KIB
"""tiktoken panics on 1 MB of spaces: longer texts are bounded by their bytes."""
UNBROKEN_RUN_CHARS_MAX: Final = 8 * KIB
"""tiktoken is quadratic in a run without a break: longer runs are bounded by their bytes."""
INLINE_TIKTOKEN_BYTES_MAX: Final = 16 * KIB
"""Longer inputs are counted off the event loop."""

# Life of a hold.
BEAT_S: Final = 2.0
"""A proxy process says at least this often that it lives; a janitor looks as often."""
LISTEN_S: Final = 0.5
"""How often it does so, and hears of a new generation, while all is well."""
BEATS_MISSED_MAX: Final = 3
ASSUME_BATCH: Final = 200
"""Holds that one script assumes."""
SWEEP_S: Final = 2.0
"""How often a janitor looks for processes that have stopped."""
TOMBSTONE_S: Final = 8 * DAY_S
"""How long a hold that has ended answers the same event with its first answer."""
RESPONSE_MEMORY_S: Final = 30 * DAY_S
"""How long a `/v1/responses` id can be continued; OpenAI stores them as long."""
EACH_VALUES_MAX: Final = 10_000
"""Live values of an `each` rule in one window; further ones share `other`."""
RULES_MAX: Final = 64
"""One script reads all rules of a call at once."""
ALERTS_PER_RULE_MAX: Final = 8
"""Alert thresholds of one rule: more would be noise."""
ALERT_MILLE_MAX: Final = 2_000
"""The highest share of a limit at which to alert: more than the limit is spent where a cost came
above its hold, or where the limit was lowered."""

# Keys.
KEY_SECRET_BYTES: Final = 32
KEY_TOUCH_S: Final = MINUTE_S
"""A key's last use is noted at most this often by each process."""
KEY_ALLOWED_MAX: Final = 100
"""Models, and endpoints, that one key is bound to."""
KEY_LIFE_S_MAX: Final = 10 * 366 * DAY_S

# The panel.
SESSION_IDLE_S: Final = 12 * HOUR_S
"""A session that nobody uses ends after this."""
SESSION_LIFE_S: Final = 7 * DAY_S
"""A session ends after this, used or not."""
SESSION_TOUCH_S: Final = MINUTE_S
"""That a session is used is noted at most this often."""
SESSION_HEARD_S: Final = 2.0
"""A revocation in another process binds within this."""
PASSWORD_CHARS_MIN: Final = 10
PASSWORD_CHARS_MAX: Final = 256
PASSWORDS_AT_ONCE: Final = 2
"""argon2 takes a core and 64 MiB for each."""
PASSWORDS_WAITING_MAX: Final = 32
"""Further logins are asked to come again."""
LOGIN_BODY_BYTES_MAX: Final = 4 * KIB
PANEL_BODY_BYTES_MAX: Final = 256 * KIB
PANEL_AT_ONCE_MAX: Final = 16
"""Callbacks worked on at once; calls through the proxy must find their connections."""
VIEWS_PER_USER_MAX: Final = 50
VIEW_QUERY_CHARS_MAX: Final = 2 * KIB
EXPORT_STALLED_S: Final = 60.0
"""A reader of a file who takes nothing for so long is gone: others wait for the turn."""

# Outbox and ledger.
OUTBOX_BYTES_MAX_DEFAULT: Final = 512 * MIB
OUTBOX_BYTES_MIN: Final = MIB
OUTBOX_RECORD_BYTES_MAX: Final = 16 * KIB
DRAIN_BATCH: Final = 500
"""Records that one SQL transaction takes."""
DRAIN_S: Final = 0.5
"""Pause of an idle drain."""

# Redis and SQL.
REDIS_CONNECT_S: Final = 2.0
"""Until a connection is free or made, its greeting included."""
REDIS_REPLY_S: Final = 2.0
VOID_REPEAT_S: Final = 0.2

# What a refusal says.
RETRY_AFTER_S_MAX: Final = HOUR_S
RETRY_IN_FLIGHT_MS: Final = 1_000

# Configuration.
CONFIG_BYTES_MAX: Final = MIB
CONFIG_NODES_MAX: Final = 50_000
"""Values in one file once aliases are followed: aliases of aliases would grow without end."""
CONFIG_DEPTH_MAX: Final = 16
CONFIG_POLL_S: Final = 0.25
CONFIG_BIND_S: Final = 1.0
"""A good change binds within this."""
MIN_OUTPUT_TOKENS: Final = 4_096
MIN_OUTPUT_TOKENS_REASONING: Final = 25_000
"""OpenAI's advice: reserve this many for reasoning and output together."""

HOLD_S_MAX: Final = DAY_S
"""No call is in flight longer: a live process that keeps a hold for a day has lost it."""

# Late work.
BATCH_JOB_S_MAX: Final = 30 * HOUR_S
"""OpenAI's window of 24 hours, and six for what it still has to write down."""
RESPONSE_JOB_S_MAX: Final = DAY_S
"""A background response that tells no end within this is charged in full."""
LATE_TRUTH_S: Final = 7 * DAY_S
"""After its deadline late work is asked for this long: what it truly cost corrects it."""
BATCH_LINES_MAX: Final = 50_000
"""OpenAI's own bound of one batch."""
BATCH_BYTES_MAX: Final = 200 * MIB
"""OpenAI's own bound of one input file."""
BATCH_LINE_BYTES_MAX: Final = 16 * MIB
LATE_POLL_S: Final = 1.0
"""How often a janitor looks at its list of late work."""
LATE_POLL_PAUSE_S_MAX: Final = 60.0
"""The longest pause between two questions about one job."""

assert LATE_TRUTH_S < TOMBSTONE_S, "a late truth must find the tombstone that it corrects"
assert BATCH_LINE_BYTES_MAX < BATCH_BYTES_MAX

assert HOLD_S_MAX > UPSTREAM_TIMEOUT_S_MAX + SWEEP_S + BEAT_S * BEATS_MISSED_MAX, (
    "a hold must outlive the slowest upstream answer and the sweep that follows it"
)
assert TOMBSTONE_S > HOLD_S_MAX + SWEEP_S, "a late settle must find its tombstone"
assert RESPONSE_MEMORY_S > TOMBSTONE_S
assert max(CONNECT_S, WRITE_S, READ_S, POOL_S) <= UPSTREAM_TIMEOUT_S_MAX
assert BEAT_S * BEATS_MISSED_MAX > REDIS_CONNECT_S + REDIS_REPLY_S, (
    "one slow reply of Redis must not make a living process look dead"
)
assert LISTEN_S * 2 <= CONFIG_BIND_S, "a proxy must hear of a new generation within the promise"
assert SWEEP_S <= BEAT_S * BEATS_MISSED_MAX
assert CONFIG_POLL_S * 2 <= CONFIG_BIND_S, "a change must be seen and published within the promise"
assert METADATA_BYTES_MAX * 4 <= OUTBOX_RECORD_BYTES_MAX, "encrypted metadata must fit its record"
assert OUTBOX_RECORD_BYTES_MAX * DRAIN_BATCH < OUTBOX_BYTES_MAX_DEFAULT
assert OUTBOX_BYTES_MIN >= OUTBOX_RECORD_BYTES_MAX
assert METADATA_BYTES_MAX < HEADER_BYTES_MAX < BODY_BYTES_MAX <= BODY_BYTES_MAX_CEILING
assert PART_BYTES_MAX < FILE_BYTES_MAX <= UPLOAD_BYTES_MAX_CEILING
assert FORM_FIELDS_MAX * FORM_FIELD_BYTES_MAX <= 2 * BODY_BYTES_MAX, "fields are kept in memory"
assert INLINE_TIKTOKEN_BYTES_MAX <= TEXT_TIKTOKEN_BYTES_MAX
assert UNBROKEN_RUN_CHARS_MAX <= TEXT_TIKTOKEN_BYTES_MAX
assert BODY_BYTES_MAX <= TOKENS_MAX, "a text of the largest body, a token a byte, is not absurd"
assert MIN_OUTPUT_TOKENS <= MIN_OUTPUT_TOKENS_REASONING <= TOKENS_MAX
assert SESSION_TOUCH_S < SESSION_IDLE_S < SESSION_LIFE_S
assert LOGIN_BODY_BYTES_MAX >= 3 * PASSWORD_CHARS_MAX, "a percent-encoded password must fit"
assert EVENT_BYTES_MAX <= ANSWER_BYTES_MAX
