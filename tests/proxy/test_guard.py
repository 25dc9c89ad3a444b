"""The guard's own counting, beside what the tests of the application show."""

import pytest

from proxy.errors import Refusal
from proxy.guard import InFlight, check_framing
from proxy.local import hostname


def test_as_many_as_are_taken_and_no_more():
    places = InFlight()
    places.enter(2)
    places.enter(2)
    with pytest.raises(Refusal) as caught:
        places.enter(2)
    assert caught.value.status == 503
    places.leave()
    places.enter(2)


@pytest.mark.parametrize(
    ("length", "status"), [(b"101", 413), (b"9" * 30, 413), (b"", 400), (b"1e3", 400)]
)
def test_a_length_is_looked_at_before_a_byte_is_read(length, status):
    with pytest.raises(Refusal) as caught:
        check_framing([(b"content-length", length)], 100)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (b"localhost:8080", "localhost"),
        (b"[::1]:8080", "::1"),
        (b"LOCALHOST", "localhost"),
        (b"[::1", ""),
        (b"\xff", ""),
        (b"a@localhost", "localhost"),
    ],
)
def test_the_name_in_a_host_header(host, name):
    assert hostname(host) == name
