"""No request, however malformed, makes the panel fail (5xx), tells a secret or changes anything."""

from tests.security.panel import Target
from tests.security.panel_fuzz import attack, press_all

REQUESTS = 600
SEED = 7


def test_malformed_requests_fail_nothing_tell_nothing_and_change_nothing(target: Target) -> None:
    before = target.books()
    seen = attack(target, REQUESTS, SEED)
    assert seen.wrong == []
    assert target.books() == before
    assert "Exception in ASGI application" not in target.purser.log
    assert sum(seen.statuses.values()) == REQUESTS


def test_a_viewer_changes_nothing_by_any_callback_made_by_hand(target: Target) -> None:
    before = target.books()
    seen = press_all(target, SEED)
    assert seen.wrong == []
    assert target.books() == before
