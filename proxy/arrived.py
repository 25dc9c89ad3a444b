"""A request that passed the guard, and what its refusals look like."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from budget.errors import Refused, Unavailable
from proxy.body import BadBody
from proxy.endpoints import Endpoint
from proxy.errors import bad_request, refused, unavailable
from proxy.exchange import Outbound
from proxy.headers import to_upstream
from proxy.identity import Address
from proxy.log import CallLine
from proxy.request import Request
from proxy.terms import Terms
from storage.key_records import KeyRecord
from storage.records import Caller


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request that passed the guard, with its body."""

    request: Request
    terms: Terms
    endpoint: Endpoint
    key: KeyRecord | None
    caller: Caller
    address: Address
    raw: bytes
    line: CallLine

    def outbound(self, body: bytes) -> Outbound:
        """As it goes upstream: the client's own bytes but for what was spliced into `body`."""
        path = self.address.path.removeprefix(b"/v1")
        if self.request.query:
            path += b"?" + self.request.query
        target = self.terms.target
        headers = to_upstream(self.request.headers, target.api_key)
        return Outbound(target, self.request.method, path, headers, body)


@contextmanager
def answered(terms: Terms) -> Iterator[None]:
    """Turn what stops a call before it is sent into a `Refusal`."""
    try:
        yield
    except BadBody as error:
        raise bad_request(error.message, error.param, error.code) from error
    except Refused as error:
        raise refused(error, terms.spent_status) from error
    except Unavailable as error:
        raise unavailable(error) from error
