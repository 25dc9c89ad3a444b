"""`purser prices`: what models cost, from where, and how that differs from other tables."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import orjson
import typer

from app.columns import columns
from app.complaints import CONFIGURATION_WRONG, DONE, FAILED, complain
from app.price_tables import GENAI_PRICES, NoTable, table_named
from config.model_data import base_table
from config.models import BILLED_AS, Found, Model, ModelTable, Price, PriceKind
from config.money import usd_text
from config.price_diff import PriceDifference, TableDifference, cells, compare
from config.settings import load
from config.suggest import nearest_of

NEAREST_SHOWN: Final = 5
NAMES_SHOWN: Final = 10


def show(config: Path | None, name: str, *, as_json: bool) -> int:
    """Print everything about one model."""
    table = load(config).models
    found = table.find(name)
    if found is None:
        close = nearest_of(name, table.models, NEAREST_SHOWN)
        complain(
            f"no price is known of {name!r}: nothing has that name, and no rule finds one.",
            f"Near it: {', '.join(close)}." if close else "Nothing is near it.",
            "A model of your own is priced in the file: prices.overrides.",
        )
        return FAILED
    if as_json:
        typer.echo(orjson.dumps(_json(name, found, table), default=str).decode())
    else:
        typer.echo("\n".join(_told(name, found, table)))
    return DONE


def _told(name: str, found: Found, table: ModelTable) -> Iterator[str]:
    model = found.model
    known = {
        "asked for": name,
        "billed as": f"{model.name} ({', then '.join(found.rules) or 'the exact name'})",
        "mode": model.mode,
        "longest input": _tokens(model.max_input_tokens),
        "longest output": _tokens(model.max_output_tokens),
        "reasons": "yes" if model.is_reasoning else "no",
        "retires": model.retires or "",
        "source": table.source,
        "version": table.version,
    }
    yield from (f"{label:<15}  {value}" for label, value in known.items() if value != "")
    carried = _carried(model)
    for since, prices in _lists(model):
        yield ""
        yield _heading(since)
        yield _price_table(prices)
    yield ""
    yield "USD for one call of a hosted tool:"
    fees = [(fee.value, usd_text(nano)) for fee, nano in model.fees_nano.items()]
    yield columns(("tool", "USD"), fees, right=("USD",))
    yield ""
    yield "In brackets: no price of its own there; what is billed instead."
    if billed := [
        f"{kind.value} as {wider.value}"
        for kind, wider in BILLED_AS.items()
        if kind not in model.prices and wider in model.prices
    ]:
        yield f"Without a price of their own: {', '.join(billed)}."
    if own := _configured(model, carried):
        yield f"From your configuration: {', '.join(own)}."


def _lists(model: Model) -> list[tuple[date | None, Model]]:
    """The prices of today and of each later day, oldest first; the day where one is known."""
    today = datetime.now(UTC).date()
    now = model.on(today)
    return [(now.since, now), *((day, model.on(day)) for day, _ in model.changes if day > today)]


def _heading(since: date | None) -> str:
    from_day = "" if since is None else f", from {since} (UTC)"
    return f"USD for a million units, by service tier{from_day}:"


def _price_table(model: Model) -> str:
    rows = []
    for kind, by_tier in model.prices.items():
        thresholds = {above for price in by_tier.values() for above, _ in price.long}
        for above in sorted({0} | thresholds):
            row = [_cell(model, kind, tier, above) for tier in model.tiers]
            rows.append((kind.value, f"{above:,}", *row))
    return columns(("kind", "input above", *model.tiers), rows, right=("input above", *model.tiers))


def _cell(model: Model, kind: PriceKind, tier: str, above: int) -> str:
    price = model.price(kind, tier, above + 1 if above else 0)
    if price is None:
        return "-"
    text = usd_text(price)
    return text if _states(model.prices[kind].get(tier), above) else f"({text})"


def _states(price: Price | None, above: int) -> bool:
    if price is None:
        return False
    return price.base is not None if above == 0 else above in dict(price.long)


def _carried(model: Model) -> Model | None:
    return base_table().models.get(model.name)


def _configured(model: Model, carried: Model | None) -> list[str]:
    """Which prices are not those that Purser carries, of today and later."""
    known = {} if carried is None else cells(carried)
    found = dict.fromkeys(
        f"{what} ({tier})" if tier else what
        for _, prices in _lists(model)
        for (what, tier, above), nano in cells(prices).items()
        if known.get((what, tier, above)) != nano
    )
    return list(found)


def _tokens(limit: int | None) -> str:
    return "not stated" if limit is None else f"{limit:,} tokens"


def _json(name: str, found: Found, table: ModelTable) -> dict[str, Any]:
    model = found.model
    carried = _carried(model)
    known = {} if carried is None else cells(carried)
    return {
        "asked": name,
        "model": model.name,
        "rules": found.rules,
        "mode": model.mode,
        "max_input_tokens": model.max_input_tokens,
        "max_output_tokens": model.max_output_tokens,
        "is_reasoning": model.is_reasoning,
        "retires": model.retires,
        "source": table.source,
        "version": table.version,
        "prices": [
            {
                "what": what,
                "tier": tier,
                "above_tokens": above,
                "from": since,
                "nano": nano,
                "usd": usd_text(nano),
                "origin": "carried" if known.get((what, tier, above)) == nano else "configuration",
            }
            for since, prices in _lists(model)
            for (what, tier, above), nano in cells(prices).items()
        ],
    }


def diff(config: Path | None, against: str | None, *, as_json: bool) -> int:
    """Print where the prices in force differ from the carried, or from another table."""
    ours = load(config).models
    try:
        theirs = base_table() if against is None else table_named(against, ours.models)
    except NoTable as problem:
        complain(f"--against: {problem}")
        return CONFIGURATION_WRONG
    partial = against == GENAI_PRICES
    found = compare(ours, theirs, datetime.now(UTC).date(), partial=partial)
    if as_json:
        body = {"ours": ours.version, "theirs": theirs.version, "partial": partial}
        typer.echo(orjson.dumps(body | asdict(found)).decode())
    else:
        typer.echo("\n".join(_differences(ours, theirs, found, partial=partial)))
    return DONE


def _differences(
    ours: ModelTable, theirs: ModelTable, found: TableDifference, *, partial: bool
) -> Iterator[str]:
    yield f"in force  {ours.version}"
    yield f"against   {theirs.version}"
    yield ""
    if found.prices:
        head = ("model", "what", "tier", "input above", "from", "in force USD", "against USD")
        rows = [_row(difference) for difference in found.prices]
        yield columns(head, rows, right=("input above", "in force USD", "against USD"))
        yield ""
    yield f"{len(found.prices)} prices differ, of {found.compared} models that both have."
    if partial:
        yield f"Compared is only what both have; {len(found.only_ours)} models are not in it."
        return
    for names, where in ((found.only_ours, "in force"), (found.only_theirs, "in the other")):
        if names:
            yield f"Only {where}: {_some(names)}"


def _row(found: PriceDifference) -> tuple[str, ...]:
    return (
        found.model,
        found.what,
        found.tier or "-",
        f"{found.above_tokens:,}",
        "today" if found.since is None else str(found.since),
        _usd(found.ours_nano),
        _usd(found.theirs_nano),
    )


def _usd(nano: int | None) -> str:
    return "-" if nano is None else usd_text(nano)


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
