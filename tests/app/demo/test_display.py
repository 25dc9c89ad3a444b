"""What a demo shows: bars on a terminal, lines elsewhere, and a summary that owns up."""

from io import StringIO

from rich.console import Console

from app.demo.agents import Answer
from app.demo.display import Display, totals
from app.demo.summary import Books, summary
from app.demo.tally import Tally
from app.demo.workload import Ask
from storage.reconcile import Report

ASK = Ask("SEO", "spring", "draft", "/v1/embeddings", {}, False, 0.0)
CLEAN = Report(7, "epoch", 4, (), (), ())


def tally() -> Tally:
    found = Tally({"spring": 2_000_000_000})
    found.count(ASK, Answer(200, 1_000_000_000, 1234))
    found.count(ASK, Answer(429, refusal="budget_exceeded"))
    found.count(ASK, Answer(0))
    found.end()
    return found


def shown(*, terminal: bool) -> str:
    said = StringIO()
    console = Console(file=said, force_terminal=terminal, width=100, color_system=None)
    with Display(tally(), "http://127.0.0.1:1", console) as display:
        display.update()
    return said.getvalue()


def test_a_terminal_gets_a_bar_for_each_campaign() -> None:
    text = shown(terminal=True)
    assert "http://127.0.0.1:1" in text
    (line, *_) = [line for line in text.splitlines() if line.startswith("spring")]
    assert "━" in line
    assert line.split()[-5:] == ["1.0000", "2.0000", "3", "1", "1,234"]


def test_a_file_gets_a_plain_line() -> None:
    assert shown(terminal=False).startswith(
        "3 calls, 1 refused, 1 failed, 1.0000 USD, 1,234 tokens"
    )


def test_the_summary_says_that_the_books_agree() -> None:
    text = summary(tally(), Books(CLEAN, 1_000_000_000, 1))
    assert totals(tally()).partition(" calls/s")[0].split(",")[0] in text
    assert "Refused: budget_exceeded 1." in text
    assert "were told 1.00 USD; the ledger has 1.00 USD" in text
    assert "agree" in text


def test_the_summary_says_that_they_do_not() -> None:
    gap = Report(7, "epoch", 4, (), ((3, 3),), ())
    books = Books(gap, 1_000_000_000, 1)
    assert "DIFFER" in summary(tally(), books)
    assert not books.agree_with(tally())


def test_what_no_agent_was_told_is_no_agreement_unless_a_call_failed() -> None:
    all_answered = Tally({})
    all_answered.count(ASK, Answer(200, 1_000_000_000, 1234))
    assert not Books(CLEAN, 2_000_000_000, 1).agree_with(all_answered)
    assert Books(CLEAN, 1_000_000_000, 1).agree_with(all_answered)
    assert Books(CLEAN, 2_000_000_000, 1).agree_with(tally()), "its agent may not have heard"
