"""The sandbox beside a proxy speaks WebSocket, and breaks connections, as the one alone does."""

from collections.abc import AsyncIterator

import httpx
import openai
import pytest
import pytest_asyncio

from app.serving import SideServer
from sandbox.app import create_app


@pytest_asyncio.fixture
async def side() -> AsyncIterator[SideServer]:
    made = SideServer(create_app())
    await made.start()
    yield made
    await made.stop()


async def test_a_realtime_session_opens_on_the_side_server(side: SideServer) -> None:
    async with (
        openai.AsyncOpenAI(base_url=f"{side.url}/v1", api_key="test") as client,
        client.realtime.connect(model="gpt-realtime") as connection,
    ):
        assert (await connection.recv()).type == "session.created"


@pytest.mark.parametrize("fault", ["reset", "truncate"])
async def test_a_connection_breaks_as_ordered(side: SideServer, fault: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await client.post(
                f"{side.url}/v1/embeddings",
                headers={"Authorization": "Bearer test", "X-Sandbox-Fault": fault},
                json={"model": "text-embedding-3-small", "input": "hello"},
            )
