"""Notices that the file of settings has changed: edited, replaced, or swapped by a symlink.

Kubernetes swaps a symlink two levels above the file, editors rename a new file over the old one:
both change what the name leads to, so that is what is compared. Bytes decide: a file that was only
touched has not changed.
"""

from collections.abc import Mapping
from os import stat_result
from time import time_ns
from typing import Final

from config.origins import ConfigError, Origin, Problem
from config.settings import Loaded, content_digest, parse

TORN_NS: Final = 100_000_000
"""A file written so recently may be half written: an editor may empty it first."""
COARSE_NS: Final = 2_000_000_000
"""File clocks are coarse: a second change may carry the time of the first, so look again."""

Signature = tuple[int, int, int, int, int]


class ConfigWatch:
    """Watches the file that `loaded` was read from; one watcher a process."""

    def __init__(self, loaded: Loaded, environ: Mapping[str, str] | None = None) -> None:
        self._path = loaded.path
        self._environ = environ
        self._content = loaded.content_digest
        self._signature: Signature | None = None
        self._polls_missing = 0

    def poll(self) -> Loaded | ConfigError | None:
        """What the file says now: news, a reason why it is not used, or None for no news.

        A bad file is told once, and so is its return to what it was. Never raises.
        """
        try:
            status = self._path.stat()
            signature = _signature(status)
            age_ns = time_ns() - status.st_mtime_ns
            if signature == self._signature or 0 <= age_ns < TORN_NS:
                return None
            raw = self._path.read_bytes()
            if _signature(self._path.stat()) != signature:
                return None
        except OSError as problem:
            return self._missing(problem)
        self._polls_missing = 0
        self._signature = None if 0 <= age_ns < COARSE_NS else signature
        content = content_digest(raw)
        if content == self._content:
            return None
        self._content = content
        try:
            return parse(raw, self._path, self._environ)
        except ConfigError as error:
            return error

    def _missing(self, problem: OSError) -> ConfigError | None:
        """A file is missing for a moment while an editor replaces it: told at the second look."""
        self._polls_missing += 1
        self._signature = None
        if self._polls_missing != 2:
            return None
        self._content = ""
        found = f"no readable file ({problem.strerror or problem})"
        return ConfigError([Problem(Origin(str(self._path)), "", found, "the file to come back")])


def _signature(status: stat_result) -> Signature:
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
