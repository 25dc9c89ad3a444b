"""The README's own lines for each framework run as they stand, and are charged as they say."""

import re

import pytest

from tests.frameworks.conftest import Frameworks
from tests.harness import ROOT

BLOCK = re.compile(r"^\*\*([^*\n]+)\*\*\n\n```(python|js)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
README = (ROOT / "README.md").read_text()
BLOCKS = {name: (language, text) for name, language, text in BLOCK.findall(README)}
README_URL = "http://127.0.0.1:8080"
README_CAMPAIGN = "holiday-2024"


def test_the_readme_shows_every_framework() -> None:
    assert list(BLOCKS) == [
        "openai-python",
        "openai-node",
        "LangChain",
        "LlamaIndex",
        "OpenAI Agents SDK",
        "LiteLLM's SDK",
        "instructor",
        "Vercel AI SDK",
    ]


@pytest.mark.parametrize("name", BLOCKS)
def test_the_lines_work_and_are_charged(frameworks: Frameworks, name: str) -> None:
    language, text = BLOCKS[name]
    ran = frameworks.run_text(language, text, README_URL, README_CAMPAIGN)
    assert [entry.agent for entry in ran.entries] == ["CONTENT"]
    assert ran.requests == 1
    assert ran.entries[0].usage.total_tokens > 0
    assert ran.entries[0].charge_nano > 0
