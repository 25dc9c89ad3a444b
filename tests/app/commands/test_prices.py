"""`purser prices` says what a model costs, why, and where tables disagree."""

import json
from pathlib import Path

import orjson
import pytest

from config.model_data import DATA_FILE
from tests.app.conftest import Shop


def overridden(shop: Shop, text: str) -> None:
    shop.config.write_text(f"{shop.config.read_text()}\nprices: {{overrides: {{{text}}}}}\n")


def test_a_model_is_shown_with_every_price(shop: Shop) -> None:
    shown = shop.run("prices", "show", "gpt-5.5")
    assert shown.exit_code == 0
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert "billed as gpt-5.5 (the exact name)" in lines
    assert "kind input above default batch flex priority" in lines
    assert "input 0 5.00 2.50 2.50 12.50" in lines
    assert "input 272,000 10.00 5.00 5.00 (12.50)" in lines
    assert "web_search 0.01" in lines
    assert "longest output 128,000 tokens" in lines
    assert any(line.startswith("version litellm-") for line in lines)
    assert "From your configuration" not in shown.stdout


def test_it_is_told_by_which_rule_a_name_resolves(shop: Shop) -> None:
    shown = shop.run("prices", "show", "openai/gpt-4o-2031-01-01").stdout
    assert "gpt-4o (openai/ cut off, then a dated name as its base)" in shown


def test_an_unknown_name_brings_the_nearest(shop: Shop) -> None:
    shown = shop.run("prices", "show", "gpt-4o-minni")
    assert (shown.exit_code, "gpt-4o-mini" in shown.stderr) == (1, True)
    assert "prices.overrides" in shown.stderr
    assert "Nothing is near it." in shop.run("prices", "show", "zzzzzz").stderr


def test_prices_of_the_configuration_and_of_later_days_are_shown(shop: Shop) -> None:
    overridden(shop, "gpt-4o: {from: 8999-01-01, input_usd_per_1m: 1.5}")
    shown = shop.run("prices", "show", "gpt-4o").stdout
    assert "from 8999-01-01 (UTC)" in shown
    assert "From your configuration: input (default)." in shown
    told = orjson.loads(shop.run("prices", "show", "gpt-4o", "--json").stdout)
    prices = {
        (p["from"], p["origin"]): p["usd"]
        for p in told["prices"]
        if (p["what"], p["tier"]) == ("input", "default")
    }
    assert prices == {(None, "carried"): "2.50", ("8999-01-01", "configuration"): "1.50"}
    assert (told["model"], told["rules"], told["max_output_tokens"]) == ("gpt-4o", [], 16_384)


def test_the_prices_in_force_are_compared_with_the_carried(shop: Shop) -> None:
    assert "0 prices differ, of 222 models" in shop.run("prices", "diff").stdout
    overridden(shop, "gpt-4o: {input_usd_per_1m: 2}, gpt-x: {input_usd_per_1m: 1}")
    shown = shop.run("prices", "diff")
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert shown.exit_code == 0
    assert "gpt-4o input default 0 today 2.00 2.50" in lines
    assert "Only in force: gpt-x" in lines
    told = orjson.loads(shop.run("prices", "diff", "--json").stdout)
    assert (told["only_ours"], told["prices"][0]["ours_nano"]) == (["gpt-x"], 2_000_000_000)


def test_they_are_compared_with_a_model_map_of_either_form(shop: Shop, tmp_path: Path) -> None:
    ours = tmp_path / "ours.json"
    ours.write_bytes(DATA_FILE.read_bytes())
    assert "0 prices differ" in shop.run("prices", "diff", "--against", str(ours)).stdout
    theirs = tmp_path / "map.json"
    entry = {"mode": "chat", "input_cost_per_token": 3e-6, "litellm_provider": "openai"}
    other = {"mode": "chat", "input_cost_per_token": 1e-6, "litellm_provider": "elsewhere"}
    theirs.write_text(json.dumps({"gpt-4o": entry, "grand-1": other}))
    shown = shop.run("prices", "diff", "--against", str(theirs)).stdout
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "gpt-4o input default 0 today 2.50 3.00" in lines
    assert "grand-1" not in shown
    assert "and 211 more" in shown


def test_they_are_compared_with_another_configuration(shop: Shop, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("prices: {overrides: {gpt-4o: {input_usd_per_1m: 2}}}\n")
    shown = shop.run("prices", "diff", "--against", str(other)).stdout
    assert "1 prices differ" in shown


def test_with_genai_prices_only_what_both_have_is_compared(shop: Shop) -> None:
    told = orjson.loads(shop.run("prices", "diff", "--against", "genai-prices", "--json").stdout)
    assert told["partial"] is True
    assert told["compared"] > 100
    assert told["theirs"].startswith("genai-prices-")
    assert all(None not in (p["ours_nano"], p["theirs_nano"]) for p in told["prices"])
    text = {"gpt-4o", "gpt-4o-mini", "gpt-5", "o3", "gpt-4.1"}
    wrong = [p for p in told["prices"] if p["model"] in text and not p["what"].endswith("fee")]
    assert wrong == [], "two independent lists agree on the models that most calls use"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read"),
        ("{", "is no JSON"),
        ("[]", "is no model map"),
        ("{}", "no model of OpenAI's"),
        ('{"m": {"mode": "chat", "input_cost_per_smile": 1}}', "does not know the cost"),
        ('{"source": "x", "fees": {}, "models": {"m": {}}}', "is no model map"),
    ],
)
def test_what_is_no_table_is_told(
    shop: Shop, tmp_path: Path, content: str | None, why: str
) -> None:
    file = tmp_path / "table.json"
    if content is not None:
        file.write_text(content)
    for command in (("prices", "diff"), ("reconcile", "--reprice")):
        shown = shop.run(*command, "--against", str(file))
        assert (shown.exit_code, why in shown.stderr) == (2, True), shown.output
