"""The way to Redis: scripts and plain commands, with every failure told apart.

redis-py's own retries are off: a script whose reply is lost may have been carried out, and
only its caller knows how to ask again. Each connection notes the run id of the server it
reached, and every script gets it as its first argument, so that a script can tell a server
that was restarted or replaced from the one that was verified.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import redis.asyncio
import redis.exceptions
from redis.asyncio.connection import AbstractConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)

from config.bounds import REDIS_CONNECT_S, REDIS_REPLY_S
from config.values import redacted_url
from storage.errors import RedisUnavailable, ReplyLost, StorageError
from storage.patience import Patience
from storage.scripts import Script

CONNECTIONS_MAX: Final = 64
PREFIX: Final = "{purser}:"
META: Final = PREFIX + "meta"

Argument = str | int | bytes
Reply = Any
_PASSING: Final = (
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
)
"""Errors that say: not now, and nothing was written. redis-py takes the word off their texts."""

_PASSING_WORDS: Final = ("BUSY ", "MISCONF ", "NOREPLICAS ")
"""The same, for which redis-py has no class."""


class _UnixSocket(UnixDomainSocketConnection):
    """A unix socket that is opened and no more.

    redis-py's own greets while it connects: given up halfway (a stopped server's kernel still
    takes connections), it would leave its late answer for the next question.
    """

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_unix_connection(self.path)


async def _greet(connection: AbstractConnection) -> None:
    """Ask a new connection's server who it is."""
    greeted = False
    try:
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        answer = await connection.read_response()
        greeted = True
    finally:
        # Half a greeting would be the answer to the next question on this connection.
        if not greeted:
            await connection.disconnect(nowait=True)
    lines = answer.decode() if isinstance(answer, bytes) else str(answer)
    found = [line[7:].strip() for line in lines.splitlines() if line.startswith("run_id:")]
    connection.purser_run_id = found[0] if found else "unknown"  # type: ignore[attr-defined]


def _text(reply: Reply) -> Reply:
    if isinstance(reply, bytes):
        return reply.decode("utf-8", "surrogateescape")
    if isinstance(reply, list):
        return [_text(part) for part in reply]
    return reply


class RedisLink:
    """A pool of connections to one Redis or Valkey."""

    def __init__(self, url: str, *, connections: int = CONNECTIONS_MAX) -> None:
        self.url = url
        self._shown = redacted_url(url)
        self._closed = False
        self._pool = redis.asyncio.BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            # The limits are ours: redis-py's know no busy loop, some of its ways have none, and
            # those for a reply go by asyncio.wait_for, which before Python 3.12 may lose a
            # cancellation.
            timeout=None,
            socket_connect_timeout=None,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=_greet,
            protocol=2,
        )
        if issubclass(self._pool.connection_class, UnixDomainSocketConnection):
            self._pool.connection_class = _UnixSocket

    async def close(self) -> None:
        """Close every connection, for good: a straggler that asks later finds Redis away."""
        self._closed = True
        await self._pool.disconnect(inuse_connections=True)

    async def run(self, script: Script, *arguments: Argument) -> Reply:
        """Run one script; its texts come decoded. Raises `RedisUnavailable` or `ReplyLost`."""
        connection = await self._connection()
        run_id: str = connection.purser_run_id  # type: ignore[attr-defined]
        whole = (1, META, run_id, *arguments)
        try:
            reply = await self._ask(connection, "EVALSHA", script.sha, *whole)
        except NoScriptError:
            connection = await self._connection()
            run_id = connection.purser_run_id  # type: ignore[attr-defined]
            reply = await self._ask(connection, "EVAL", script.text, 1, META, run_id, *arguments)
        return _text(reply)

    async def command(self, *parts: Argument) -> Reply:
        """One plain command; the reply comes as bytes."""
        return await self._ask(await self._connection(), *parts)

    async def hash(self, name: str) -> Mapping[str, str]:
        """A whole hash under our prefix."""
        flat = _text(await self.command("HGETALL", PREFIX + name))
        return dict(zip(flat[::2], flat[1::2], strict=True))

    async def run_id(self) -> str:
        """The run id of the server that answers now."""
        connection = await self._connection()
        found: str = connection.purser_run_id  # type: ignore[attr-defined]
        await self._ask(connection, "PING")
        return found

    async def _connection(self) -> AbstractConnection:
        try:
            async with Patience(REDIS_CONNECT_S):
                connection: AbstractConnection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        except TimeoutError as error:
            raise RedisUnavailable(
                f"Redis at {self._shown} did not greet in {REDIS_CONNECT_S:g} s"
            ) from error
        except (RedisError, OSError) as error:
            raise RedisUnavailable(f"Redis at {self._shown} cannot be reached: {error}") from error
        if self._closed:
            await connection.disconnect(nowait=True)
            raise RedisUnavailable(f"the connections to Redis at {self._shown} are closed")
        return connection

    async def _ask(self, connection: AbstractConnection, *parts: Argument) -> Reply:
        answered = False
        try:
            async with Patience(REDIS_REPLY_S):
                await connection.send_command(*parts)
                reply = await connection.read_response()
            answered = True
        except NoScriptError:
            answered = True
            raise
        except (ResponseError, BusyLoadingError) as error:
            answered = True
            if isinstance(error, _PASSING) or str(error).startswith(_PASSING_WORDS):
                raise RedisUnavailable(f"Redis refuses for now: {error}") from error
            raise StorageError(f"Redis does not take the command: {error}") from error
        except (RedisError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise ReplyLost(f"Redis at {self._shown} did not answer: {error}") from error
        finally:
            # A reply that was not read would answer the next question on this connection.
            if not answered:
                await connection.disconnect(nowait=True)
            await self._pool.release(connection)
        return reply
