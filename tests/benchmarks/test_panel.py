"""The panel's benchmark tells what a first load weighs and when it is there."""

from benchmarks.panel import WATCH, Load, loads_table


def test_a_first_load_is_told_by_its_medians() -> None:
    loads = [Load(900_000, 800, 810, 1_900), Load(950_000, 900, 910, 2_100)]
    assert loads_table(loads, 1_000).row_count == 1


def test_it_waits_for_what_the_overview_has() -> None:
    for shown in ("#overview-spent-figure", ".quick-chart", "#overview-graph"):
        assert shown in WATCH
