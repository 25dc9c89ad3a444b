"""The sandbox as an ASGI application: reads a request, finds its endpoint, sends the answer."""

import asyncio
import inspect
from hashlib import sha256
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from config.model_data import base_table
from config.models import ModelTable
from sandbox import counting, errors
from sandbox.account import FAILED, Account
from sandbox.answer import Answer
from sandbox.background import Background, unfinished
from sandbox.books import PREFIX, Books
from sandbox.endpoints import all_routes
from sandbox.errors import ApiError
from sandbox.exchange import Exchange
from sandbox.faults import Directives, FaultQueue, read_directives
from sandbox.keys import check_key
from sandbox.metered import METERED, build, read_ask
from sandbox.multipart import Form, FormReader
from sandbox.options import Options
from sandbox.routes import Content, Request, Routes, read_json
from sandbox.sockets import answer_socket
from sandbox.streaming import Stream
from sandbox.world import World

LONG_BODY_BYTES = 64 * 1024
"""A longer prompt is counted on a thread, so that other streams keep their pace."""


def create_app(options: Options | None = None, models: ModelTable | None = None) -> ASGIApp:
    """A sandbox with an account of its own; `models` defaults to the table the project carries."""
    for name in ("cl100k_base", "o200k_base"):
        counting.encoding(name)
    return Sandbox(options or Options(), models or base_table())


class Sandbox:
    """The application. Nothing is shared between two of them."""

    def __init__(self, options: Options, models: ModelTable) -> None:
        self._options = options
        self._world = World(options, models)
        self._account = self._world.account
        self._faults = FaultQueue()
        self._books = Books(self._account, self._faults)
        self._background = Background(self._world)
        self._routes = Routes(all_routes(self._world, self._background), METERED)
        self._run = self._world.run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await answer_socket(self._world, scope, receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"the sandbox speaks HTTP and WebSocket, not {scope['type']}")
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
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        raw, form = await _received(exchange, headers.get("content-type", ""))
        directives = read_directives(headers)
        if method == "POST":
            directives = self._faults.next_for(directives)
        fault = directives.fault
        exchange.call.fault = f"{fault.name}={fault.number}" if fault.number else fault.name
        if directives.delay_ms:
            await exchange.delay(directives.delay_ms / 1000)
        if await _broken(exchange, directives, path):
            return
        check_key(headers.get("authorization", ""))
        now = self._world.now()
        if method == "POST" and path in METERED:
            fields = read_json(raw) if form is None else form.fields()
            files = {} if form is None else form.files
            ask = read_ask(self._world, path, fields, directives, now, serial, files)
            exchange.call.model = ask.model.name
            exchange.call.stream = bool(ask.fields.get("stream"))
            long = len(raw) >= LONG_BODY_BYTES
            answer = (
                await asyncio.to_thread(build, ask, self._world)
                if long
                else build(ask, self._world)
            )
            await self._deliver(exchange, answer, directives)
            return
        handler, names = self._routes.find(method, path)
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        request = Request(
            method, path, query, raw, form, directives, now, serial, exchange.call, names
        )
        reply = handler(request)
        if inspect.isawaitable(reply):
            reply = await reply
        if isinstance(reply, Answer):
            await self._deliver(exchange, reply, directives)
        elif isinstance(reply, Content):
            await exchange.content(reply.body, reply.content_type, reply.headers)
        else:
            await exchange.plain(orjson.dumps(reply))

    async def _deliver(self, exchange: Exchange, answer: Answer, directives: Directives) -> None:
        """Send an answer that costs something, and enter what it cost."""
        exchange.call.tier = answer.tier
        if answer.in_background and answer.events is None:
            seconds = self._world.late_s(directives)
            document = self._background.start(exchange.call, answer, seconds)
            await exchange.plain(orjson.dumps(document))
            return
        if answer.events is None:
            if answer.finish is not None:
                answer.finish()
            body = orjson.dumps(answer.document) if answer.content is None else answer.content
            await exchange.document(answer, body, directives.fault)
            return
        if answer.in_background:
            self._world.memory.show(unfinished(answer, "queued"))
        delay_ms = directives.event_delay_ms
        if delay_ms is None:
            delay_ms = self._options.event_delay_ms
        await Stream(exchange, answer, directives.fault, delay_ms).run()


async def _received(exchange: Exchange, content_type: str) -> tuple[bytes, Form | None]:
    """The body: whole, or read as a form while it arrives."""
    if not content_type.lower().startswith("multipart/form-data"):
        raw = await exchange.body()
        exchange.call.body_of(raw)
        return raw, None
    reader = FormReader(content_type)
    digest, size = sha256(), 0
    async for chunk in exchange.chunks():
        digest.update(chunk)
        size += len(chunk)
        reader.feed(chunk)
    exchange.call.body_bytes, exchange.call.body_sha256 = size, digest.hexdigest()
    return b"", reader.close()


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
