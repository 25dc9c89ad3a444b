"""Who a call is charged to, and what a client is told that says it wrongly."""

import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.rates import AGENT_TYPES
from config.rules import Dimension
from proxy.errors import Refusal
from proxy.identity import identify, read_address


def who(*headers, path=b"/v1/chat/completions", require=()):
    return identify(
        [(name.encode(), value) for name, value in headers],
        read_address(path),
        frozenset(require),
        lambda raw: "sealed:" + raw.decode(),
    )


def refusal(*headers, **more) -> Refusal:
    with pytest.raises(Refusal) as caught:
        who(*headers, **more)
    assert caught.value.status == 400
    return caught.value


def test_a_caller_without_headers_is_unattributed():
    caller = who()
    assert (caller.agent, caller.campaign, caller.task) == ("unattributed",) * 3
    assert caller.execution_id is None
    assert caller.metadata is None


def test_headers_name_the_caller():
    caller = who(
        ("x-agent-type", b"content"),
        ("x-campaign-id", b" holiday-2024 "),
        ("x-task", b"draft%20the%20post"),
        ("x-execution-id", b"run-7:2"),
        ("x-purser-metadata", b'{"a": 1}'),
    )
    assert caller.agent == "CONTENT"
    assert caller.campaign == "holiday-2024"
    assert caller.task == "draft the post"
    assert caller.execution_id == "run-7:2"
    assert caller.metadata == 'sealed:{"a": 1}'


def test_the_path_names_the_caller_where_no_header_does():
    path = b"/a/seo/c/spring%20sale/v1/responses"
    assert read_address(path).path == b"/v1/responses"
    assert who(path=path).agent == "SEO"
    assert who(path=path).campaign == "spring sale"
    assert who(("x-agent-type", b"AD"), path=path).agent == "AD"


def test_either_half_of_the_path_form_may_be_missing():
    assert who(path=b"/a/seo/v1/models").agent == "SEO"
    assert who(path=b"/c/spring/v1/models").campaign == "spring"


@pytest.mark.parametrize("path", [b"/a//c/x/v1/models", b"/a/nobody/v1/models", b"/c/%00/v1/x"])
def test_bad_values_in_the_path_are_told(path):
    assert "The path's place of X-" in refusal(path=path).message


@given(st.text(min_size=1, max_size=60).filter(lambda t: t.strip(" ") and t.isprintable()))
def test_a_campaign_is_the_same_in_every_spelling(text):
    """Raw or percent-encoded UTF-8, composed or not: one campaign."""
    text = unicodedata.normalize("NFC", text).replace("%", "")
    if not text.strip(" ") or not text.isprintable() or text != unicodedata.normalize("NFC", text):
        return
    decomposed = unicodedata.normalize("NFD", text)
    spellings = {text.encode(), quote(text).encode(), quote(decomposed, safe="").encode()}
    assert {who(("x-campaign-id", value)).campaign for value in spellings} == {text.strip(" ")}


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-agent-type", b""),
        ("x-agent-type", b"two words"),
        ("x-agent-type", b"x" * 65),
        ("x-campaign-id", b""),
        ("x-campaign-id", b"   "),
        ("x-campaign-id", b"%0d%0aSet-Cookie: x"),
        ("x-campaign-id", b"a%00b"),
        ("x-campaign-id", b"%e2%80%8b"),
        ("x-campaign-id", b"\xff"),
        ("x-campaign-id", b"%ff"),
        ("x-campaign-id", b"x" * 129),
        ("x-task", b"a\tb"),
        ("x-execution-id", b"a b"),
        ("x-execution-id", b"a/b"),
        ("x-purser-metadata", b"[]"),
        ("x-purser-metadata", b"{"),
        ("x-purser-metadata", b'{"a": "' + b"x" * 2048 + b'"}'),
    ],
)
def test_values_outside_the_grammar_are_refused_by_name(header, value):
    told = refusal((header, value))
    assert header in told.message.lower()
    assert "allowed" in told.message or "not UTF-8" in told.message


def test_an_unknown_agent_type_is_told_which_there_are():
    told = refusal(("x-agent-type", b"WIZARD"))
    assert told.code == "unknown_agent_type"
    assert all(agent in told.message for agent in AGENT_TYPES)


@pytest.mark.parametrize("header", ["x-agent-type", "x-campaign-id", "x-purser-metadata"])
def test_a_header_that_stands_twice_is_refused(header):
    assert header in refusal((header, b"SEO"), (header, b"SEO")).message


def test_a_deployment_may_require_headers():
    need = {Dimension.AGENT, Dimension.CAMPAIGN}
    assert "X-Campaign-Id" in refusal(("x-agent-type", b"SEO"), require=need).message
    assert who(path=b"/a/SEO/c/x/v1/models", require=need).agent == "SEO"
