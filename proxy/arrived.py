"""A request that passed the guard, and what its refusals look like."""

from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from budget.errors import Refused, Unavailable
from proxy.body import BadBody
from proxy.endpoints import Endpoint, Kind
from proxy.errors import bad_request, refused, unavailable
from proxy.exchange import Outbound
from proxy.form import boundary_of
from proxy.headers import one, to_upstream, values
from proxy.identity import Address
from proxy.log import CallLine
from proxy.request import Request
from proxy.terms import Terms
from proxy.upload import Passing, Spool
from storage.key_records import KeyRecord
from storage.records import Caller


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request that passed the guard; its body is read when somebody needs it."""

    request: Request
    terms: Terms
    endpoint: Endpoint
    key: KeyRecord | None
    caller: Caller
    address: Address
    line: CallLine

    @property
    def is_upload(self) -> bool:
        """Whether its body is a form with files, or may be as large as one."""
        if self.endpoint.upload_bytes_max is None:
            return False
        return self.endpoint.kind is not Kind.METERED or self.boundary is not None

    @property
    def boundary(self) -> bytes | None:
        """The boundary of a multipart body; None for JSON. Raises `BadBody` for a bad one."""
        return boundary_of(one(self.request.headers, b"content-type"))

    @property
    def bytes_max(self) -> int:
        """How long its body may be."""
        if not self.is_upload:
            return self.terms.body_bytes_max
        return min(self.terms.upload_bytes_max, self.endpoint.upload_bytes_max or 0)

    async def read(self) -> bytes:
        """The body of a call that uploads nothing."""
        return await self.request.read(self.bytes_max, self.terms.receive_s)

    def passing(self) -> Passing | bytes:
        """The body of an upload, as it comes; none where the head says that there is none."""
        if self.request.has_body:
            return Passing(self.request, self.bytes_max, self.terms.receive_s)
        return b""

    def outbound(self, body: bytes | AsyncIterable[bytes]) -> Outbound:
        """As it goes upstream: the client's own bytes but for what was spliced into `body`.

        What is not held in memory keeps the length that the client stated.
        """
        path = self.address.path.removeprefix(b"/v1")
        if self.request.query:
            path += b"?" + self.request.query
        target = self.terms.target
        headers = to_upstream(self.request.headers, target.api_key)
        if isinstance(body, Spool):
            headers.append((b"content-length", str(body.size_bytes).encode()))
        elif not isinstance(body, bytes):
            stated = values(self.request.headers, b"content-length")
            headers += [(b"content-length", length) for length in stated]
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
