"""`docs/endpoints.md` as the table says it: `python -m tests.proxy.endpoint_page` writes it."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from proxy.endpoints import ENDPOINTS, MEANS, Endpoint, Kind

PAGE = Path(__file__).parents[2] / "docs" / "endpoints.md"
HEAD = """# Endpoints

Every path of the OpenAI API, and what Purser does with it. This page is written from the table in
`proxy/endpoints.py`, and a test holds the two together.

- **metered**: its worst case is held in every budget before it leaves, and what it used is charged.
- **late**: held when it is created, charged when its result is known.
- **free**: passed on as it is, both ways, and not charged.
- **refused**: while any budget applies, answered with 403 and the reason; without, passed on.

What is refused, late or not in the table, ops may list under `endpoints.free`, or give a fixed
cost a call under `endpoints.assume_usd` (see [configuration](configuration.md#endpoints)): that
amount is held, charged in both moneys once the provider has accepted the call, and the row is
flagged `assumed_price`. A path in neither list that is not in the table is answered with 404.
So is one with dot segments (`..`, `%2e%2e`), which an upstream could take for another path.

Under `charging.basis: agent_rate` a call is charged by its tokens; one that has none (images,
characters, seconds, fees) at the provider's price. A model without a price in its unit is refused.

Bodies in JSON are read whole, up to `server.body_bytes_max`. Uploads of files pass through as they
come. A multipart form whose fields decide what it costs (audio, images) is read once, its files to
a temporary file on disk, before the same bytes leave. Downloads and streams are never buffered.

"""
METERED = """## Metered

| method and path | how its worst case is bounded | where its usage stands |
| --- | --- | --- |
"""
BOUNDS = """
What these bounds rest on:

- **Images**: the tables of output tokens in OpenAI's image guide (gpt-image-1 and its family), and
  the formula of its cost calculator (gpt-image-2 and later). An image shown counts 1,097 tokens,
  7,337 with `input_fidelity: high`, 15,000 for later families. `quality: xhigh` and `max`, and SVG,
  have no published cost and are refused.
- **Speech**: gpt-4o-mini-tts speaks 1,250 audio tokens a minute. Without a stream of events, its
  tokens are counted from the length of the audio where that shows (`wav`, `pcm`, `mp3`), else
  charged as held; both are flagged `estimated`.
- **Audio heard**: a WAV file says its own rate; anything else is bounded at 6 kbit/s, the
  gpt-4o models at 1,500 seconds. Where the answer tells no usage (`text`, `srt`, `vtt`), the length
  is read from the file's first bytes.
- **Video**: charged when it is ordered.
"""


def page() -> str:
    """The whole page."""
    return "".join([HEAD, METERED, *_metered(), BOUNDS, *_others()])


def _metered() -> Iterator[str]:
    for row in ENDPOINTS:
        if row.kind is Kind.METERED:
            means = MEANS[row.shape]
            fee = f" (the fee `{row.fee}`)" if row.fee else ""
            yield f"| `{row.method} {row.path}` | {means.bound}{fee} | {means.usage} |\n"


def _others() -> Iterator[str]:
    for kind in (Kind.LATE, Kind.FREE, Kind.REFUSED):
        rows = [row for row in ENDPOINTS if row.kind is kind]
        yield f"\n## {kind.capitalize()}\n\n| methods and path | why |\n| --- | --- |\n"
        for (path, why), same in groupby(rows, key=_path):
            methods = ", ".join(row.method for row in same)
            yield f"| `{methods} {path}` | {why} |\n"


def _path(row: Endpoint) -> tuple[str, str]:
    return row.path, row.why


if __name__ == "__main__":
    PAGE.write_text(page())
