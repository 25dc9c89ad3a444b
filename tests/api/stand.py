"""The billing API on real engines, asked over its ASGI interface."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
from cryptography.fernet import Fernet

from api.app import create_api
from api.context import Services
from api.gate import Gate
from budget.manual import ManualCosts, ManualTerms
from budget.overrides import Limits
from config.settings import Loaded, parse
from storage.keys import By, Keys, Wanted
from tests.budget.purse import Engines, Process, Purse, open_purse

RULES = """
budgets:
  primary: monthly
  rules:
    - {name: monthly, limit_usd: 10, window: month}
    - {name: per-campaign, each: campaign, limit_usd: 4, window: month}
"""
BILLING = "/api/billing"


@dataclass
class Desk:
    """A deployment with an admin and a viewer at its billing API."""

    purse: Purse
    process: Process
    loaded: Loaded
    app: Gate
    admin: httpx.AsyncClient
    viewer: httpx.AsyncClient
    nobody: httpx.AsyncClient
    agent: httpx.AsyncClient
    admin_secret: str

    async def log(self, tokens: int = 1000, key: str | None = None, **more: Any) -> httpx.Response:
        """Tell a cost of CONTENT: 0.04 USD for each 1,000 tokens."""
        headers = {} if key is None else {"Idempotency-Key": key}
        body = {"agentType": "CONTENT", "tokens": tokens, **more}
        return await self.admin.post(f"{BILLING}/agent-costs", json=body, headers=headers)

    async def post(self, path: str, body: Any, key: str) -> tuple[int, Any]:
        """As an admin, straight to the application: a thousand clients at once would be most of
        the work."""
        content, sent = orjson.dumps(body), list[Any]()
        headers = {"authorization": f"Bearer {self.admin_secret}", "idempotency-key": key}
        headers |= {"content-type": "application/json", "host": "purser"}
        scope = {
            "type": "http",
            "method": "POST",
            "path": f"{BILLING}{path}",
            "raw_path": f"{BILLING}{path}".encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "server": ("purser", 80),
            "scheme": "http",
            "http_version": "1.1",
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return sent[0]["status"], orjson.loads(b"".join(m["body"] for m in sent[1:]))

    async def get(self, path: str, **query: Any) -> Mapping[str, Any]:
        """A viewer's look, which must succeed."""
        response = await self.viewer.get(f"{BILLING}{path}", params=query)
        assert response.status_code == 200, response.text
        found: Mapping[str, Any] = response.json()
        return found

    async def month(self) -> str:
        """The month that it is, in UTC."""
        summary = await self.get("/agents/costs")
        return str(summary["since"])[:7]


def services_of(purse: Purse, process: Process, loaded: Loaded) -> Services:
    """What a proxy process gives its billing API."""
    cipher = Fernet(Fernet.generate_key())
    terms = ManualTerms(loaded.rates, "test", 1 << 30)

    def encrypt(text: bytes) -> str:
        return cipher.encrypt(text).decode()

    return Services(
        link=process.link,
        ledger=purse.ledger,
        lifeline=process.lifeline,
        keys=Keys(process.link, purse.ledger),
        manual=ManualCosts(
            process.lifeline,
            purse.ledger,
            lambda: terms,
            lambda text: cipher.encrypt(text).decode(),
        ),
        limits=Limits(process.link, purse.ledger, process.lifeline.now_ms),
        current=lambda: loaded,
    )


@asynccontextmanager
async def open_desk(engines: Engines, config: str = RULES) -> AsyncIterator[Desk]:
    """A desk with the rules of `config` in force."""
    loaded = parse(config.encode(), Path("purser.yaml"), {})
    async with open_purse(engines, *loaded.rules) as purse:
        process = await purse.process()
        services = services_of(purse, process, loaded)
        app = create_api(services)
        keys, by = Keys(process.link, purse.ledger), By("test", "cli")
        admin = await keys.create(Wanted("boss", kind="admin", role="admin"), by)
        viewer = await keys.create(Wanted("looker", kind="admin", role="viewer"), by)
        agent = await keys.create(Wanted("bot"), by)
        clients = [
            _client(app, secret) for secret in (admin.secret, viewer.secret, "", agent.secret)
        ]
        yield Desk(purse, process, loaded, app, *clients, admin_secret=admin.secret)
        for client in clients:
            await client.aclose()


def _client(app: Gate, secret: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://purser", headers=headers)
