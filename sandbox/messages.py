"""Reads the messages, tools and formats of a chat prompt: checks them and counts them."""

from collections.abc import Mapping
from typing import Any

from sandbox import counting
from sandbox.answer import Ask
from sandbox.errors import ApiError, missing, wrong_type, wrong_value
from sandbox.params import required
from sandbox.prompt import (
    TOKENS_PER_MESSAGE,
    TOKENS_PER_NAME,
    TOKENS_PER_REPLY,
    TOKENS_PER_TOOL,
    Prompt,
)

ROLES = ("system", "assistant", "user", "function", "tool", "developer")


def read_prompt(ask: Ask) -> Prompt:
    """The prompt of a chat request; raises `ApiError` 400 for what OpenAI would refuse."""
    prompt = Prompt(ask.model, counting.encoding_name(ask.model.name))
    messages = required(ask.fields, "messages")
    if not messages:
        raise ApiError(
            400,
            "Invalid 'messages': empty array. Expected an array with minimum length 1, "
            "but got an empty array instead.",
            param="messages",
            code="empty_array",
        )
    for index, message in enumerate(messages):
        _read_message(prompt, f"messages[{index}]", message)
    prompt.tokens += TOKENS_PER_REPLY
    for index, tool in enumerate(ask.fields.get("tools") or ()):
        _read_tool(prompt, f"tools[{index}]", tool)
    schema = output_schema(ask.fields.get("response_format"))
    if schema is not None:
        prompt.add_json(schema)
    return prompt


def output_schema(response_format: object) -> Mapping[str, Any] | None:
    """The schema that an answer must meet; None where any text will do."""
    if not isinstance(response_format, dict):
        return None
    match response_format.get("type"):
        case "text":
            return None
        case "json_object":
            return {"type": "object", "properties": {"answer": {}}, "required": ["answer"]}
        case "json_schema":
            inner = response_format.get("json_schema")
            if not isinstance(inner, dict):
                raise missing("response_format.json_schema")
            return schema_of(inner, "response_format.json_schema")
        case None:
            raise missing("response_format.type")
        case other:
            allowed = ("json_object", "json_schema", "text")
            raise wrong_value("response_format.type", other, allowed)


def modern(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """A request with the legacy `functions` and `function_call` as tools and their choice."""
    functions = fields.get("functions")
    if not functions:
        return fields
    if fields.get("tools"):
        raise ApiError(400, "'functions' and 'tools' exclude each other.", param="functions")
    choice = fields.get("function_call") or "auto"
    if isinstance(choice, dict):
        choice = {"type": "function", "function": choice}
    tools = [{"type": "function", "function": one} for one in functions]
    return {**fields, "tools": tools, "tool_choice": choice}


def predicted_tokens(ask: Ask) -> int:
    """Tokens of `prediction`: all rejected here, and billed as output as OpenAI documents."""
    prediction = ask.fields.get("prediction")
    if prediction is None:
        return 0
    guess = Prompt(ask.model, counting.encoding_name(ask.model.name))
    guess.add_content("prediction.content", required(prediction, "content"))
    return guess.tokens


def schema_of(holder: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """`name` and `schema` of a named schema, as chat and responses both carry them."""
    if not isinstance(holder.get("name"), str):
        raise missing(f"{where}.name")
    schema = holder.get("schema")
    if not isinstance(schema, dict):
        raise missing(f"{where}.schema")
    return schema


def chosen_tool(fields: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool] | None:
    """The function that this answer calls and whether the request named it, or None for text.

    `auto` calls the first function once, when a user spoke last; what a tool returned is
    answered in text.
    """
    tools = [tool["function"] for tool in fields.get("tools") or () if "function" in tool]
    choice = fields.get("tool_choice") or "auto"
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        for tool in tools:
            if tool["name"] == name:
                return tool, True
        raise ApiError(
            400,
            f"Tool choice '{name}' not found in 'tools' parameter.",
            param="tool_choice",
        )
    if choice not in ("none", "auto", "required"):
        raise wrong_value("tool_choice", choice, ("none", "auto", "required"))
    if choice == "none" or not tools:
        return None
    if choice == "required" or fields["messages"][-1]["role"] == "user":
        return tools[0], False
    return None


def _read_message(prompt: Prompt, where: str, message: object) -> None:
    if not isinstance(message, dict):
        raise wrong_type(where, "an object", message)
    role = message.get("role")
    if role is None:
        raise missing(f"{where}.role")
    if role not in ROLES:
        raise wrong_value(f"{where}.role", role, ROLES)
    content = message.get("content")
    calls = message.get("tool_calls")
    if message.get("function_call") is not None:
        calls = [{"function": message["function_call"]}]
    if content is None and not calls and message.get("refusal") is None:
        raise missing(f"{where}.content")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise missing(f"{where}.tool_call_id")
    prompt.tokens += TOKENS_PER_MESSAGE
    prompt.add_text(role)
    prompt.add_content(f"{where}.content", content)
    if calls:
        if not isinstance(calls, list):
            raise wrong_type(f"{where}.tool_calls", "an array of objects", calls)
        for call in calls:
            prompt.add_json(call.get("function") if isinstance(call, dict) else call)
    name = message.get("name")
    if name is not None:
        if not isinstance(name, str):
            raise wrong_type(f"{where}.name", "a string", name)
        prompt.tokens += TOKENS_PER_NAME
        prompt.add_text(name)


def _read_tool(prompt: Prompt, where: str, tool: object) -> None:
    if not isinstance(tool, dict):
        raise wrong_type(where, "an object", tool)
    kind = tool.get("type")
    if kind not in ("function", "custom"):
        raise (
            missing(f"{where}.type")
            if kind is None
            else wrong_value(f"{where}.type", kind, ("function", "custom"))
        )
    inner = tool.get(kind)
    if not isinstance(inner, dict):
        raise missing(f"{where}.{kind}")
    if not isinstance(inner.get("name"), str):
        raise missing(f"{where}.{kind}.name")
    prompt.tokens += TOKENS_PER_TOOL
    prompt.add_json(inner)
