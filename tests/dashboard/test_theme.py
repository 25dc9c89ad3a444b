"""The theme: complete, one sheet, nothing from elsewhere; an icon for each agent type."""

import re

import pytest

from config.rates import AGENT_TYPES
from dashboard import theme
from dashboard.icon_shapes import AGENTS, SHAPES
from dashboard.icons import agent_icon, icon, icons_css

CSS = theme.stylesheet()


def test_nothing_is_loaded_from_another_host() -> None:
    addresses = re.findall(r'url\("?([^")]{0,40})', CSS)
    assert addresses
    assert [a for a in addresses if not a.startswith(("data:image/svg+xml,", "fonts/"))] == []
    assert "@import" not in CSS


def test_fonts_are_here_with_their_licences() -> None:
    for address in re.findall(r'url\("(fonts/[^"]+)', CSS):
        font = theme.ASSETS / address
        assert font.stat().st_size < 60_000
        assert "SIL Open Font License" in font.with_suffix(".OFL.txt").read_text()


def test_every_part_is_in_the_sheet() -> None:
    files = {path.stem for path in (theme.ASSETS / "theme").glob("*.css")}
    assert files == set(theme.PARTS)


def test_every_variable_that_is_used_is_defined() -> None:
    defined = set(re.findall(r"(--[\w-]+)\s*:", CSS))
    by_components = {"--w", "--x", "--h", "--spark", "--layer"}
    used = set(re.findall(r"var\((--[\w-]+)\s*\)", CSS))
    assert {u for u in used - defined - by_components if not u.startswith("--mantine")} == set()


def test_every_block_is_closed() -> None:
    bare = re.sub(r'"[^"]*"', "", CSS)
    assert bare.count("{") == bare.count("}")


@pytest.mark.parametrize(
    "asked",
    [
        "prefers-reduced-motion: reduce",
        "prefers-reduced-transparency: reduce",
        "forced-colors: active",
        '[data-theme="light"]',
        '[data-theme="contrast"]',
        '[data-theme="system"]',
        "@supports not (mask-composite: exclude)",
    ],
)
def test_what_people_ask_of_their_system_is_heard(asked: str) -> None:
    assert asked in CSS


def test_at_most_two_layers_are_blurred() -> None:
    assert len(re.findall(r"backdrop-filter:\s*(?!none)", CSS)) <= 2


def test_the_system_theme_needs_a_light_one() -> None:
    with pytest.raises(ValueError, match="light"):
        theme.system_css(":root {}")


def test_each_agent_type_has_an_icon_of_its_own() -> None:
    names = {agent_icon(agent) for agent in AGENT_TYPES}
    assert names == set(AGENTS) - {"unattributed"}
    assert len(set(AGENTS.values())) == len(AGENTS)
    assert agent_icon("unattributed") == "unattributed"
    assert agent_icon("MY_OWN") == "agents"


def test_every_icon_has_its_class() -> None:
    sheet = icons_css()
    assert all(f".icon-{name} {{" in sheet for name in SHAPES)
    assert len(SHAPES) == sheet.count("--icon:")


def test_an_icon_is_named_or_hidden() -> None:
    assert icon("copy").to_plotly_json()["props"]["aria-hidden"] == "true"
    named = icon("copy", "Copy id").to_plotly_json()["props"]
    assert (named["role"], named["aria-label"]) == ("img", "Copy id")
    with pytest.raises(KeyError):
        icon("unheard-of")
