"""Other tools' headers, each in the form in which its tool writes them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.aliases import AGENT, CAMPAIGN, EXECUTION, TASK, read_aliases
from proxy.errors import Refusal

ALL = ("x-litellm-tags", "helicone-property", "x-portkey-metadata", "baggage")


def read(name, *headers):
    given = [(key.encode(), value.encode()) for key, value in headers]
    return {ours: said[0].value.decode() for ours, said in read_aliases(given, [name]).items()}


def refused(name, *headers):
    with pytest.raises(Refusal) as caught:
        read(name, *headers)
    assert caught.value.status == 400
    return caught.value.message


WRITTEN = {
    "litellm 1.106, extra_headers": (
        "x-litellm-tags", "campaign:Spring%20sale,agent:SEO",
    ),
    "portkey-ai 2.3, metadata": (
        "x-portkey-metadata", '{"campaign": "Spring sale", "agent": "SEO", "_user": "u"}',
    ),
    "opentelemetry-python 1.45, baggage": (
        "baggage", "campaign=Spring+sale,agent=SEO,user+id=x",
    ),
    "opentelemetry-js, baggage": (
        "baggage", "campaign=Spring%20sale,agent=SEO;ttl=1",
    ),
}  # fmt: skip
"""What these clients were seen to send."""


@pytest.mark.parametrize("client", WRITTEN)
def test_what_a_client_was_seen_to_send(client):
    name, value = WRITTEN[client]
    assert read(name, (name, value)) == {CAMPAIGN: "Spring sale", AGENT: "SEO"}


def test_portkey_writes_other_letters_as_escapes():
    written = '{"campaign": "Fr\\u00fchling"}'
    assert read("x-portkey-metadata", ("x-portkey-metadata", written)) == {CAMPAIGN: "Frühling"}


def test_what_is_not_listed_is_not_read():
    headers = [(b"x-litellm-tags", b"campaign:c"), (b"baggage", b"campaign=c")]
    assert read_aliases(headers, ()) == {}
    assert list(read_aliases(headers, ["baggage"])) == [CAMPAIGN]


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("campaign:spring,agent:SEO", {CAMPAIGN: "spring", AGENT: "SEO"}),
        ("prod, campaign_id=spring , x-agent-type:ad", {CAMPAIGN: "spring", AGENT: "ad"}),
        ("execution_id:run:7,task:a%2Cb", {EXECUTION: "run:7", TASK: "a,b"}),
        ("jobID:214590,taskName:run_page", {}),
        ("User-Agent: litellm", {}),
        (",,:,=", {}),
        ("campaign:c,campaign:c", {CAMPAIGN: "c"}),
    ],
)
def test_litellm_tags(tags, found):
    assert read("x-litellm-tags", ("x-litellm-tags", tags)) == found


def test_helicone_properties():
    headers = [
        ("Helicone-Property-Campaign", "Spring%20sale"),
        ("helicone-property-agent-type", "seo"),
        ("Helicone-Property-Session", "24"),
        ("Helicone-Auth", "Bearer x"),
    ]
    assert read("helicone-property", *headers) == {CAMPAIGN: "Spring sale", AGENT: "seo"}


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ('{"_user": "u", "campaign": "50% off"}', {CAMPAIGN: "50% off"}),
        ('{"campaign_id": 7}', {CAMPAIGN: "7"}),
        ('{"environment": "production"}', {}),
        ('{"campaign": "Frühling"}', {CAMPAIGN: "Frühling"}),
    ],
)
def test_portkey_metadata(metadata, found):
    assert read("x-portkey-metadata", ("x-portkey-metadata", metadata)) == found


@pytest.mark.parametrize("metadata", ["campaign=c", "[1]", "", '"c"', "{"])
def test_portkey_metadata_is_a_json_object(metadata):
    told = refused("x-portkey-metadata", ("x-portkey-metadata", metadata))
    assert "x-portkey-metadata" in told
    assert "JSON object" in told


@pytest.mark.parametrize(
    ("baggage", "found"),
    [
        (["campaign=spring%20sale;ttl=1,userId=7"], {CAMPAIGN: "spring sale"}),
        (["userId=7", "campaign = c , agent=SEO"], {CAMPAIGN: "c", AGENT: "SEO"}),
        (['camp aign=x,=y,campaign="q",,;,agent', "campaign=ok"], {CAMPAIGN: "ok"}),
        (["campaign=first,campaign=second"], {CAMPAIGN: "first"}),
        (["campaign=a%2Bb+c"], {CAMPAIGN: "a+b c"}),
    ],
)
def test_baggage(baggage, found):
    assert read("baggage", *(("baggage", value) for value in baggage)) == found


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("x-litellm-tags", [("x-litellm-tags", "campaign:a,campaign:b")]),
        ("x-litellm-tags", [("x-litellm-tags", "agent:SEO"), ("x-litellm-tags", "agent_type:AD")]),
        ("helicone-property", [("helicone-property-task", "a"), ("Helicone-Property-Task", "b")]),
        ("x-portkey-metadata", [("x-portkey-metadata", '{"campaign": "a", "campaign_id": "b"}')]),
    ],
)
def test_two_answers_to_one_question_are_refused(name, headers):
    assert "two ways" in refused(name, *headers)


@given(st.lists(st.tuples(st.sampled_from([*ALL, "helicone-property-task"]), st.binary())))
def test_whatever_bytes_come_it_is_read_or_refused(headers):
    """Never another exception: headers are anybody's."""
    with contextlib.suppress(Refusal):
        read_aliases([(name.encode(), value) for name, value in headers], ALL)
