"""Which headers cross the proxy, in each direction."""

from proxy.headers import named_in_connection, to_client, to_upstream

HOPS = [
    (b"connection", b"keep-alive, X-Hop"),
    (b"x-hop", b"1"),
    (b"keep-alive", b"timeout=5"),
    (b"te", b"trailers"),
    (b"trailer", b"x"),
    (b"transfer-encoding", b"chunked"),
    (b"upgrade", b"h2c"),
    (b"proxy-authorization", b"Basic x"),
    (b"proxy-connection", b"keep-alive"),
]


def test_hop_by_hop_headers_do_not_cross():
    assert to_upstream(HOPS, None) == [(b"accept-encoding", b"identity")]
    assert to_client(HOPS) == []


def test_connection_names_headers_in_any_case_and_in_several_lines():
    headers = [(b"Connection", b"A , b"), (b"connection", b"C")]
    assert named_in_connection(headers) == {b"a", b"b", b"c"}


def test_nothing_of_ours_and_no_credential_goes_upstream():
    headers = [
        (b"authorization", b"Bearer client"),
        (b"api-key", b"client"),
        (b"cookie", b"session=1"),
        (b"x-purser-key", b"pk"),
        (b"x-purser-metadata", b"{}"),
        (b"x-agent-type", b"SEO"),
        (b"x-campaign-id", b"c"),
        (b"x-task", b"t"),
        (b"x-execution-id", b"e"),
        (b"x-forwarded-for", b"10.0.0.1"),
        (b"forwarded", b"for=10.0.0.1"),
        (b"x-portkey-api-key", b"other gateway's"),
        (b"openai-organization", b"org"),
        (b"openai-project", b"proj"),
        (b"openai-beta", b"assistants=v2"),
    ]
    assert to_upstream(headers, "ours") == [
        (b"openai-beta", b"assistants=v2"),
        (b"authorization", b"Bearer ours"),
        (b"accept-encoding", b"identity"),
    ]


def test_no_header_makes_another_request_of_a_free_one():
    headers = [
        (b"X-HTTP-Method-Override", b"POST"),
        (b"x-http-method", b"POST"),
        (b"x-method-override", b"POST"),
        (b"x-original-url", b"/v1/chat/completions"),
        (b"x-rewrite-url", b"/v1/chat/completions"),
    ]
    assert to_upstream(headers, None) == [(b"accept-encoding", b"identity")]


def test_with_the_callers_own_key_its_credentials_and_payer_pass():
    headers = [
        (b"authorization", b"Bearer client"),
        (b"openai-organization", b"org"),
        (b"x-purser-key", b"pk"),
        (b"cookie", b"session=1"),
    ]
    assert to_upstream(headers, None) == [
        (b"authorization", b"Bearer client"),
        (b"openai-organization", b"org"),
        (b"accept-encoding", b"identity"),
    ]


def test_answers_keep_all_but_what_would_bind_the_client_to_another_host():
    headers = [
        (b"X-Request-Id", b"req_1"),
        (b"x-ratelimit-remaining-tokens", b"5"),
        (b"Set-Cookie", b"__cf=1"),
        (b"Strict-Transport-Security", b"max-age=1"),
        (b"Alt-Svc", b"h3"),
        (b"NEL", b"{}"),
        (b"Report-To", b"{}"),
        (b"X-Purser-Upstream", b"another purser"),
        (b"Warning", b"a"),
        (b"Warning", b"b"),
    ]
    assert to_client(headers) == [
        (b"X-Request-Id", b"req_1"),
        (b"x-ratelimit-remaining-tokens", b"5"),
        (b"Warning", b"a"),
        (b"Warning", b"b"),
    ]
