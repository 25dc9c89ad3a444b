"""The panel on a process of its own, or on several: one login, one set of figures, one limit."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.harness import Deployment, PurserProcess, SandboxProcess
from tests.security.panel import PASSWORD, PREFIX, Target

LAYOUT = f"{PREFIX}_dash-layout"
CALL = {"model": "gpt-4o-mini", "max_tokens": 16, "messages": [{"role": "user", "content": "Hi"}]}
CONFIG: dict[str, Any] = {
    # A call costs dollars: its figure is more than a cent.
    "charging": {"agent_rates_usd_per_1k": {"CONTENT": "100"}},
    "budgets": {
        "primary": "monthly",
        "rules": [{"name": "monthly", "limit_usd": "1000", "window": "month"}],
    },
}


def call(process: PurserProcess) -> httpx.Response:
    """A call through a proxy, by CONTENT."""
    headers = {"x-agent-type": "CONTENT", "authorization": "Bearer anything"}
    url = f"{process.url}/v1/chat/completions"
    return httpx.post(url, json=CALL, headers=headers, trust_env=False, timeout=60)


def test_a_panel_alone_shows_and_binds_what_proxies_do(
    tmp_path: Path, valkey_url: str, sqlite_url: str
) -> None:
    storage = {"storage": {"redis_url": valkey_url, "database_url": sqlite_url}}
    with SandboxProcess(tmp_path) as sandbox:
        deployment = Deployment(
            tmp_path,
            CONFIG | storage,
            upstream=sandbox.url,
            env={"PURSER_ADMIN_PASSWORD": PASSWORD},
        )
        with (
            deployment.start("janitor"),
            deployment.start("proxy") as proxy,
            deployment.start("dashboard") as panel,
        ):
            target = Target(panel)
            month, token = datetime.now(UTC).strftime("%Y-%m"), _token(target)
            asked = httpx.Client(
                base_url=f"{panel.url}/api/billing/months/{month}",
                headers={"authorization": f"Bearer {token}"},
                trust_env=False,
                timeout=60,
            )
            with asked, target.log_in() as admin:
                answer = call(proxy)
                assert answer.status_code == 200, answer.text
                cost = float(answer.headers["x-purser-cost-usd"])
                assert cost > 0.01
                assert asked.get("/summary").json()["spent_usd"] == cost
                assert f"${cost:,.2f}" in admin.get(LAYOUT).text
                change = {"limit_usd": "0.01", "until": "changed", "reason": "enough"}
                changed = asked.put("/budget", json=change)
                assert changed.status_code == 200, changed.text
                refused = call(proxy)
                assert refused.status_code == 429
                assert refused.headers["x-purser-refusal"] == "budget_exceeded"
            for path in ("/admin/budget/", "/admin/budget/login"):
                nothing = httpx.get(proxy.url + path, trust_env=False, timeout=60)
                assert nothing.status_code == 404
                assert nothing.json()["error"]["type"] == "invalid_request_error"
            assert call(panel).status_code == 404


def test_a_login_holds_on_every_worker(tmp_path: Path) -> None:
    config = CONFIG | {"server": {"workers": 2}}
    deployment = Deployment(tmp_path, config, env={"PURSER_ADMIN_PASSWORD": PASSWORD})
    with deployment.start("serve", measured=False) as process:
        target = Target(process)
        with target.log_in() as admin:
            kept = {
                "cookie": "; ".join(f"{name}={value}" for name, value in admin.cookies.items()),
                "X-CSRFToken": admin.headers["X-CSRFToken"],
            }
        for _ in range(12):
            with target.client(**kept) as other:
                assert other.get(LAYOUT).status_code == 200
                body = {"output": "none.there", "inputs": []}
                answer = other.post(f"{PREFIX}_dash-update-component", json=body)
                assert answer.status_code == 400


def _token(target: Target) -> str:
    made = target.run("keys", "create", "test", "--admin", "--role", "admin")
    return next(word for word in made.output.split() if word.startswith("pk-purser-admin-"))
