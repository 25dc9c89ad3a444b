"""`/sandbox/…`: the account for tests to read, and the faults they order. Loopback only."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl

import orjson

from sandbox.account import Account
from sandbox.errors import ApiError, unknown_path, unreadable_json, wrong_method
from sandbox.faults import FaultQueue

PREFIX = "/sandbox/"
CALLS_PER_ANSWER_MAX = 100_000


class Books:
    """Answers the account's own endpoints."""

    def __init__(self, account: Account, faults: FaultQueue) -> None:
        self._account = account
        self._faults = faults
        self._routes: Mapping[str, Mapping[str, Callable[[bytes, str], dict[str, Any]]]] = {
            "/sandbox/account": {"GET": self._sums},
            "/sandbox/calls": {"GET": self._calls, "DELETE": self._reset},
            "/sandbox/faults": {"POST": self._order, "DELETE": self._clear},
        }

    def answer(self, method: str, path: str, query: bytes, client: Any, raw: bytes) -> bytes:
        """The JSON to answer; raises `ApiError`. `client` is the ASGI scope's (host, port)."""
        if not client or not _is_loopback(client[0]):
            raise ApiError(403, "The sandbox's account answers on loopback alone.")
        route = self._routes.get(path)
        if route is None:
            raise unknown_path(method, path)
        handler = route.get(method)
        if handler is None:
            raise wrong_method(method, path)
        return orjson.dumps(handler(raw, query.decode("latin-1")))

    def _sums(self, _raw: bytes, _query: str) -> dict[str, Any]:
        return {**self._account.sums(), "faults_waiting": len(self._faults)}

    def _calls(self, _raw: bytes, query: str) -> dict[str, Any]:
        wanted = dict(parse_qsl(query))
        header = None
        if "header" in wanted:
            name, _, value = wanted["header"].partition(":")
            header = (name.strip(), value.strip())
        try:
            after, limit = int(wanted.get("after", 0)), int(wanted.get("limit", 1000))
        except ValueError:
            raise ApiError(400, "`after` and `limit` are whole numbers.") from None
        limit = min(max(limit, 1), CALLS_PER_ANSWER_MAX)
        found = self._account.calls(
            after=after, limit=limit, state=wanted.get("state"), header=header
        )
        return {"calls": found}

    def _reset(self, _raw: bytes, _query: str) -> dict[str, Any]:
        self._account.reset()
        return self._account.sums()

    def _order(self, raw: bytes, _query: str) -> dict[str, Any]:
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise unreadable_json() from None
        self._faults.put(document)
        return {"faults_waiting": len(self._faults)}

    def _clear(self, _raw: bytes, _query: str) -> dict[str, Any]:
        self._faults.clear()
        return {"faults_waiting": 0}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
