"""Every path has one meaning."""

import pytest

from proxy.endpoints import ENDPOINTS, MEANS, Kind, Shape, UnknownPath, WrongMethod, find
from tests.proxy.endpoint_page import PAGE, page


@pytest.mark.parametrize(
    ("call", "kind", "shape"),
    [
        ("POST /v1/chat/completions", Kind.METERED, Shape.CHAT),
        ("POST /v1/responses", Kind.METERED, Shape.RESPONSES),
        ("POST /v1/completions", Kind.METERED, Shape.COMPLETIONS),
        ("POST /v1/embeddings", Kind.METERED, Shape.EMBEDDINGS),
        ("GET /v1/models", Kind.FREE, Shape.NONE),
        ("GET /v1/models/gpt-4o", Kind.FREE, Shape.NONE),
        ("GET /v1/models/ft:gpt-4o:acme::x1", Kind.FREE, Shape.NONE),
        ("POST /v1/images/generations", Kind.METERED, Shape.IMAGES),
        ("POST /v1/images/edits", Kind.METERED, Shape.IMAGES),
        ("POST /v1/audio/speech", Kind.METERED, Shape.SPEECH),
        ("POST /v1/audio/translations", Kind.METERED, Shape.TRANSCRIPTION),
        ("POST /v1/videos", Kind.METERED, Shape.VIDEO),
        ("POST /v1/videos/v1/remix", Kind.REFUSED, Shape.NONE),
        ("GET /v1/videos/v1/content", Kind.FREE, Shape.NONE),
        ("POST /v1/responses/compact", Kind.METERED, Shape.COMPACT),
        ("POST /v1/responses/input_tokens", Kind.FREE, Shape.NONE),
        ("POST /v1/responses/resp_1/cancel", Kind.LATE, Shape.RESPONSES),
        ("DELETE /v1/chat/completions/chatcmpl_1", Kind.FREE, Shape.NONE),
        ("POST /v1/moderations", Kind.FREE, Shape.NONE),
        ("POST /v1/files", Kind.FREE, Shape.NONE),
        ("GET /v1/files/file_1/content", Kind.FREE, Shape.NONE),
        ("POST /v1/uploads/u1/parts", Kind.FREE, Shape.NONE),
        ("POST /v1/vector_stores", Kind.REFUSED, Shape.NONE),
        ("POST /v1/vector_stores/vs_1/files", Kind.REFUSED, Shape.NONE),
        ("GET /v1/vector_stores/vs_1/files", Kind.FREE, Shape.NONE),
        ("POST /v1/vector_stores/vs_1/search", Kind.METERED, Shape.FIXED),
        ("POST /v1/conversations/c1/items", Kind.FREE, Shape.NONE),
        ("POST /v1/containers", Kind.REFUSED, Shape.NONE),
        ("POST /v1/batches", Kind.LATE, Shape.BATCH),
        ("GET /v1/batches/b1", Kind.LATE, Shape.BATCH),
        ("POST /v1/evals/e1/runs", Kind.REFUSED, Shape.NONE),
        ("POST /v1/fine_tuning/jobs", Kind.REFUSED, Shape.NONE),
        ("POST /v1/realtime/client_secrets", Kind.REFUSED, Shape.NONE),
        ("POST /v1/threads/t1/runs", Kind.REFUSED, Shape.NONE),
        ("GET /v1/responses/resp_1", Kind.LATE, Shape.RESPONSES),
        ("DELETE /v1/models/mine", Kind.REFUSED, Shape.NONE),
    ],
)
def test_each_path_has_one_meaning(call: str, kind: Kind, shape: Shape) -> None:
    endpoint = find(*call.split())
    assert (endpoint.kind, endpoint.shape) == (kind, shape)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/unknown",
        "/v1",
        "/",
        "",
        "/v1/models/",
        "/v1/models/a/b",
        "/v1/models/..",
        "/v1/chat/completions/",
        "/v1//chat/completions",
        "/V1/chat/completions",
        "/chat/completions",
        "/v1/chat/completions?x=1",
    ],
)
def test_a_path_that_is_not_in_the_table_is_unknown(path: str) -> None:
    with pytest.raises(UnknownPath) as caught:
        find("POST", path)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("call", "allowed"),
    [
        ("PUT /v1/chat/completions", {"POST", "GET"}),
        ("GET /v1/embeddings", {"POST"}),
        ("POST /v1/models", {"GET"}),
        ("POST /v1/models/gpt-4o", {"GET", "DELETE"}),
        ("post /v1/embeddings", {"POST"}),
    ],
)
def test_a_wrong_method_says_which_are_allowed(call: str, allowed: set[str]) -> None:
    with pytest.raises(WrongMethod) as caught:
        find(*call.split())
    assert set(caught.value.allowed) == allowed


def test_every_row_is_found_by_its_own_path() -> None:
    for row in ENDPOINTS:
        path = row.path.replace("{rest*}", "a/b").replace("{id}", "a").replace("{model}", "a")
        assert find(row.method, path).kind is row.kind


def test_what_is_refused_says_why() -> None:
    assert all(row.why for row in ENDPOINTS if row.kind is not Kind.METERED)


def test_what_is_metered_says_how_it_is_bounded_and_where_its_usage_stands() -> None:
    for row in ENDPOINTS:
        assert (row.shape in MEANS) == (row.kind in (Kind.METERED, Kind.LATE))


def test_the_page_says_what_the_table_says() -> None:
    assert PAGE.read_text() == page(), "write it anew: python -m tests.proxy.endpoint_page"


def test_names_for_rules_leave_out_the_version() -> None:
    assert find("POST", "/v1/chat/completions").name == "chat/completions"
