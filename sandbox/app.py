"""The sandbox as an ASGI application: reads a request, finds its endpoint, sends the answer."""

import asyncio
import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from config.model_data import base_table
from config.models import ModelTable
from sandbox import chat, completions, counting, embeddings, errors, responses
from sandbox.account import FAILED, Account
from sandbox.answer import Answer, Ask
from sandbox.books import PREFIX, Books
from sandbox.errors import ApiError
from sandbox.exchange import Exchange
from sandbox.faults import Directives, FaultQueue, read_directives
from sandbox.memory import Memory
from sandbox.models import SERVED_MODES, Catalogue
from sandbox.options import Options
from sandbox.prompt import PrefixCache
from sandbox.streaming import Stream

LONG_BODY_BYTES = 64 * 1024
"""A longer prompt is counted on a thread, so that other streams keep their pace."""

MODELS = "/v1/models"
RESPONSES = "/v1/responses"


def create_app(options: Options | None = None, models: ModelTable | None = None) -> ASGIApp:
    """A sandbox with an account of its own; `models` defaults to the table the project carries."""
    for name in ("cl100k_base", "o200k_base"):
        counting.encoding(name)
    return Sandbox(options or Options(), models or base_table())


class Sandbox:
    """The application. Nothing is shared between two of them."""

    def __init__(self, options: Options, models: ModelTable) -> None:
        self._options = options
        self._catalogue = Catalogue(models)
        self._account = Account()
        self._faults = FaultQueue()
        self._books = Books(self._account, self._faults)
        self._cache = PrefixCache()
        self._memory = Memory()
        self._run = os.urandom(6).hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"the sandbox speaks HTTP alone, not {scope['type']}")
        if scope["path"].startswith(PREFIX):
            await self._answer_books(scope, receive, send)
            return
        call = self._account.open(scope["method"], scope["path"], scope["headers"])
        serial = f"{self._run}{call.number:012x}"
        exchange = Exchange(scope, receive, send, self._account, call, serial)
        try:
            await self._answer_api(exchange, scope, serial)
        except ApiError as error:
            await exchange.refuse(error)
        except ClientDisconnect:
            exchange.gone()
        finally:
            # Without an end by now, it broke here or was stopped: nothing was billed.
            self._account.close(call, FAILED)

    async def _answer_books(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Account().open(scope["method"], scope["path"], [])
        exchange = Exchange(scope, receive, send, Account(), call, self._run)
        try:
            raw = await exchange.body()
            body = self._books.answer(
                scope["method"], scope["path"], scope["query_string"], scope.get("client"), raw
            )
            await exchange.plain(body)
        except ApiError as error:
            await exchange.refuse(error)
        except ClientDisconnect:
            return

    async def _answer_api(self, exchange: Exchange, scope: Scope, serial: str) -> None:
        method, path = scope["method"], scope["path"]
        raw = await exchange.body()
        exchange.call.body_of(raw)
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        directives = read_directives(headers)
        if method == "POST":
            directives = self._faults.next_for(directives)
        fault = directives.fault
        exchange.call.fault = f"{fault.name}={fault.number}" if fault.number else fault.name
        if directives.delay_ms:
            await exchange.delay(directives.delay_ms / 1000)
        if await _broken(exchange, directives, path):
            return
        _check_key(headers.get("authorization", ""))
        free = self._free(method, path)
        if free is not None:
            await exchange.plain(orjson.dumps(free))
            return
        ask = self._read(method, path, raw, directives, serial)
        exchange.call.model = ask.model.name
        exchange.call.stream = bool(ask.fields.get("stream"))
        build = self._build
        answer = build(ask) if len(raw) < LONG_BODY_BYTES else await asyncio.to_thread(build, ask)
        exchange.call.tier = answer.tier
        if answer.document is not None:
            if answer.finish is not None:
                answer.finish()
            await exchange.document(answer, orjson.dumps(answer.document), fault)
            return
        delay_ms = directives.event_delay_ms
        if delay_ms is None:
            delay_ms = self._options.event_delay_ms
        await Stream(exchange, answer, fault, delay_ms).run()

    def _free(self, method: str, path: str) -> dict[str, Any] | None:
        """The body of a call that costs nothing; None where `path` is another kind of call."""
        if path == MODELS:
            if method != "GET":
                raise errors.wrong_method(method, path)
            return self._catalogue.listed()
        if path.startswith(f"{MODELS}/"):
            if method != "GET":
                raise errors.wrong_method(method, path)
            return self._catalogue.one(unquote(path.removeprefix(f"{MODELS}/")))
        if path.startswith(f"{RESPONSES}/"):
            name = path.removeprefix(f"{RESPONSES}/")
            if "/" in name:
                raise errors.unknown_path(method, path)
            match method:
                case "GET":
                    return self._memory.one(name)
                case "DELETE":
                    return self._memory.forget(name)
                case _:
                    raise errors.wrong_method(method, path)
        return None

    def _read(self, method: str, path: str, raw: bytes, directives: Directives, serial: str) -> Ask:
        if path not in SERVED_MODES:
            raise errors.unknown_path(method, path)
        if method != "POST":
            raise errors.wrong_method(method, path)
        fields = _fields(raw)
        name = fields.get("model")
        if name is None:
            raise errors.no_model()
        if not isinstance(name, str):
            raise errors.wrong_type("model", "a string", name)
        model = self._catalogue.find_for(name, path)
        served = self._catalogue.served_name(name)
        return Ask(path, fields, model, served, directives, int(time.time()), serial)

    def _build(self, ask: Ask) -> Answer:
        match ask.path:
            case "/v1/chat/completions":
                return chat.answer(ask, self._cache)
            case "/v1/completions":
                return completions.answer(ask)
            case "/v1/embeddings":
                return embeddings.answer(ask)
            case _:
                return responses.answer(ask, self._cache, self._memory)


async def _broken(exchange: Exchange, directives: Directives, path: str) -> bool:
    """Carry out a fault that needs no answer; whether there was one."""
    match directives.fault.name:
        case "reset":
            await exchange.reset()
        case "stall":
            await exchange.stall()
        case "redirect":
            location = [(b"location", b"/elsewhere" + path.encode())]
            await exchange.plain(b'{"redirect": true}', 307, location)
        case "status":
            await exchange.refuse(errors.ordered(directives.fault.number))
        case _:
            return False
    return True


def _fields(raw: bytes) -> Mapping[str, Any]:
    try:
        fields = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise errors.unreadable_json() from None
    if not isinstance(fields, dict):
        raise errors.unreadable_json()
    return fields


def _check_key(authorization: str) -> None:
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise errors.no_key()
    if key.strip().startswith(errors.WRONG_KEY):
        raise errors.wrong_key(key.strip())
