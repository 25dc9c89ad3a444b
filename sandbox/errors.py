"""Refusals in OpenAI's shape and OpenAI's words.

The wording follows what api.openai.com answers, so that a client that reads messages or codes
behaves here as it does there.
"""

from collections.abc import Sequence

import orjson

INVALID = "invalid_request_error"
WRONG_KEY = "sk-invalid"


class ApiError(Exception):
    """A refusal: an HTTP status and the fields of OpenAI's `error` object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = INVALID,
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.param = param
        self.code = code

    def body(self) -> bytes:
        """The JSON document that a client receives."""
        return orjson.dumps(
            {
                "error": {
                    "message": self.message,
                    "type": self.kind,
                    "param": self.param,
                    "code": self.code,
                }
            },
            option=orjson.OPT_INDENT_2,
        )


def unreadable_json() -> ApiError:
    """The body is not JSON."""
    return ApiError(
        400,
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't "
        "using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was "
        "sent was not valid JSON.)",
    )


def no_model() -> ApiError:
    """The body names no model."""
    return ApiError(400, "you must provide a model parameter")


def missing(param: str) -> ApiError:
    """A required field is absent."""
    return ApiError(
        400,
        f"Missing required parameter: '{param}'.",
        param=param,
        code="missing_required_parameter",
    )


def wrong_type(param: str, expected: str, value: object) -> ApiError:
    """A field has another JSON type than it must."""
    return ApiError(
        400,
        f"Invalid type for '{param}': expected {expected}, but got {json_type(value)} instead.",
        param=param,
        code="invalid_type",
    )


def wrong_value(param: str, value: object, allowed: Sequence[str]) -> ApiError:
    """A field names something that does not exist."""
    quoted = [f"'{one}'" for one in allowed]
    listed = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])}, and {quoted[-1]}"
    return ApiError(
        400,
        f"Invalid value: '{value}'. Supported values are: {listed}.",
        param=param,
        code="invalid_value",
    )


def out_of_range(
    param: str, value: float, low: float | None, high: float | None, kind: str
) -> ApiError:
    """A number lies outside its bounds; `kind` is `integer` or `decimal`."""
    below = low is not None and value < low
    side, sign, bound = ("below_min", ">=", low) if below else ("above_max", "<=", high)
    words = "below minimum value" if below else "above maximum value"
    return ApiError(
        400,
        f"Invalid '{param}': {kind} {words}. Expected a value {sign} {bound}, "
        f"but got {value} instead.",
        param=param,
        code=f"{kind}_{side}_value",
    )


def unknown_field(name: str) -> ApiError:
    """The body carries a field that this endpoint does not know."""
    return ApiError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def unsupported(param: str, why: str) -> ApiError:
    """A field that this model (or this sandbox) does not serve."""
    return ApiError(400, why, param=param, code="unsupported_parameter")


def no_key() -> ApiError:
    """No bearer token."""
    return ApiError(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization "
        "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
    )


def unknown_model(name: str) -> ApiError:
    """No such model."""
    return ApiError(
        404,
        f"The model `{name}` does not exist or you do not have access to it.",
        code="model_not_found",
    )


def wrong_endpoint(name: str, path: str) -> ApiError:
    """The model exists but is not served under this path."""
    return ApiError(
        404,
        f"The model `{name}` is not supported in the {path} endpoint.",
        param="model",
    )


def unknown_path(method: str, path: str) -> ApiError:
    """No such URL."""
    return ApiError(404, f"Invalid URL ({method} {path})", code="unknown_url")


def wrong_method(method: str, path: str) -> ApiError:
    """The URL exists for another method."""
    return ApiError(
        405,
        f"Not allowed to {method} on {path}. "
        "(HINT: Perhaps you meant to use a different HTTP method?)",
        code="method_not_supported",
    )


def context_exceeded(limit: int, prompt_tokens: int, output_tokens: int, param: str) -> ApiError:
    """Prompt and asked-for output do not fit the model."""
    if output_tokens:
        text = (
            f"This model's maximum context length is {limit} tokens. However, you requested "
            f"{prompt_tokens + output_tokens} tokens ({prompt_tokens} in the {param}, "
            f"{output_tokens} in the completion). Please reduce the length of the {param} "
            "or completion."
        )
    else:
        text = (
            f"This model's maximum context length is {limit} tokens. However, your {param} "
            f"resulted in {prompt_tokens} tokens. Please reduce the length of the {param}."
        )
    return ApiError(400, text, param=param, code="context_length_exceeded")


def output_too_large(param: str, value: int, limit: int) -> ApiError:
    """More output asked for than the model can give."""
    return ApiError(
        400,
        f"{param} is too large: {value}. This model supports at most {limit} completion tokens, "
        f"whereas you provided {value}.",
        param=param,
        code="invalid_value",
    )


def json_type(value: object) -> str:
    """How OpenAI names the JSON type of `value` in a message."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def wrong_key(key: str) -> ApiError:
    """A key that OpenAI would not know: here, one that starts with `WRONG_KEY`."""
    shown = f"{key[:8]}{'*' * 8}{key[-4:]}"
    return ApiError(
        401,
        f"Incorrect API key provided: {shown}. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        code="invalid_api_key",
    )


def ordered(status: int) -> ApiError:
    """The error that a test ordered by status."""
    if status == 429:
        return ApiError(
            429,
            "Rate limit reached for requests. Please try again in 20ms.",
            kind="requests",
            code="rate_limit_exceeded",
        )
    if status >= 500:
        return ApiError(
            status,
            "The server had an error while processing your request. Sorry about that!",
            kind="server_error",
        )
    return ApiError(status, f"The sandbox was ordered to answer {status}.")
