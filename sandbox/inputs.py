"""Reads the input items, tools and formats of a response: checks them and counts them."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

from sandbox import counting
from sandbox.answer import Ask
from sandbox.errors import ApiError, missing, unsupported, wrong_type, wrong_value
from sandbox.messages import schema_of
from sandbox.params import EFFORTS, required
from sandbox.prompt import TOKENS_PER_MESSAGE, TOKENS_PER_REPLY, TOKENS_PER_TOOL, Prompt

ROLES = ("assistant", "system", "developer", "user")
UNREAD = ("reasoning", "web_search_call", "file_search_call", "code_interpreter_call")
"""Items of earlier turns that the model does not read again."""

HOSTED: Mapping[str, str] = {
    "web_search": "web_search_call",
    "web_search_2025_08_26": "web_search_call",
    "web_search_preview": "web_search_call",
    "web_search_preview_2025_03_11": "web_search_call",
    "file_search": "file_search_call",
    "code_interpreter": "code_interpreter_call",
}
"""Hosted tools that the sandbox plays, and the output item of one call."""
DEFINED = ("function", "custom", "namespace")
"""Tools that a request defines itself; of them the sandbox calls functions alone."""


def read_prompt(ask: Ask, earlier_tokens: int) -> Prompt:
    """The prompt of a response, after `earlier_tokens` of a previous one.

    Raises `ApiError` 400 for what OpenAI would refuse.
    """
    fields = ask.fields
    prompt = Prompt(ask.model, counting.encoding_name(ask.model.name), earlier_tokens)
    instructions = fields.get("instructions")
    if instructions is not None:
        _add_message(prompt, "instructions", "developer", instructions)
    given = required(fields, "input")
    if isinstance(given, str):
        _add_message(prompt, "input", "user", given)
    else:
        for index, item in enumerate(given):
            _read_item(prompt, f"input[{index}]", item)
    prompt.tokens += TOKENS_PER_REPLY
    for index, tool in enumerate(fields.get("tools") or ()):
        _read_tool(prompt, f"tools[{index}]", tool)
    schema = output_schema(fields.get("text"))
    if schema is not None:
        prompt.add_json(schema)
    return prompt


def as_items(given: Any, serial: str) -> list[dict[str, Any]]:
    """The input as OpenAI lists it: items with ids, their content in parts."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    found = []
    for place, item in enumerate(given or ()):
        kind = item.get("type", "message")
        content = item.get("content")
        if isinstance(content, str):
            part = "output_text" if item.get("role") == "assistant" else "input_text"
            content = [{"type": part, "text": content}]
        own: dict[str, Any] = {"id": f"{kind[:3]}_{serial}{place:04x}", **item, "type": kind}
        if kind == "message":
            own |= {"content": content, "status": "completed"}
        found.append(own)
    return found


def compacted(text: str) -> str:
    """What stands for an earlier conversation: unreadable to a client, read by the model."""
    return b64encode(text.encode()).decode()


def output_schema(settings: object) -> Mapping[str, Any] | None:
    """The schema that `text.format` asks for; None where any text will do."""
    form = settings.get("format") if isinstance(settings, dict) else None
    if not isinstance(form, dict):
        return None
    match form.get("type"):
        case "text":
            return None
        case "json_object":
            return {"type": "object", "properties": {"answer": {}}, "required": ["answer"]}
        case "json_schema":
            return schema_of(form, "text.format")
        case None:
            raise missing("text.format.type")
        case other:
            raise wrong_value("text.format.type", other, ("json_object", "json_schema", "text"))


def effort(fields: Mapping[str, Any]) -> str | None:
    """`reasoning.effort`; raises `ApiError` 400 for one that does not exist."""
    found = (fields.get("reasoning") or {}).get("effort")
    if found is not None and found not in EFFORTS:
        raise wrong_value("reasoning.effort", found, EFFORTS)
    return found


def hosted_calls(fields: Mapping[str, Any]) -> list[str]:
    """The hosted tools that this answer calls, once each, as far as `max_tool_calls` goes."""
    if fields.get("tool_choice") == "none" or not _user_spoke(fields["input"]):
        return []
    most = fields.get("max_tool_calls")
    found = [HOSTED[tool["type"]] for tool in fields.get("tools") or () if tool["type"] in HOSTED]
    once = list(dict.fromkeys(found))
    return once if most is None else once[:most]


def chosen_tool(fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The function that this answer calls; None for text. The rule is that of chat."""
    tools: list[Mapping[str, Any]] = [
        tool for tool in fields.get("tools") or () if tool["type"] == "function"
    ]
    choice = fields.get("tool_choice") or "auto"
    if isinstance(choice, dict):
        if choice.get("type") != "function":
            return None
        for tool in tools:
            if tool["name"] == choice.get("name"):
                return tool
        raise ApiError(
            400,
            f"Tool choice '{choice.get('name')}' not found in 'tools' parameter.",
            param="tool_choice",
        )
    if choice not in ("none", "auto", "required"):
        raise wrong_value("tool_choice", choice, ("none", "auto", "required"))
    if choice == "none" or not tools:
        return None
    return tools[0] if choice == "required" or _user_spoke(fields["input"]) else None


def _user_spoke(given: Any) -> bool:
    return isinstance(given, str) or (bool(given) and given[-1].get("role") == "user")


def _add_message(prompt: Prompt, where: str, role: str, content: object) -> None:
    prompt.tokens += TOKENS_PER_MESSAGE
    prompt.add_text(role)
    prompt.add_content(where, content)


def _read_item(prompt: Prompt, where: str, item: object) -> None:
    if not isinstance(item, dict):
        raise wrong_type(where, "an object", item)
    kind = item.get("type", "message")
    if kind == "message":
        role = item.get("role")
        if role not in ROLES:
            raise (
                missing(f"{where}.role")
                if role is None
                else wrong_value(f"{where}.role", role, ROLES)
            )
        if item.get("content") is None:
            raise missing(f"{where}.content")
        _add_message(prompt, f"{where}.content", role, item["content"])
    elif kind == "function_call":
        prompt.tokens += TOKENS_PER_MESSAGE
        prompt.add_json({"name": item.get("name"), "arguments": item.get("arguments")})
    elif kind == "function_call_output":
        prompt.tokens += TOKENS_PER_MESSAGE
        prompt.add_content(f"{where}.output", required(item, "output"))
    elif kind in ("compaction", "compaction_summary"):
        prompt.tokens += TOKENS_PER_MESSAGE
        prompt.add_text(_expanded(f"{where}.encrypted_content", item.get("encrypted_content")))
    elif kind not in UNREAD:
        known = ("message", "function_call", "function_call_output", "compaction", *UNREAD)
        raise wrong_value(f"{where}.type", kind, known)


def _expanded(where: str, content: object) -> str:
    if not isinstance(content, str):
        raise missing(where)
    try:
        return b64decode(content, validate=True).decode()
    except (Base64Error, UnicodeDecodeError):
        raise ApiError(400, "The encrypted content could not be verified.", param=where) from None


def _read_tool(prompt: Prompt, where: str, tool: object) -> None:
    if not isinstance(tool, dict):
        raise wrong_type(where, "an object", tool)
    kind = tool.get("type")
    if kind is None:
        raise missing(f"{where}.type")
    if kind in DEFINED:
        if not isinstance(tool.get("name"), str):
            raise missing(f"{where}.name")
        prompt.tokens += TOKENS_PER_TOOL
        prompt.add_json({name: value for name, value in tool.items() if name != "type"})
    elif kind not in HOSTED:
        raise unsupported(f"{where}.type", f"The sandbox does not play the tool '{kind}'.")
