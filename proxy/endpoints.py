"""Every path of the API, and what Purser does with it: one table, read from top to bottom.

How each shape is bounded, and where its usage stands, `MEANS` says in `proxy/endpoint.py`;
`docs/endpoints.md` shows both side by side.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from config.bounds import (
    AUDIO_BYTES_MAX,
    FILE_BYTES_MAX,
    IMAGES_BYTES_MAX,
    PART_BYTES_MAX,
)
from config.models import Fee
from proxy.endpoint import MEANS, Endpoint, Kind, Means, Shape

__all__ = [
    "ENDPOINTS",
    "MEANS",
    "Endpoint",
    "Kind",
    "Means",
    "Shape",
    "UnknownPath",
    "WrongMethod",
    "find",
    "matches",
]


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
_READ = "reading what was made before costs nothing, and was charged when it was made"
_LIST = "a list or description that costs nothing"
_FILES = "the provider stores files without charge; what reads them later is metered then"
_WORDS = "items of a conversation are paid for when a response reads them"
_COUNT = "the provider counts without charge"
_TRAIN = "training is billed by what the job reads, which shows only when it has ended"
_REALTIME = "its spend runs over a connection that is not metered here"
_STORAGE = "what it keeps is billed by the gigabyte and day, outside of any call"
_SESSION = "a session is billed by its length and memory, outside of any call"
_AGENTS = "runs loop over models and tools, and their cost shows in no single answer"
_SOURCE = "the length of what it makes follows a source that is not seen here"
_NEW = "how it is billed is not known here"
_ADMIN = "it administers the account, and spends nothing an agent needs"


def _rows(
    kind: Kind,
    why: str,
    paths: Iterable[str],
    shape: Shape = Shape.NONE,
    upload_bytes_max: int | None = None,
) -> tuple[Endpoint, ...]:
    split = (row.split() for row in paths)
    return tuple(
        Endpoint(method, path, kind, shape, why, upload_bytes_max) for methods, path in split
        for method in methods.split(",")
    )  # fmt: skip


def _metered(path: str, shape: Shape, upload_bytes_max: int | None = None) -> Endpoint:
    return Endpoint("POST", path, Kind.METERED, shape, upload_bytes_max=upload_bytes_max)


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    # Models that answer.
    _metered("/v1/chat/completions", Shape.CHAT),
    _metered("/v1/responses", Shape.RESPONSES),
    _metered("/v1/responses/compact", Shape.COMPACT),
    _metered("/v1/completions", Shape.COMPLETIONS),
    _metered("/v1/embeddings", Shape.EMBEDDINGS),
    _metered("/v1/images/generations", Shape.IMAGES),
    _metered("/v1/images/edits", Shape.IMAGES, IMAGES_BYTES_MAX),
    _metered("/v1/images/variations", Shape.IMAGES, IMAGES_BYTES_MAX),
    _metered("/v1/audio/speech", Shape.SPEECH),
    _metered("/v1/audio/transcriptions", Shape.TRANSCRIPTION, AUDIO_BYTES_MAX),
    _metered("/v1/audio/translations", Shape.TRANSCRIPTION, AUDIO_BYTES_MAX),
    _metered("/v1/videos", Shape.VIDEO, IMAGES_BYTES_MAX),
    Endpoint("GET", "/v1/realtime", Kind.METERED, Shape.REALTIME, "each response is held for"),
    Endpoint("POST", "/v1/vector_stores/{id}/search", Kind.METERED, Shape.FIXED,
             fee=Fee.FILE_SEARCH),
    # What costs nothing.
    *_rows(Kind.FREE, _LIST, [
        "GET /v1/models",
        "GET /v1/models/{model}",
    ]),
    *_rows(Kind.FREE, _COUNT, [
        "POST /v1/moderations",
        "POST /v1/responses/input_tokens",
        "POST /v1/fine_tuning/alpha/graders/validate",
    ]),
    *_rows(Kind.FREE, _READ, [
        "GET /v1/chat/completions",
        "GET,POST,DELETE /v1/chat/completions/{id}",
        "GET /v1/chat/completions/{id}/messages",
        "DELETE /v1/responses/{id}",
        "GET /v1/responses/{id}/input_items",
        "GET /v1/videos",
        "GET,DELETE /v1/videos/{id}",
        "GET /v1/videos/{id}/content",
        "GET /v1/batches",
        "GET /v1/fine_tuning/jobs",
        "GET /v1/fine_tuning/jobs/{rest*}",
        "POST /v1/fine_tuning/jobs/{id}/cancel",
        "POST /v1/fine_tuning/jobs/{id}/pause",
        "GET /v1/evals",
        "GET,DELETE /v1/evals/{rest*}",
        "GET /v1/vector_stores",
        "GET,DELETE /v1/vector_stores/{rest*}",
        "GET /v1/containers",
        "GET,DELETE /v1/containers/{rest*}",
        "GET /v1/skills",
        "GET,DELETE /v1/skills/{rest*}",
        "GET /v1/assistants",
        "GET,DELETE /v1/assistants/{id}",
        "GET,DELETE /v1/threads/{rest*}",
    ]),
    *_rows(Kind.FREE, _WORDS, [
        "POST /v1/conversations",
        "GET,POST,DELETE /v1/conversations/{rest*}",
    ]),
    *_rows(Kind.FREE, _FILES, [
        "GET /v1/files",
        "GET,DELETE /v1/files/{id}",
        "GET /v1/files/{id}/content",
        "POST /v1/uploads",
        "POST /v1/uploads/{id}/complete",
        "POST /v1/uploads/{id}/cancel",
    ]),
    *_rows(Kind.FREE, _FILES, ["POST /v1/files"], upload_bytes_max=FILE_BYTES_MAX),
    *_rows(
        Kind.FREE, _FILES, ["POST /v1/uploads/{id}/parts"], upload_bytes_max=PART_BYTES_MAX
    ),
    # What shows its cost later.
    *_rows(Kind.LATE, _LATER, [
        "GET /v1/responses/{id}",
        "POST /v1/responses/{id}/cancel",
    ], Shape.RESPONSES),
    *_rows(Kind.LATE, _LATER, [
        "POST /v1/batches",
        "GET /v1/batches/{id}",
        "POST /v1/batches/{id}/cancel",
    ], Shape.BATCH),
    # What cannot be seen or bounded here.
    *_rows(Kind.REFUSED, _TRAIN, [
        "POST /v1/fine_tuning/jobs",
        "GET,POST,DELETE /v1/fine_tuning/{rest*}",
    ]),
    *_rows(Kind.REFUSED, _SOURCE, [
        "POST /v1/videos/{rest*}",
    ]),
    *_rows(Kind.REFUSED, _STORAGE, [
        "POST /v1/vector_stores",
        "POST /v1/vector_stores/{rest*}",
        "POST /v1/skills",
        "POST /v1/skills/{rest*}",
    ]),
    *_rows(Kind.REFUSED, _SESSION, [
        "POST /v1/containers",
        "POST /v1/containers/{rest*}",
        "GET,POST,DELETE /v1/live/{rest*}",
    ]),
    *_rows(Kind.REFUSED, _REALTIME, [
        "POST /v1/realtime/{rest*}",
        "GET /v1/responses",
    ]),
    *_rows(Kind.REFUSED, _AGENTS, [
        "POST /v1/evals",
        "POST /v1/evals/{rest*}",
        "POST /v1/assistants",
        "POST /v1/assistants/{id}",
        "POST /v1/threads",
        "POST /v1/threads/{rest*}",
        "GET,POST,DELETE /v1/agents",
        "GET,POST,DELETE /v1/agents/{rest*}",
        "POST /v1/chatkit/{rest*}",
    ]),
    *_rows(Kind.REFUSED, _NEW, [
        "POST /v1/decisions",
        "POST /v1/content_provenance_checks",
        "GET,POST,DELETE /v1/audio/voices",
        "GET,POST,DELETE /v1/audio/voice_consents",
    ]),
    *_rows(Kind.REFUSED, _ADMIN, [
        "DELETE /v1/models/{model}",
        "GET,POST,DELETE /v1/organization/{rest*}",
    ]),
)  # fmt: skip


def matches(template: str, path: str) -> bool:
    """Whether a path fits a template of the table; one that may lead elsewhere fits none."""
    if _leads_elsewhere(path):
        return False
    wanted, given = template.split("/"), path.split("/")
    if wanted[-1].endswith("*}"):
        head = len(wanted) - 1
        wanted, given = wanted[:-1], [*given[:head]] if len(given) > head else []
    return len(wanted) == len(given) and all(
        part == is_ or (part.startswith("{") and is_ != "")
        for part, is_ in zip(wanted, given, strict=True)
    )


def _leads_elsewhere(path: str) -> bool:
    """Whether some server would take this path for another one, dots followed.

    What is forwarded is the client's own bytes: a free path must not become a paid one there.
    """
    parts = unquote(path).replace("\\", "/").split("/")
    return any(part.partition(";")[0] in (".", "..") for part in parts)


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
