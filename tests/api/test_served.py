"""One real deployment: what an admin says at the billing API binds the next call of an agent."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.harness import Deployment, PurserProcess, SandboxProcess

CONFIG = {
    "budgets": {
        "primary": "monthly",
        "rules": [
            {"name": "monthly", "limit_usd": 10, "window": "month"},
            {"name": "per-campaign", "each": "campaign", "limit_usd": 5, "window": "month"},
        ],
    }
}
CALL = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "Hello"}],
    "max_completion_tokens": 100,
}


@pytest.fixture
def purser(tmp_path: Path) -> Iterator[PurserProcess]:
    with SandboxProcess(tmp_path) as sandbox:
        deployment = Deployment(tmp_path / "purser", CONFIG, upstream=sandbox.url)
        with deployment.start("serve") as process:
            yield process


def test_what_an_admin_says_binds_the_next_call(purser: PurserProcess) -> None:
    made = purser.deployment.cli("keys", "create", "boss", "--admin", "--role", "admin", "--json")
    assert made.returncode == 0, made.stderr
    token = httpx.Response(200, content=made.stdout.strip().splitlines()[-1]).json()["secret"]
    agent = {"X-Agent-Type": "CONTENT", "X-Campaign-Id": "Spring"}
    with httpx.Client(base_url=purser.url, trust_env=False, timeout=60) as client:

        def call() -> tuple[int, str | None]:
            answer = client.post("/v1/chat/completions", json=CALL, headers=agent)
            error = answer.json().get("error", {})
            return answer.status_code, (error.get("purser") or {}).get("reason")

        def say(method: str, path: str, body: dict[str, object]) -> dict[str, object]:
            headers = {"Authorization": f"Bearer {token}"}
            answer = client.request(method, f"/api/billing{path}", json=body, headers=headers)
            assert answer.status_code in (200, 201), answer.text
            return dict(answer.json())

        def look(path: str) -> dict[str, object]:
            headers = {"Authorization": f"Bearer {token}"}
            return dict(client.get(f"/api/billing{path}", headers=headers).json())

        month = str(look("/agents/costs")["since"])[:7]
        assert call() == (200, None)
        say("PUT", f"/months/{month}/budget", {"limit_usd": "0.000001", "reason": "stop"})
        assert call() == (429, "budget_exceeded")
        say("PUT", f"/months/{month}/budget", {"limit_usd": None})
        assert call() == (200, None)
        say("PUT", "/campaigns/spring/status", {"status": "paused", "reason": "no stock"})
        assert call() == (429, "campaign_paused")
        say("PUT", "/campaigns/spring/status", {"status": "active"})
        assert call() == (200, None)
        say("POST", "/freeze", {"reason": "drill"})
        assert call() == (429, "frozen")
        say("POST", "/thaw", {"reason": "drill is over"})
        assert call() == (200, None)
        told = say("POST", "/agent-costs", {"agentType": "CONTENT", "tokens": 200_000,
                                            "campaignId": "Spring"})  # fmt: skip
        assert told["over_budget"] is True
        assert call() == (429, "budget_exceeded")
        assert client.get("/api/billing/rates").status_code == 401
        assert client.get("/api/billing/openapi.json").json()["openapi"].startswith("3.1")
        assert client.get("/api/elsewhere").status_code == 404
    assert purser.deployment.cli("reconcile").returncode == 0
