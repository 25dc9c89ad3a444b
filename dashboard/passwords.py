"""Passwords: argon2 in threads, few at a time, as slow for an unknown name as for a known one."""

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from config.bounds import (
    PASSWORD_CHARS_MAX,
    PASSWORD_CHARS_MIN,
    PASSWORDS_AT_ONCE,
    PASSWORDS_WAITING_MAX,
)

GENERATED_BYTES: Final = 15
_hasher: Final = PasswordHasher()


class TooBusy(Exception):
    """More logins wait than are worth keeping."""


def problem_with(password: str) -> str | None:
    """Why this is no password to be set, in words; None where it is one."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        return f"a password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters"
    return None


def generated() -> str:
    """A password of 120 bits."""
    return secrets.token_urlsafe(GENERATED_BYTES)


def hashed(password: str) -> str:
    """What is kept of a password; takes a tenth of a second."""
    return _hasher.hash(password)


class Passwords:
    """Checks passwords without holding up the event loop, or the machine."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(PASSWORDS_AT_ONCE)
        self._waiting = 0
        self._nobody = ""

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one of `kept`; None takes as long, and is never.

        Raises `TooBusy`.
        """
        if self._waiting >= PASSWORDS_WAITING_MAX:
            raise TooBusy
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(self._matches, kept, password)
        finally:
            self._waiting -= 1

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        async with self._turns:
            return await asyncio.to_thread(hashed, password)

    def _matches(self, kept: str | None, password: str) -> bool:
        self._nobody = self._nobody or hashed(generated())
        try:
            return _hasher.verify(kept or self._nobody, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(kept)
