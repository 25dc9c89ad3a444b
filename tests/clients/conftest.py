"""One Purser in front of a sandbox for all clients, and a relay that counts what they send."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.harness import Deployment, PurserProcess, SandboxProcess
from tests.relay import Relay

CONFIG = """
budgets:
  rules:
    - {name: everything, limit_usd: 100000, window: total}
    - {name: per-campaign, each: campaign, limit_usd: 1000, window: total}
    - {name: no-seo-today, match: {agent: SEO}, limit_usd: 0.000001, window: day}
"""
MODEL = "gpt-4o-mini"


@dataclass(frozen=True)
class Stack:
    """What a client is pointed at. All traffic goes through a relay that counts it."""

    relay: Relay
    purser: PurserProcess
    sandbox: SandboxProcess
    _campaigns: Iterator[int] = field(default_factory=lambda: count(1))

    def environment(self, agent: str = "CONTENT", campaign: str | None = None) -> dict[str, str]:
        """The three variables that configure a client; every call has a campaign of its own."""
        campaign = campaign or self.new_campaign()
        return {
            "OPENAI_BASE_URL": f"{self.relay.url}/v1",
            "OPENAI_API_KEY": "anything",
            "OPENAI_CUSTOM_HEADERS": f"X-Agent-Type: {agent}\nX-Campaign-Id: {campaign}",
        }

    def new_campaign(self) -> str:
        """A campaign that has spent nothing."""
        return f"campaign-{next(self._campaigns)}"

    def requests(self) -> int:
        """How many calls have been sent so far, by any client."""
        return self.relay.count(b"POST /v1/")

    def remaining_usd(self, campaign: str) -> str:
        """What is left for a campaign after one more small call: the same for the same charges."""
        answer = httpx.post(
            f"{self.relay.url}/v1/chat/completions",
            headers={"X-Agent-Type": "CONTENT", "X-Campaign-Id": campaign},
            json={"model": MODEL, "max_tokens": 1, "messages": [{"role": "user", "content": "?"}]},
            trust_env=False,
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return answer.headers["X-Purser-Budget-Remaining-USD"]


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("clients")
    with (
        SandboxProcess(folder) as sandbox,
        Deployment(folder, CONFIG, upstream=sandbox.url).start("serve") as purser,
        Relay(("127.0.0.1", purser.port)) as relay,
    ):
        yield Stack(relay, purser, sandbox)
