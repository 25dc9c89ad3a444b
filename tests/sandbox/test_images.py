"""Image tokens: OpenAI's published formulas, on images of known size."""

import base64
import struct

import pytest

from sandbox.errors import ApiError
from sandbox.images import image_tokens


def data_url(kind: str, raw: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(raw).decode()}"


def png(width: int, height: int) -> str:
    return data_url("png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height))


def gif(width: int, height: int) -> str:
    return data_url("gif", b"GIF89a" + struct.pack("<HH", width, height))


def jpeg(width: int, height: int) -> str:
    start = b"\xff\xd8\xff\xe0\x00\x04ab"
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\0\0\0\0"
    return data_url("jpeg", start + frame)


@pytest.mark.parametrize(
    ("model", "url", "detail", "tokens"),
    [
        # The two examples of OpenAI's guide.
        ("gpt-4o", png(1024, 1024), "high", 765),
        ("gpt-4o", png(2048, 4096), "high", 1105),
        ("gpt-4o", png(2048, 4096), "low", 85),
        ("gpt-4o", gif(512, 512), "auto", 255),
        ("gpt-4o", jpeg(512, 513), "auto", 425),
        ("gpt-4o", "https://example.com/a.png", "auto", 765),
        ("gpt-4o", data_url("webp", b"RIFF\0\0\0\0WEBP"), "auto", 765),
        ("gpt-4o-mini", png(1024, 1024), "high", 25_501),
        ("gpt-4.1-mini", png(1024, 1024), "high", 1659),
        ("o4-mini", png(1800, 2400), "high", 2498),
    ],
)
def test_an_image(model: str, url: str, detail: str, tokens: int) -> None:
    assert image_tokens(model, url, detail) == tokens


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hello",
        "data:text/plain;base64,AAAA",
        "data:image/png;base64,*",
        data_url("png", b"short"),
        data_url("jpeg", b"\xff\xd8\xff"),
        png(0, 5),
    ],
)
def test_what_is_no_image(url: str) -> None:
    with pytest.raises(ApiError) as caught:
        image_tokens("gpt-4o", url, "auto")
    assert caught.value.code == "image_parse_error"
