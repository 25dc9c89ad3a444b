"""WebSocket handshakes: the key and the model are checked, then a realtime session runs."""

from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from sandbox.account import FAILED, Call
from sandbox.errors import ApiError, no_model, ordered, unknown_path, unsupported
from sandbox.exchange import JSON_TYPE
from sandbox.faults import read_directives
from sandbox.keys import check_key
from sandbox.realtime import Session
from sandbox.world import World

PATH = "/v1/realtime"
PROTOCOL = "realtime"
KEY_PROTOCOL = "openai-insecure-api-key."
"""How a browser, which can set no headers, sends its key."""


async def answer_socket(world: World, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket connection."""
    call = world.account.open("GET", scope["path"], scope["headers"])
    try:
        await receive()
        await _open(world, scope, receive, send, call)
    except ApiError as error:
        call.status = error.status
        world.account.close(call, FAILED)
        start = {
            "type": "websocket.http.response.start",
            "status": error.status,
            "headers": [JSON_TYPE],
        }
        await send(start)
        await send({"type": "websocket.http.response.body", "body": error.body()})
    finally:
        world.account.close(call, FAILED)


async def _open(world: World, scope: Scope, receive: Receive, send: Send, call: Call) -> None:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    directives = read_directives(headers)
    if directives.fault.name == "status":
        raise ordered(directives.fault.number)
    protocols = scope.get("subprotocols") or []
    given = [one for one in protocols if one.startswith(KEY_PROTOCOL)]
    key = f"Bearer {given[0].removeprefix(KEY_PROTOCOL)}" if given else ""
    check_key(headers.get("authorization", key))
    if scope["path"] != PATH:
        raise unknown_path("GET", scope["path"])
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    if query.get("intent", "conversation") != "conversation" or "call_id" in query:
        raise unsupported("intent", "The sandbox plays conversations alone.")
    if "model" not in query:
        raise no_model()
    model = world.catalogue.find_for(query["model"], PATH)
    call.model, call.status = model.name, 101
    protocol = PROTOCOL if PROTOCOL in protocols else None
    own = [(b"x-request-id", f"req_{world.run}{call.number:012x}".encode())]
    await send({"type": "websocket.accept", "subprotocol": protocol, "headers": own})
    await Session(world, scope, receive, send, call, model, directives).run()
