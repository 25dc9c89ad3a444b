"""What storage raises; no redis or SQL exception crosses this package's border.

StorageError
├── RedisUnavailable      nothing was written, or it is certain that it may be asked again
│   └── ReplyLost         sent, no answer: it may or may not have been written
├── NotReady              Redis is empty, foreign or being rebuilt: nothing is admitted
├── OutboxFull            settled calls wait for SQL up to the bound: admission is closed
├── LedgerUnavailable     SQL did not answer
├── LedgerRejected        SQL refused one record: it is quarantined
├── BadDatabaseUrl        `database_url` names no database that Purser can use
├── SchemaMismatch        the database is at another revision than this code
├── EmbeddedFailed        the private Valkey in the data folder did not start
├── KeyProblem            a key cannot be made, found or changed as was asked
├── UserProblem           a user of the panel, or one's view, likewise
└── Conflict              the same hold was told to end twice, with different amounts
"""


class StorageError(Exception):
    """The root of this package's errors."""


class RedisUnavailable(StorageError):
    """Redis could not be reached, and nothing was written."""


class ReplyLost(RedisUnavailable):
    """A script was sent and no answer came: repeat an idempotent script until it answers."""


class NotReady(StorageError):
    """Redis has not been verified or is being rebuilt."""


class OutboxFull(StorageError):
    """The outbox has reached its bound."""


class LedgerUnavailable(StorageError):
    """SQL could not be reached."""


class LedgerRejected(StorageError):
    """SQL refused a record that no repetition will make good."""


class BadDatabaseUrl(StorageError):
    """`database_url` names no database that Purser can use."""


class SchemaMismatch(StorageError):
    """The database must be upgraded, or was upgraded by a newer Purser."""


class EmbeddedFailed(StorageError):
    """The private Valkey in the data folder did not start."""


class KeyProblem(StorageError):
    """A key cannot be made, found or changed as was asked: its text says why."""


class UserProblem(StorageError):
    """A user of the panel, or a saved view, cannot be made, found or changed as was asked."""


class Conflict(StorageError):
    """A hold that has ended was told to end with other amounts."""
