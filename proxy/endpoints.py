"""Every path of the API, and what Purser does with it: one table, read from top to bottom."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a call of this endpoint means for a budget."""

    FREE = "free"
    METERED = "metered"
    LATE = "late"
    REFUSED = "refused"


class Shape(StrEnum):
    """Where model, ceilings and usage stand in body and answer."""

    CHAT = "chat"
    RESPONSES = "responses"
    COMPLETIONS = "completions"
    EMBEDDINGS = "embeddings"
    BATCH = "batch"
    REALTIME = "realtime"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the table. `path` is a template: `{…}` stands for one segment, `{…*}` for more."""

    method: str
    path: str
    kind: Kind
    shape: Shape = Shape.NONE
    why: str = ""
    """Why it is refused (or free): said to the client."""

    @property
    def name(self) -> str:
        """What rules and the ledger call this endpoint: its path, without the version."""
        return self.path.removeprefix("/v1/")

    @property
    def takes_usage_option(self) -> bool:
        """Streams tell their usage only with `stream_options.include_usage`."""
        return self.shape in (Shape.CHAT, Shape.COMPLETIONS)


class UnknownPath(Exception):
    """No row of the table has this path: what it spends cannot be known."""

    def __init__(self, path: str) -> None:
        super().__init__(f"Unknown path: {path}")
        self.path = path


class WrongMethod(Exception):
    """The path is known, the method is not; `allowed` is what `Allow` should say."""

    def __init__(self, method: str, path: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"{path} does not take {method}; it takes {', '.join(allowed)}")
        self.allowed = allowed


_LATER = "begins, shows or ends work whose cost comes late: held until it is known"
_JOB = "it starts a job whose cost only shows after the answer"
_STORED = "stored answers belong to no caller here, and reading them is not enforced yet"
_UNIT = "it is billed by the image, second or character, which is not bounded here yet"
_REALTIME = "its spend runs over a connection that is not metered here yet"
_STORAGE = "what it keeps is billed by the day, outside of any call"
_AGENTS = "runs loop over models and tools, and their cost shows in no single answer"
_ADMIN = "it administers the account, and spends nothing an agent needs"


def _rows(
    kind: Kind, why: str, paths: Iterable[str], shape: Shape = Shape.NONE
) -> tuple[Endpoint, ...]:
    split = (row.split() for row in paths)
    return tuple(
        Endpoint(method, path, kind, shape, why) for methods, path in split
        for method in methods.split(",")
    )  # fmt: skip


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("POST", "/v1/chat/completions", Kind.METERED, Shape.CHAT),
    Endpoint("POST", "/v1/responses", Kind.METERED, Shape.RESPONSES),
    Endpoint("POST", "/v1/completions", Kind.METERED, Shape.COMPLETIONS),
    Endpoint("POST", "/v1/embeddings", Kind.METERED, Shape.EMBEDDINGS),
    Endpoint("GET", "/v1/realtime", Kind.METERED, Shape.REALTIME, "each response is held for"),
    Endpoint("GET", "/v1/models", Kind.FREE, why="a list that costs nothing"),
    Endpoint("GET", "/v1/models/{model}", Kind.FREE, why="a description that costs nothing"),
    *_rows(Kind.LATE, _LATER, [
        "GET /v1/responses/{id}",
        "POST /v1/responses/{id}/cancel",
    ], Shape.RESPONSES),
    *_rows(Kind.LATE, _LATER, [
        "POST /v1/batches",
        "GET /v1/batches/{id}",
        "POST /v1/batches/{id}/cancel",
    ], Shape.BATCH),
    Endpoint("GET", "/v1/batches", Kind.FREE, why="a list that costs nothing"),
    *_rows(Kind.REFUSED, _ADMIN, [
        "DELETE /v1/models/{model}",
        "GET,POST,DELETE /v1/organization/{rest*}",
    ]),
    *_rows(Kind.REFUSED, _STORED, [
        "GET /v1/chat/completions",
        "GET,POST,DELETE /v1/chat/completions/{id}",
        "GET /v1/chat/completions/{id}/messages",
        "DELETE /v1/responses/{id}",
        "GET /v1/responses/{id}/input_items",
        "POST /v1/conversations",
        "GET,POST,DELETE /v1/conversations/{rest*}",
    ]),
    *_rows(Kind.REFUSED, "counting and compacting input is not metered here yet", [
        "POST /v1/responses/input_tokens",
        "POST /v1/responses/compact",
    ]),
    *_rows(Kind.REFUSED, _UNIT, [
        "POST /v1/images/generations",
        "POST /v1/images/edits",
        "POST /v1/images/variations",
        "POST /v1/audio/speech",
        "POST /v1/audio/transcriptions",
        "POST /v1/audio/translations",
        "GET,POST /v1/audio/voices",
        "POST /v1/audio/voice_consents",
        "GET,POST /v1/videos",
        "GET,POST,DELETE /v1/videos/{rest*}",
    ]),
    *_rows(Kind.REFUSED, "moderation is not carried by this proxy yet", ["POST /v1/moderations"]),
    *_rows(Kind.REFUSED, _REALTIME, [
        "POST /v1/realtime/client_secrets",
        "POST /v1/realtime/sessions",
        "POST /v1/realtime/transcription_sessions",
        "POST /v1/realtime/calls",
        "POST /v1/realtime/calls/{rest*}",
        "GET /v1/responses",
    ]),
    *_rows(Kind.REFUSED, _JOB, [
        "GET,POST /v1/fine_tuning/{rest*}",
        "GET,POST /v1/evals",
        "GET,POST,DELETE /v1/evals/{rest*}",
    ]),
    *_rows(Kind.REFUSED, _STORAGE, [
        "GET,POST /v1/files",
        "GET,DELETE /v1/files/{rest*}",
        "POST /v1/uploads",
        "POST /v1/uploads/{rest*}",
        "GET,POST /v1/vector_stores",
        "GET,POST,DELETE /v1/vector_stores/{rest*}",
        "GET,POST /v1/containers",
        "GET,POST,DELETE /v1/containers/{rest*}",
        "GET,POST /v1/skills",
        "GET,POST,DELETE /v1/skills/{rest*}",
    ]),
    *_rows(Kind.REFUSED, _AGENTS, [
        "GET,POST /v1/assistants",
        "GET,POST,DELETE /v1/assistants/{id}",
        "POST /v1/threads",
        "GET,POST,DELETE /v1/threads/{rest*}",
        "POST /v1/chatkit/{rest*}",
    ]),
)  # fmt: skip


def matches(template: str, path: str) -> bool:
    """Whether a path fits a template of the table."""
    wanted, given = template.split("/"), path.split("/")
    if wanted[-1].endswith("*}"):
        head = len(wanted) - 1
        wanted, given = wanted[:-1], [*given[:head]] if len(given) > head else []
    return len(wanted) == len(given) and all(
        part == is_ or (part.startswith("{") and is_ not in ("", ".", ".."))
        for part, is_ in zip(wanted, given, strict=True)
    )


_EXACT: Final = {(row.method, row.path): row for row in ENDPOINTS if "{" not in row.path}
_TEMPLATES: Final = tuple(row for row in ENDPOINTS if "{" in row.path)


def find(method: str, path: str) -> Endpoint:
    """The row of this method and path (without query); the first that fits, exact ones first.

    Raises `UnknownPath`, or `WrongMethod` where other methods fit.
    """
    exact = _EXACT.get((method, path))
    if exact is not None:
        return exact
    if any(row.path == path for row in ENDPOINTS):
        raise WrongMethod(method, path, tuple(row.method for row in ENDPOINTS if row.path == path))
    fitting = [row for row in _TEMPLATES if matches(row.path, path)]
    for row in fitting:
        if row.method == method:
            return row
    if fitting:
        raise WrongMethod(method, path, tuple(dict.fromkeys(row.method for row in fitting)))
    raise UnknownPath(path)
