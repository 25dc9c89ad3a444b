"""Realtime sessions over WebSocket: every event passed on, every response held for and settled.

The only place that speaks WebSocket to the upstream.
"""

import asyncio
import contextlib
from typing import Any, Final
from urllib.parse import parse_qs

import aiohttp
import orjson
from multidict import CIMultiDict
from uuid_utils import uuid7
from yarl import URL

from config.bounds import EVENT_BYTES_MAX, UPSTREAM_CLOSE_S
from proxy import guard
from proxy.body import BadBody, Body, model_name, read_body
from proxy.endpoints import find
from proxy.entitlement import check_endpoint, check_model, entitled
from proxy.errors import HeaderList, Refusal, bad_request
from proxy.forward import Target, tls_context
from proxy.headers import to_upstream, without
from proxy.identity import identify, read_address
from proxy.log import CallLine
from proxy.realtime_events import AUDIO_IN, check_update, error_event
from proxy.realtime_holds import ENDPOINT, Responses
from proxy.request import Request, Scope
from proxy.terms import Services

PATH: Final = b"/v1/realtime"
SUBPROTOCOL: Final = "realtime"
KEY_SUBPROTOCOL: Final = "openai-insecure-api-key."
NOT_PASSED: Final = (
    b"sec-websocket-key", b"sec-websocket-version", b"sec-websocket-extensions",
    b"sec-websocket-protocol", b"accept-encoding",
)  # fmt: skip
_ENDPOINT: Final = find("GET", "/v1/realtime")
REFUSAL_PAUSE_S: Final = 1.0
"""Audio comes many times a second: one refusal of it is told as often."""
LOST: Final = 1011
MESSAGES: Final = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)


class Realtime:
    """Serves WebSocket connections."""

    def __init__(self, services: Services, in_flight: guard.InFlight) -> None:
        self._services = services
        self._in_flight = in_flight

    async def serve(self, scope: Scope, receive: Any, send: Any) -> None:
        """One connection, from its handshake to its end: a request in flight all the while."""
        message = await receive()
        assert message["type"] == "websocket.connect"
        try:
            self._in_flight.enter(self._services.current().in_flight_max)
        except Refusal as refusal:
            await self._refuse(refusal, send)
            return
        try:
            with self._services.metrics.in_flight.track_inprogress():
                await self._serve(scope, receive, send)
        finally:
            self._in_flight.leave()

    async def _refuse(self, refusal: Refusal, send: Any) -> None:
        """Answer the handshake with HTTP, as a call would be answered."""
        line = CallLine(str(uuid7()), endpoint=ENDPOINT, reason=refusal.reason)
        line.write()
        self._services.metrics.record(line)
        self._services.metrics.refusals.labels(refusal.reason).inc()
        await _answer(refusal, send)

    async def _serve(self, scope: Scope, receive: Any, send: Any) -> None:
        request = Request({**scope, "method": "GET"}, receive)
        try:
            opened = await self._open(request, scope)
        except Refusal as refusal:
            await self._refuse(refusal, send)
            return
        session, upstream, responses, subprotocol = opened
        try:
            await send({"type": "websocket.accept", "subprotocol": subprotocol})
            await _Bridge(receive, send, upstream, responses).run()
        finally:
            await asyncio.shield(responses.close())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(UPSTREAM_CLOSE_S):
                    await upstream.close()
            await session.close()

    async def _open(
        self, request: Request, scope: Scope
    ) -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse, Responses, str | None]:
        """Check the handshake as a call's head is checked, then connect. Raises `Refusal`."""
        terms = self._services.current()
        guard.check(request)
        key = await entitled(request, terms, self._services.keys)
        address = read_address(request.raw_path)
        if address.path != PATH:
            raise Refusal(404, "The only WebSocket path served here is /v1/realtime.",
                          code="unknown_url")  # fmt: skip
        offered: list[str] = list(scope.get("subprotocols") or [])
        if any(name.startswith(KEY_SUBPROTOCOL) for name in offered):
            raise bad_request(
                "A key in a WebSocket subprotocol stands open in the browser that sent it: "
                "connect from a server, with the key in the Authorization header.",
                code="key_in_subprotocol",
            )
        check_endpoint(key, _ENDPOINT)
        caller = identify(
            request.headers, address, terms.require, self._services.encrypt, key, terms.aliases
        )
        model = _model_of(request.query)
        check_model(key, model)
        pricing = terms.pricing(caller.agent, model)
        if pricing.model is None or pricing.model.context_window is None:
            raise bad_request(
                f"The context window of '{model}' is not known, so a realtime response cannot "
                "be bounded.", "model", "unbounded_input",
            )  # fmt: skip
        responses = Responses(self._services, terms, caller, model, pricing)
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in offered else None
        session, upstream = await _connect(terms.target, request, subprotocol)
        return session, upstream, responses, subprotocol


class _Bridge:
    """Two directions of one session."""

    def __init__(
        self, receive: Any, send: Any, upstream: aiohttp.ClientWebSocketResponse,
        responses: Responses,
    ) -> None:  # fmt: skip
        self._receive = receive
        self._send = send
        self._upstream = upstream
        self._responses = responses
        self._told_s = 0.0

    async def run(self) -> None:
        """Until either side has gone."""
        ways = {asyncio.create_task(self._from_client()), asyncio.create_task(self._to_client())}
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        for way in done:
            way.result()

    async def _from_client(self) -> None:
        while (message := await self._receive())["type"] == "websocket.receive":
            text = message.get("text")
            if text is None:
                text = message["bytes"].decode("utf-8", "replace")
            body: Body | None = None
            try:
                body = read_body(text.encode("utf-8", "replace"))
                await self._prepare(body)
            except BadBody as error:
                await self._tell(bad_request(error.message, error.param, error.code), body)
            except Refusal as refusal:
                await self._tell(refusal, body)
            else:
                with contextlib.suppress(ConnectionError):
                    await self._upstream.send_str(text)

    async def _prepare(self, body: Body) -> None:
        """Hold what an event may cost before it goes. Raises `BadBody`, `Refusal`."""
        kind, responses = body.fields.get("type"), self._responses
        if kind == "session.update":
            check_update(body, responses.model)
            responses.session.updates_open += 1
            responses.session.answers_alone = True
        elif kind == "response.create":
            asked = body.fields.get("response")
            await responses.promise(asked if isinstance(asked, dict) else {})
        elif kind in AUDIO_IN and responses.session.answers_alone:
            await responses.stand_by()

    async def _tell(self, refusal: Refusal, body: Body | None) -> None:
        """An error event; audio that is refused again and again is told of once a second."""
        fields = {} if body is None else body.fields
        now = asyncio.get_running_loop().time()
        if fields.get("type") in AUDIO_IN:
            if now - self._told_s < REFUSAL_PAUSE_S:
                return
            self._told_s = now
        await self._give(error_event(refusal, fields.get("event_id")))

    async def _to_client(self) -> None:
        async for message in self._upstream:
            if message.type not in MESSAGES:
                break
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._follow(message.data)
                await self._give(message.data)
            else:
                await self._send({"type": "websocket.send", "bytes": message.data})
        code = self._upstream.close_code or LOST
        code = code if 1000 <= code < 5000 and code not in (1005, 1006, 1015) else LOST
        await self._send({"type": "websocket.close", "code": code, "reason": ""})

    async def _follow(self, text: str) -> None:
        """Take over what an event says of money, before it is passed on."""
        try:
            event = orjson.loads(text)
        except orjson.JSONDecodeError:
            return
        if not isinstance(event, dict):
            return
        kind, response = event.get("type"), event.get("response")
        name = response.get("id") if isinstance(response, dict) else None
        if kind in ("session.created", "session.updated"):
            self._responses.session.told(event)
        elif kind == "error":
            self._responses.failed()
        elif kind == "response.created" and isinstance(name, str):
            if not await self._responses.created(name):
                cancel = {"type": "response.cancel", "response_id": name}
                await self._upstream.send_str(orjson.dumps(cancel).decode())
        elif kind == "response.done" and isinstance(name, str) and isinstance(response, dict):
            await self._responses.done(name, response)

    async def _give(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})


def _model_of(query: bytes) -> str:
    """The model of a session; other kinds of session are refused."""
    asked = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    for name in ("intent", "call_id"):
        if name in asked:
            raise bad_request(f"Sessions by '{name}' are not bounded here.", name)
    models = asked.get("model", [])
    if len(models) != 1:
        raise bad_request("Name one model in the query: /v1/realtime?model=…", "model")
    try:
        return model_name(models[0])
    except BadBody as error:
        raise bad_request(error.message, error.param, error.code) from None


async def _connect(
    target: Target, request: Request, subprotocol: str | None
) -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]:
    headers: HeaderList = without(to_upstream(request.headers, target.api_key), *NOT_PASSED)
    url = URL(f"{target.url}/realtime?{request.query.decode('latin-1')}", encoded=True)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=tls_context()),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent",),
        timeout=aiohttp.ClientTimeout(sock_connect=target.connect_s),
    )
    try:
        async with asyncio.timeout(target.connect_s + target.write_s):
            upstream = await session.ws_connect(
                url,
                headers=CIMultiDict((n.decode("latin-1"), v.decode("latin-1")) for n, v in headers),
                protocols=(subprotocol,) if subprotocol else (),
                max_msg_size=EVENT_BYTES_MAX,
                timeout=aiohttp.ClientWSTimeout(ws_close=UPSTREAM_CLOSE_S),
            )
    except aiohttp.WSServerHandshakeError as error:
        await session.close()
        raise Refusal(
            error.status if error.status >= 400 else 502,
            f"The upstream did not open a session: it answered {error.status}.",
            code="upstream_refused",
        ) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        await session.close()
        raise Refusal(
            502, "The upstream cannot be reached. Nothing is charged.",
            type_="upstream_error", code="upstream_unreachable",
        ) from error  # fmt: skip
    return session, upstream


async def _answer(refusal: Refusal, send: Any) -> None:
    body = refusal.body()
    headers = [(b"content-type", b"application/json"), *refusal.headers,
               (b"content-length", str(len(body)).encode())]  # fmt: skip
    await send(
        {"type": "websocket.http.response.start", "status": refusal.status, "headers": headers}
    )
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})
