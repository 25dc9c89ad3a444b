"""Other tools' headers that may say who calls, as far as ops listed them (`identity.aliases`)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote_to_bytes

import orjson

from proxy.errors import HeaderList, bad_request
from proxy.headers import values

AGENT: Final = "X-Agent-Type"
CAMPAIGN: Final = "X-Campaign-Id"
TASK: Final = "X-Task"
EXECUTION: Final = "X-Execution-Id"

MEANS: Final = MappingProxyType(
    {
        "agent": AGENT,
        "agenttype": AGENT,
        "campaign": CAMPAIGN,
        "campaignid": CAMPAIGN,
        "task": TASK,
        "execution": EXECUTION,
        "executionid": EXECUTION,
    }
)
"""Which of our headers a member stands for: its name in lower case, without `x-`, `-` and `_`."""

LITELLM: Final = b"x-litellm-tags"
HELICONE: Final = b"helicone-property-"
PORTKEY: Final = b"x-portkey-metadata"
BAGGAGE: Final = b"baggage"

_TAG: Final = re.compile(rb"([^:=]*)[:=](.*)")
_MEMBER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*([!#-+\x2d-:<-\[\]-~]*)")
"""W3C Baggage: a token and a value, its properties cut off."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value with where it was said, so that an error can name the place.

    `foreign`: it may be meant for somebody else, so what is not valid here is passed over.
    """

    value: bytes
    where: str
    foreign: bool = False


Members = Iterator[tuple[str, Said]]


def read_aliases(headers: HeaderList, names: Sequence[str]) -> Mapping[str, list[Said]]:
    """What the aliases called `names` say, by the header of ours that they stand for.

    Raises a 400 `Refusal` for an alias that cannot be read, or says one thing in two ways.
    """
    found: dict[str, list[Said]] = {}
    for name in names:
        mine: dict[str, Said] = {}
        for member, said in READERS[name](headers):
            ours = MEANS.get(member.lower().removeprefix("x-").replace("-", "").replace("_", ""))
            if ours is None:
                continue
            first = mine.setdefault(ours, said)
            if first.value != said.value and not said.foreign:
                raise bad_request(
                    f"{said.where} says {ours} in two ways; one is allowed.", code="invalid_header"
                )
        for ours, said in mine.items():
            found.setdefault(ours, []).append(said)
    return found


def _litellm_tags(headers: HeaderList) -> Members:
    """`x-litellm-tags: campaign:spring,agent:SEO,other`."""
    for value in values(headers, LITELLM):
        for tag in value.split(b","):
            if pair := _TAG.fullmatch(tag.strip(b" \t")):
                where = "The header x-litellm-tags"
                yield pair[1].decode("latin-1").strip(), Said(unquote_to_bytes(pair[2]), where)


def _helicone_properties(headers: HeaderList) -> Members:
    """`Helicone-Property-Campaign: spring`."""
    for name, value in headers:
        lower = name.lower()
        if lower.startswith(HELICONE):
            member = lower.removeprefix(HELICONE).decode("latin-1")
            yield member, Said(unquote_to_bytes(value), f"The header Helicone-Property-{member}")


def _portkey_metadata(headers: HeaderList) -> Members:
    """`x-portkey-metadata: {"campaign": "spring"}`."""
    where = "The header x-portkey-metadata"
    for value in values(headers, PORTKEY):
        try:
            members = orjson.loads(value)
        except orjson.JSONDecodeError:
            members = None
        if not isinstance(members, dict):
            raise bad_request(
                f"{where} is not valid: a JSON object is allowed.", code="invalid_header"
            )
        for member, said in members.items():
            text = said if isinstance(said, str) else orjson.dumps(said).decode()
            yield member, Said(text.encode(), where)


def _baggage(headers: HeaderList) -> Members:
    """`baggage: campaign=spring%20sale;p=1,userId=7`; members may be anybody's.

    OpenTelemetry writes a space as `+` in Python and as `%20` elsewhere, and `+` as `%2B`.
    """
    for value in values(headers, BAGGAGE):
        for member in value.split(b","):
            if pair := _MEMBER.fullmatch(member.partition(b";")[0].strip(b" \t")):
                text = unquote_to_bytes(pair[2].replace(b"+", b" "))
                yield pair[1].decode(), Said(text, "The header baggage", foreign=True)


READERS: Final[Mapping[str, Callable[[HeaderList], Members]]] = MappingProxyType(
    {
        "x-litellm-tags": _litellm_tags,
        "helicone-property": _helicone_properties,
        "x-portkey-metadata": _portkey_metadata,
        "baggage": _baggage,
    }
)
"""By the names of the setting `identity.aliases`."""
