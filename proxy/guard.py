"""What a request must be before anything of it is believed: bounded and well framed."""

from typing import Final

from config.bounds import HEADER_BYTES_MAX, UPLOAD_BYTES_MAX_CEILING
from proxy.errors import HeaderList, Refusal, bad_request, too_busy
from proxy.headers import values
from proxy.request import Request, too_large

HEADERS_MAX: Final = 128
LINE_BYTES_MAX: Final = 8 * 1024
"""The request target, path and query together."""


class InFlight:
    """Counts the requests that a process is working on."""

    def __init__(self) -> None:
        self.count = 0

    def enter(self, in_flight_max: int) -> None:
        """Take a place; raises a 503 `Refusal` when all are taken. Pair with `leave`."""
        if self.count >= in_flight_max:
            raise too_busy(in_flight_max)
        self.count += 1

    def leave(self) -> None:
        """Give the place back."""
        self.count -= 1


def check(request: Request) -> None:
    """Raise a `Refusal` for a request whose head alone is reason enough."""
    check_bounds(request)
    check_framing(request.headers, UPLOAD_BYTES_MAX_CEILING)


def check_bounds(request: Request) -> None:
    """431 or 414 for a head above its bounds."""
    size = sum(len(name) + len(value) for name, value in request.headers)
    if size > HEADER_BYTES_MAX or len(request.headers) > HEADERS_MAX:
        raise Refusal(
            431,
            f"The request has {len(request.headers)} headers of {size:,} bytes; "
            f"{HEADERS_MAX} of {HEADER_BYTES_MAX:,} bytes are taken.",
            code="headers_too_large",
        )
    if len(request.raw_path) + len(request.query) > LINE_BYTES_MAX:
        raise Refusal(414, f"The URL is longer than {LINE_BYTES_MAX:,} bytes.", code="url_too_long")


def check_framing(headers: HeaderList, body_bytes_max: int) -> None:
    """400 for a body of two lengths, 413 for one too long, 415 for one compressed."""
    lengths = values(headers, b"content-length")
    codings = values(headers, b"transfer-encoding")
    if len(lengths) > 1 or len(codings) > 1 or (lengths and codings):
        raise bad_request(
            "The request states the length of its body more than once: one Content-Length, "
            "or Transfer-Encoding: chunked, is allowed.",
            code="ambiguous_framing",
        )
    if codings and codings[0].strip().lower() != b"chunked":
        raise bad_request(
            "The only Transfer-Encoding taken is chunked.", code="unknown_transfer_encoding"
        )
    if lengths:
        if not lengths[0].isdigit():
            raise bad_request("Content-Length is not a number.", code="ambiguous_framing")
        if int(lengths[0][:20]) > body_bytes_max:
            raise too_large(body_bytes_max)
    for coding in values(headers, b"content-encoding"):
        if coding.strip().lower() not in (b"", b"identity"):
            raise Refusal(
                415,
                "Compressed request bodies are not taken: their tokens could not be counted "
                "before they are sent. Send the body without Content-Encoding.",
                code="unsupported_content_encoding",
            )


def check_length(headers: HeaderList, bytes_max: int, setting: str) -> None:
    """413 for a body that states to be longer than its path takes."""
    for length in values(headers, b"content-length"):
        if int(length[:20]) > bytes_max:
            raise too_large(bytes_max, setting)
