"""The page as it is seen before its scripts have run."""

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.index import FIRST, NONCE, First, document
from dashboard.still import Still


def test_it_says_what_the_page_says_without_ids_or_ways_out() -> None:
    drawn = html.Div(
        [
            html.H2("Spent & held", id="heading", title='in "USD"'),
            [None, True, 3],
            dcc.Link("Agents", href="/admin/budget/agents", className="nav-link"),
            html.Details(html.Summary("By"), open=True),
            html.Br(),
        ],
        id="page",
        className="stack",
    )
    assert Still(drawn).markup == (
        '<div class="stack"><h2 title="in &quot;USD&quot;">Spent &amp; held</h2>3'
        '<a class="nav-link">Agents</a><details open><summary>By</summary></details><br></div>'
    )


def test_what_is_not_seen_yet_is_left_out() -> None:
    drawn = [
        html.Dialog("keys"),
        dcc.Store("kept", data=1),
        dmc.Drawer("detail"),
        html.Script("alert(1)"),
    ]
    assert Still(drawn).markup == ""


def test_styles_become_rules_that_cannot_end_their_element() -> None:
    bar, spark = {"--w": "12%", "marginTop": 3}, {"--spark": 'url("</style>")'}
    found = Still([html.Span(style=bar), html.I(className="x", style=spark), html.B(style=bar)])
    assert found.markup == '<span class="s0"></span><i class="x s1"></i><b class="s0"></b>'
    assert found.rules == '.s0{--w:12%;margin-top:3}.s1{--spark:url("\\3c /style>")}'


def test_fields_keep_their_room_and_a_number_is_read() -> None:
    limit = dmc.NumberInput(label="Limit", value=5000, prefix="$", className="limit-number")
    assert Still([dmc.MantineProvider(limit), dmc.Slider(className="limit-slider")]).markup == (
        '<div class="limit-number"><div class="field-label">Limit</div>'
        '<div class="still-field">$5,000</div></div>'
        '<div class="limit-slider"><div class="still-slider"></div></div>'
    )


def test_no_text_of_a_page_ends_the_script_that_carries_it_or_gets_the_nonce() -> None:
    first = First.of(html.Div(f"</script><script>{NONCE}{FIRST}"), 'http://x/?a="b"')
    text = document(f'<p nonce="{NONCE}">{FIRST}</p>', "n1", first).decode()
    assert text.startswith('<p nonce="n1"><style nonce="n1">')
    assert text.count("n1") == 2
    assert text.count("</script>") == 1
    assert 'data-href="http://x/?a=&quot;b&quot;"' in text
    assert document(f"<p>{FIRST}</p>", "n1", None) == b"<p></p>"
