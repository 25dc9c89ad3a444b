"""The list of calls says what the ledger says: as rows, in the drawer, as CSV, and corrected."""

import csv
import io
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dash.exceptions import PreventUpdate

from config.money import usd_text
from dashboard import actions, errors
from dashboard.context import PREFIX, Context, current_session
from dashboard.errors import Invalid, NotAllowed
from dashboard.exports import TRANSACTIONS, Exports
from dashboard.feed import row_of
from dashboard.http import Refused
from dashboard.pages.transactions import correcting, details, flight
from dashboard.pages.transactions.cards import card_list
from dashboard.pages.transactions.grid import COLUMNS, scripts
from dashboard.pages.transactions.page import PAGE, _place
from dashboard.state import parse
from storage.records import Flag, LedgerEntry, Status, Usage
from tests.budget.purse import Engines, monthly
from tests.dashboard.pages.desk import ADMIN, VIEWER, open_desk, words

UTC = ZoneInfo("UTC")


def entry(**more: Any) -> LedgerEntry:
    told: dict[str, Any] = {
        "hold_id": "hold-0123456789", "entry": 0, "seq": 1, "status": Status.SETTLED,
        "admitted_ms": 1_790_000_000_000, "posted_ms": 1_790_000_001_000, "request_id": "req-1",
        "agent": "SEO", "campaign": "spring", "task": "draft", "key": "k", "endpoint": "/v1/x",
        "requested_model": "gpt-5", "charge_nano": 41_200_000, "held_nano": 50_000_000,
        "usage": Usage(1_000, 500, cached_tokens=400, reasoning_tokens=100),
    }  # fmt: skip
    return LedgerEntry(**(told | more))


def test_a_row_says_all_of_an_entry_in_words() -> None:
    row = row_of(entry(flags=frozenset({Flag.ESTIMATED, Flag.OVER_HOLD})), UTC)
    assert row["charge"] == "$0.0412"
    assert row["held"] == "of $0.0500 held"
    assert row["units"] == "1,500"
    assert row["split"] == "600 in · 400 cached · 400 out · 100 reasoning"
    assert row["shares"] == [400, 267, 267, 67]
    assert row["status"] == "settled"
    assert row["flags"] == "estimated, above its hold"
    assert {column["field"] for column in COLUMNS} <= row.keys()


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("flag", list(Flag))
def test_every_status_and_flag_has_words(status: Status, flag: Flag) -> None:
    one = entry(status=status, flags=frozenset({flag}), rule="monthly", count=12)
    row = row_of(one, UTC)
    assert row["status"]
    assert row["flags"]
    assert words(details.contents([one], UTC, may_change=True))


def test_units_that_are_no_tokens_are_told() -> None:
    assert row_of(entry(usage=Usage(images=2)), UTC)["units"] == "2 images"
    assert row_of(entry(usage=Usage(audio_seconds=1)), UTC)["units"] == "1 second of audio"
    assert row_of(entry(usage=Usage()), UTC)["units"] == "—"


def test_cards_tell_the_same_and_offer_more() -> None:
    rows = [row_of(entry(), UTC)]
    told = words(card_list(rows, 30, 500, 300, 30))
    assert "$0.0412" in told
    assert "settled" in told
    assert "Show 30 more" in told


def test_the_heavy_scripts_are_named_and_ours() -> None:
    assert all(source.startswith(PREFIX) for source in scripts())


@pytest.mark.parametrize(
    "asked",
    [{"startRow": -1, "endRow": 5}, {"startRow": 0, "endRow": 10**9}, {"startRow": "0"},
     {"startRow": True, "endRow": 2}, {}, {"startRow": 5, "endRow": 1}],
)  # fmt: skip
def test_rows_are_asked_for_by_bounded_numbers(asked: object) -> None:
    with pytest.raises(Invalid):
        _place(asked)
    with pytest.raises(PreventUpdate):
        _place(None)


async def downloaded(exports: Exports, query: str, method: str = "GET") -> tuple[Any, str]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"path": TRANSACTIONS, "query_string": query.encode(), "method": method, "headers": []}
    await exports.serve(scope, None, send)  # type: ignore[arg-type]
    return sent[0], b"".join(message.get("body", b"") for message in sent[1:]).decode()


async def test_the_list_the_file_and_a_correction_agree(
    engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "toast", lambda *_: None)
    monkeypatch.setattr(errors, "set_props", lambda *_: None)
    async with open_desk(engines, tmp_path, monthly("100")) as (services, purse, process):
        calls = [await process.spend(tokens, "=SUM(A1)") for tokens in (100, 250)]
        await process.spend(7, "other")
        await purse.outbox.drain()

        current_session.set(VIEWER)
        view = parse("transactions", "campaign=%3DSUM%28A1%29")
        shown = words(await PAGE.layout(Context(services, VIEWER, view)))
        assert "2 entries" in shown
        assert "in flight" not in shown
        flying = await process.admit(25_000, "=SUM(A1)")
        await process.admit(25_000, "other")
        services.shared.drop()
        shown = words(await PAGE.layout(Context(services, VIEWER, view)))
        assert "1 call in flight, $1.00 held" in shown
        found = await flight.look(services)
        assert found is not None
        assert flight.sign(found, view) == ["2", flying.facts.hold_id]
        assert flight.strip(found, parse("transactions", "status=settled")) is None
        assert "not known while Redis is away" in words(flight.strip(None, view))

        exports = Exports(services)
        head, text = await downloaded(exports, view.query)
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["charge_usd"] for row in rows] == ["0.004", "0.01"]
        assert {row["campaign"] for row in rows} == {"'=SUM(A1)"}
        name = dict(head["headers"])[b"content-disposition"].decode()
        assert name.startswith('attachment; filename="purser-transactions-20')
        assert name.endswith('SUM-A1.csv"')
        assert (await downloaded(exports, "", "HEAD"))[1] == ""
        with pytest.raises(Refused):
            await downloaded(exports, "from=2020-13-01")

        hold = calls[0].facts.hold_id
        asked = {"hold": hold, "entries": 1}
        with pytest.raises(NotAllowed):
            await correcting.post(services, 1, asked, "1", "0", "because")
        _, known = await details.shown(services, hold)
        assert known == asked

        current_session.set(ADMIN)
        for bad in (("-1", "0", "why"), ("1", "x", "why"), ("1", "0", ""), (None, "0", "why")):
            with pytest.raises(Invalid):
                await correcting.post(services, 1, asked, *bad)
        for unseen in (None, {}, {"hold": hold}, {"hold": hold, "entries": 9}):
            with pytest.raises(Invalid):
                await correcting.post(services, 1, unseen, "1", "0", "why")
        await correcting.post(services, 1, asked, "0.5", "0", "the invoice says so")
        with pytest.raises(Invalid, match="meanwhile"):
            await correcting.post(services, 1, asked, "0.6", "0", "again")
        entries = await purse.entries(hold)
        assert usd_text(sum(one.charge_nano for one in entries)) == "0.50"
        told = words((await details.shown(services, hold))[0])
        assert "the invoice says so" in told
        assert "$0.496" in told
        assert (await services.ledger.audited(1))[0].act.who == "ada"
