"""HTTP to the upstream: httpx is the interface, aiohttp the transport under it.

The transport is our own, because what a call costs hangs on one question: may anything have
left? The published httpx-aiohttp answers it wrongly (every lost connection becomes
`ConnectTimeout`, also after the request was sent), quotes URLs anew, merges duplicate headers
and sets no time for writing. Here httpx's connect errors mean that nothing was sent, always.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Final

import aiohttp
import httpx
from multidict import CIMultiDict
from yarl import URL

from config.bounds import ANSWER_HEADER_BYTES_MAX
from proxy.errors import (
    Cut,
    HeaderList,
    NeverSent,
    NotConnectedInTime,
    Rubbish,
    TimedOut,
)
from proxy.headers import one

WRITE_BYTES: Final = 64 * 1024
"""Written between two looks at the time for writing."""
KEEP_ALIVE_S: Final = 4.0
"""Below the five seconds after which common servers close an idle connection: a request written
into one that is being closed would have to be charged as sent."""
ANSWER_HEADERS_MAX: Final = 256
STATUSES: Final = range(200, 600)
"""What an answer's head may say; 1xx ones before it are taken silently."""

_NEVER_CONNECTED: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ClientConnectorCertificateError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)


@dataclass(frozen=True, slots=True)
class Target:
    """An upstream. `api_key` None passes the caller's own key on; times are in seconds."""

    url: str
    """With its path, without a slash at its end: `https://api.openai.com/v1`."""
    name: str
    """What `X-Purser-Upstream` says."""
    api_key: str | None
    connect_s: float
    write_s: float
    read_s: float
    pool_s: float


@cache
def tls_context() -> ssl.SSLContext:
    """How upstreams prove who they are: by the certificates that httpx brings along."""
    context: ssl.SSLContext = httpx.create_ssl_context(trust_env=False)
    return context


@contextmanager
def _aiohttp_as_httpx() -> Iterator[None]:
    """Give aiohttp's errors the httpx class that is true of them."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout("no connection in time") from error
    except _NEVER_CONNECTED as error:
        raise httpx.ConnectError(f"no connection ({type(error).__name__})") from error
    except TimeoutError as error:
        raise httpx.ReadTimeout("no bytes in time") from error
    except aiohttp.ClientResponseError as error:
        raise httpx.RemoteProtocolError("not an HTTP answer") from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx.ReadError("the connection was lost") from error


class _AnswerStream(httpx.AsyncByteStream):
    """An answer's bytes as they arrive; closing early closes the connection at once."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _aiohttp_as_httpx():
            async for chunk in self._response.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends an `httpx.Request` as it stands: no header, redirect or decoding of its own.

    What has a body is sent once. (aiohttp repeats a GET on a connection that died while idle.)

    Honours the extensions `timeout` and `target` (the raw request target) as httpcore does, and
    calls `sending` before the first byte of a body leaves.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, keepalive_timeout=KEEP_ALIVE_S, ssl=tls_context()
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
                max_line_size=ANSWER_HEADER_BYTES_MAX,
                max_field_size=ANSWER_HEADER_BYTES_MAX,
                max_headers=ANSWER_HEADERS_MAX,
            )
        return self._session

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send and wait for the answer's head. Raises httpx's errors, each in its true class."""
        times = request.extensions["timeout"]
        with _aiohttp_as_httpx():
            try:
                async with asyncio.timeout(None) as writing:
                    response = await self._open().request(
                        request.method,
                        _raw_url(request),
                        headers=CIMultiDict(
                            (name.decode("latin-1"), _text(value))
                            for name, value in request.headers.raw
                            if name.lower() != b"transfer-encoding"
                        ),
                        data=_pieces(request, writing) if _has_body(request) else None,
                        allow_redirects=False,
                        timeout=aiohttp.ClientTimeout(
                            connect=times["pool"],
                            sock_connect=times["connect"],
                            sock_read=times["read"],
                        ),
                    )
            except TimeoutError as error:
                if writing.expired():
                    raise httpx.WriteTimeout("the request was not taken in time") from error
                raise
        if response.status not in STATUSES:
            response.close()
            raise httpx.RemoteProtocolError(f"an answer of status {response.status}")
        return httpx.Response(
            response.status, headers=response.raw_headers, stream=_AnswerStream(response)
        )

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()


def _raw_url(request: httpx.Request) -> URL:
    """The URL with the request target byte for byte: nothing is quoted or normalised anew."""
    target: bytes = request.extensions["target"]
    origin = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
    return URL(origin + target.decode("ascii"), encoded=True)


def _text(value: bytes) -> str:
    """A header value as text that aiohttp writes as the same bytes wherever they are UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _has_body(request: httpx.Request) -> bool:
    framed = request.headers.get("content-length", "0")
    return "transfer-encoding" in request.headers or framed != "0"


async def _pieces(request: httpx.Request, writing: asyncio.Timeout) -> AsyncIterator[bytes]:
    """The body piece by piece, each to be taken within the time for writing.

    That time does not run while a client is waited for: how slow one may be is not said here.
    """
    now = asyncio.get_running_loop().time
    write_s: float = request.extensions["timeout"]["write"]
    assert isinstance(request.stream, httpx.AsyncByteStream)
    request.extensions["sending"]()
    async for body in request.stream:
        for start in range(0, len(body), WRITE_BYTES):
            writing.reschedule(now() + write_s)
            yield body[start : start + WRITE_BYTES]
        writing.reschedule(None)


@contextmanager
def _httpx_as_ours() -> Iterator[None]:
    """The one place where an httpx error becomes one of ours."""
    try:
        yield
    except httpx.ConnectTimeout as error:
        raise NotConnectedInTime(str(error)) from error
    except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.PoolTimeout) as error:
        raise NeverSent(str(error)) from error
    except httpx.TimeoutException as error:
        raise TimedOut(str(error)) from error
    except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
        raise Rubbish(str(error)) from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise Cut(str(error)) from error


class Answer:
    """An upstream's answer whose head has arrived."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers: HeaderList = list(response.headers.raw)

    @property
    def is_stream(self) -> bool:
        """Whether it says itself to be server-sent events."""
        content_type: str = self._response.headers.get("content-type", "")
        return content_type.partition(";")[0].strip().lower() == "text/event-stream"

    @property
    def is_json(self) -> bool:
        """Whether it says itself to be JSON."""
        content_type: str = self._response.headers.get("content-type", "")
        return content_type.partition(";")[0].strip().lower() == "application/json"

    @property
    def content_encoding(self) -> str | None:
        """Its coding in lower case; None for identity."""
        coding = one(self.headers, b"content-encoding")
        text = "" if coding is None else coding.decode("latin-1").strip().lower()
        return text if text not in ("", "identity") else None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Its bytes as they arrive; raises `Sent` errors."""
        with _httpx_as_ours():
            async for chunk in self._response.stream:  # type: ignore[union-attr]
                yield chunk

    async def read(self, bytes_max: int) -> bytes:
        """All its bytes; raises `Sent` errors, `Rubbish` above `bytes_max`."""
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > bytes_max:
                raise Rubbish(f"an answer of more than {bytes_max:,} bytes")
            parts.append(chunk)
        return b"".join(parts)

    async def aclose(self) -> None:
        """Give the connection back, or close it at once where bytes are still to come."""
        await self._response.aclose()


class Upstream:
    """Sends calls to a target."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport or AiohttpTransport()
        self._urls: dict[str, httpx.URL] = {}

    async def send(
        self,
        target: Target,
        method: str,
        path: bytes,
        headers: HeaderList,
        body: bytes | AsyncIterable[bytes],
        sending: Callable[[], None] = lambda: None,
    ) -> Answer:
        """Send once and wait for the answer's head; raises `UpstreamError`.

        `path` is raw, with its query, and follows the path of the target's URL. `sending` is
        called before the first byte of the body leaves, or earlier. A body that is read piece
        by piece goes in chunks, unless `headers` state its length.
        """
        url = self._urls.get(target.url)
        if url is None:
            url = self._urls[target.url] = httpx.URL(target.url)
        request = httpx.Request(
            method,
            url,
            headers=headers,
            content=body,
            extensions={
                "target": url.raw_path.rstrip(b"/") + path,
                "sending": sending,
                "timeout": {
                    "connect": target.connect_s,
                    "write": target.write_s,
                    "read": target.read_s,
                    "pool": target.pool_s,
                },
            },
        )
        if not isinstance(self._transport, AiohttpTransport):
            sending()
        with _httpx_as_ours():
            return Answer(await self._transport.handle_async_request(request))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()
