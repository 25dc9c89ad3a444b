from tests.engines import (
    _postgres_template,
    _sqlite_template,
    database_url,
    empty_database_url,
    postgres,
    postgres_url,
    short_folder,
    sqlite_url,
    valkey_folder,
    valkey_url,
)

__all__ = [
    "_postgres_template",
    "_sqlite_template",
    "database_url",
    "empty_database_url",
    "postgres",
    "postgres_url",
    "short_folder",
    "sqlite_url",
    "valkey_folder",
    "valkey_url",
]
