"""The sandbox beside a proxy speaks WebSocket too."""

import openai

from app.serving import SideServer
from sandbox.app import create_app


async def test_a_realtime_session_opens_on_the_side_server() -> None:
    side = SideServer(create_app())
    await side.start()
    try:
        async with (
            openai.AsyncOpenAI(base_url=f"{side.url}/v1", api_key="test") as client,
            client.realtime.connect(model="gpt-realtime") as connection,
        ):
            assert (await connection.recv()).type == "session.created"
    finally:
        await side.stop()
