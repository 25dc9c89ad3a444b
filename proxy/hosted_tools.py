"""Tools that OpenAI runs itself: each call of one reads the context again, and some cost a fee.

The client sees one answer, but the model is asked once more after each hosted call, and each
time its input is billed anew. `max_tool_calls` bounds how often.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from proxy.body import BadBody

CALLS_MAX: Final = 8
"""Held for, and written in, where the client sets no `max_tool_calls`."""

WEB_SEARCH_CONTEXT_TOKENS_MAX: Final = 128_000
"""OpenAI's guide: web search works in a context window of 128,000 tokens, whatever the model."""

TOOL_PROMPT_TOKENS_MAX: Final = 4_096
"""What the description of one built-in tool adds to the input. OpenAI does not document it: a
guess on the safe side, some ten times a long description of a function."""

CODE_SESSIONS_MAX: Final = 3
"""A container is billed by 20 minutes; no answer is waited for longer than an hour."""

_CLIENT_RUN: Final = frozenset(
    {"function", "custom", "namespace", "computer", "computer_use_preview", "local_shell",
     "apply_patch"}
)  # fmt: skip
"""Tools whose calls are handed to the client: each is a request of its own, held by itself."""

_PLAIN: Final = frozenset({"function", "custom", "namespace"})
"""Tools that are nothing but the text in the body."""

_WEB_SEARCH: Final = ("web_search", "web_search_preview")
_CODE: Final = ("code_interpreter", "shell")

_CONTAINER_UNITS: Final = {"1g": 1, "4g": 4, "16g": 16, "64g": 64}
"""Price of a container by its memory, in units of the smallest."""

_LARGEST_CONTAINER_UNITS: Final = max(_CONTAINER_UNITS.values())


@dataclass(frozen=True, slots=True)
class HostedTools:
    """What the hosted tools of one request can add."""

    calls: int = 0
    """Calls of all of them together; 0 where there is none."""
    prompt_tokens: int = 0
    round_tokens: int | None = 0
    """The most that one further round reads; None: the context window."""
    web_searches: int = 0
    file_searches: int = 0
    code_sessions: int = 0
    imports_unseen: bool = False
    """Descriptions come from elsewhere (an MCP server, a stored prompt)."""


ANY_TOOL: Final = ("web_search", "file_search", "code_interpreter", "mcp")
"""What a stored prompt may bring along."""


def read_tools(tools: object, max_calls: int | None, stored_prompt: bool) -> HostedTools:
    """The bound for the `tools` of /v1/responses. Raises `BadBody` for what cannot be bounded."""
    kinds = list(_kinds(tools))
    if stored_prompt:
        kinds.extend(ANY_TOOL)
    if "image_generation" in kinds:
        raise BadBody(
            "the tool 'image_generation' is billed by an image model that this request does not"
            " name, so its cost cannot be bounded here: leave it out",
            "tools",
            "unsupported_tool",
        )
    hosted = [kind for kind in kinds if kind not in _CLIENT_RUN]
    prompts = TOOL_PROMPT_TOKENS_MAX * sum(kind not in _PLAIN for kind in kinds)
    if not hosted:
        return HostedTools(prompt_tokens=prompts)
    calls = CALLS_MAX if max_calls is None else max_calls
    units = _LARGEST_CONTAINER_UNITS if stored_prompt else container_units(tools)
    only_search = all(kind.startswith(_WEB_SEARCH) for kind in hosted)
    return HostedTools(
        calls=calls,
        prompt_tokens=prompts,
        round_tokens=WEB_SEARCH_CONTEXT_TOKENS_MAX if only_search else None,
        web_searches=calls if any(kind.startswith(_WEB_SEARCH) for kind in hosted) else 0,
        file_searches=calls if "file_search" in hosted else 0,
        code_sessions=min(calls, CODE_SESSIONS_MAX) * units,
        imports_unseen=stored_prompt or any(_imports(kind) for kind in hosted),
    )


def _imports(kind: str) -> bool:
    known = kind.startswith(_WEB_SEARCH) or kind == "file_search" or kind in _CODE
    return not known


def _kinds(tools: object) -> Iterable[str]:
    if tools is None:
        return
    if not isinstance(tools, list):
        raise BadBody("'tools' must be an array", "tools", "invalid_type")
    for tool in tools:
        kind = tool.get("type") if isinstance(tool, dict) else None
        if not isinstance(kind, str):
            raise BadBody("each of 'tools' must be an object with a 'type'", "tools")
        yield kind


def container_units(tools: object) -> int:
    """What the code containers of a list of tools cost, in units of the smallest."""
    units = 0
    for tool in tools if isinstance(tools, list) else []:
        if not isinstance(tool, dict) or tool.get("type") not in _CODE:
            continue
        place = tool.get("container") or tool.get("environment")
        limit = place.get("memory_limit") if isinstance(place, dict) else None
        units += _CONTAINER_UNITS.get(str(limit or "1g"), _LARGEST_CONTAINER_UNITS)
    return units
