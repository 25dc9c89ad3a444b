"""Which rules count a call, under which value and in which windows."""

from budget.rulebook import Rulebook
from config.rules import Dimension, Rule, Window, value_digest
from storage.generations import Generation
from storage.holds import Interval
from tests.budget.purse import facts, monthly, usd

JANUARY = Interval(1_767_225_600_000, 1_769_904_000_000)
FEBRUARY = Interval(1_769_904_000_000, 1_772_323_200_000)


def book(*rules: Rule) -> Rulebook:
    return Rulebook(Generation("1", "digest", rules))


def test_a_rule_counts_what_it_matches_however_it_is_written() -> None:
    rules = book(
        monthly("1", "all"),
        monthly("1", "content", match={Dimension.AGENT: "content"}),
        monthly("1", "straße", match={Dimension.CAMPAIGN: "strasse"}),
        monthly("1", "both", match={Dimension.AGENT: "CONTENT", Dimension.CAMPAIGN: "autumn"}),
    )
    assert [r.name for r in rules.applying(facts("Straße"))] == ["all", "content", "straße"]
    assert [r.name for r in rules.applying(facts("AUTUMN"))] == ["all", "content", "both"]
    assert [r.name for r in rules.applying(facts(agent="SEO"))] == ["all"]


def test_a_missing_value_counts_as_unattributed() -> None:
    rules = book(monthly("1", "none", match={Dimension.CAMPAIGN: "Unattributed"}))
    assert rules.applying(facts())


def test_each_splits_by_every_dimension_in_one_order() -> None:
    rule = monthly("1", each=(Dimension.CAMPAIGN, Dimension.AGENT))
    rules = book(rule)
    rules.turn(JANUARY.start_ms)
    (check,) = rules.checks(facts("Autumn"))
    assert check.value == f"{value_digest('content')}.{value_digest('autumn')}"
    assert (check.name, check.counter, check.counts) == ("monthly", rule.counter, "charge")


def test_windows_turn_with_the_clock_that_is_told() -> None:
    rules = book(monthly("1"), Rule("total", usd("1"), Window.TOTAL, "UTC"))
    rules.turn(JANUARY.end_ms - 1)
    month, total = rules.checks(facts())
    assert (month.current, month.following) == (JANUARY, FEBRUARY)
    assert total.current == total.following
    rules.turn(JANUARY.end_ms)
    assert rules.checks(facts())[0].current == FEBRUARY
    rules.turn(JANUARY.start_ms)
    assert rules.checks(facts())[0].current == JANUARY, "a clock may be set back"


def test_a_forgotten_call_counts_in_the_window_of_its_admission() -> None:
    rule = monthly("1", each=(Dimension.CAMPAIGN,))
    rules = book(rule, monthly("1", "seo", match={Dimension.AGENT: "SEO"}))
    (posting,) = rules.postings(facts("Autumn"), JANUARY.end_ms - 1)
    assert (posting.counter, posting.value) == (rule.counter, value_digest("autumn"))
    assert (posting.window_start_ms, posting.window_end_ms) == (JANUARY.start_ms, JANUARY.end_ms)


def test_a_counter_belongs_to_what_is_counted_not_to_its_name() -> None:
    first = monthly("1", "first", match={Dimension.AGENT: "CONTENT"})
    assert first.counter == monthly("2", "second", match={Dimension.AGENT: "content"}).counter
    assert first.counter != monthly("1", "first").counter
    hourly = Rule("first", usd("1"), Window.HOUR, "UTC", {Dimension.AGENT: "CONTENT"})
    assert first.counter != hourly.counter
