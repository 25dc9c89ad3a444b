"""The parts of a live page: only what changed since this browser's last, in a few hundred bytes.

Each part of the page that lives has an id. The browser keeps four characters of a digest for
each and sends them along; what differs is sent back, at most `BYTES_MAX` at a time, the rest
with the next tick. Where all is the same, nothing is sent (204).
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from dash.development.base_component import Component

from dashboard.components.overview import Overview, agent_rows, campaign_rows, figure_cards

MARK: Final = 4
"""Characters of a digest: 24 bits; one change in 16 million goes unseen."""
BYTES_MAX: Final = 1_700
"""Of what one refresh brings; with its question and all headers it stays below 4 KB."""
LIVE: Final = ("children", "className", "style", "data")
ROWS: Final = ("overview-campaigns", "overview-agents")
"""Drawn whole where rows came or went."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page and what it looks like now."""

    id: str
    props: Mapping[str, Any]
    mark: str
    size: int


@dataclass(frozen=True, slots=True)
class Parts:
    """All parts in order. `names` is a digest of their ids."""

    parts: tuple[Part, ...]
    whole: tuple[Part, ...]
    """What is drawn where a browser has other parts than these."""
    names: str

    @property
    def seen(self) -> str:
        """What a browser that shows all of it keeps."""
        return self.names + "".join(part.mark for part in self.parts)

    def since(self, seen: Any, bytes_max: int = BYTES_MAX) -> tuple[list[Part], str]:
        """What a browser lacks that keeps `seen`, and what it keeps then."""
        if seen == self.seen:
            return [], self.seen
        known = seen if isinstance(seen, str) and len(seen) == len(self.seen) else ""
        if not known.startswith(self.names):
            return [*self.whole, *self.parts], self.seen
        changed: list[Part] = []
        kept, room = [self.names], bytes_max
        for place, part in enumerate(self.parts):
            old = known[(place + 1) * MARK : (place + 2) * MARK]
            # One part that is larger than all room goes alone, or it would never go.
            if old == part.mark or (part.size > room and changed):
                kept.append(old)
                continue
            changed.append(part)
            kept.append(part.mark)
            room -= part.size
        return changed, "".join(kept)


def parts_of(
    view: Overview, notices: str, told: Any, extra: Mapping[str, Mapping[str, Any]]
) -> Parts:
    """The parts of an overview: first what is `told` above it, last what may wait longest."""
    rows = {
        ROWS[0]: campaign_rows(view.campaigns, view.links.get("campaigns", "")),
        ROWS[1]: agent_rows(view.agents),
    }
    drawn = [figure_cards(view.money), figure_cards(view.traffic)]
    found = {notices: part(notices, {"children": told})}
    found.update(_living(drawn))
    found.update((id_, part(id_, props)) for id_, props in extra.items())
    found.update(_living(list(rows.values())))
    names = _mark("|".join(found).encode())
    whole = tuple(part(id_, {"children": drawn_rows}) for id_, drawn_rows in rows.items())
    return Parts(tuple(found.values()), whole, names)


def _living(drawn: Any) -> dict[str, Part]:
    return {
        node.id: part(node.id, _own(node))
        for node in _nodes(drawn)
        if isinstance(getattr(node, "id", None), str)
    }


def _own(node: Component) -> dict[str, Any]:
    """What is a part's own: its content only where no other part lies in it."""
    inner = any(
        isinstance(getattr(below, "id", None), str)
        for below in _nodes(getattr(node, "children", None))
    )
    return {
        name: getattr(node, name)
        for name in LIVE
        if hasattr(node, name) and not (inner and name == "children")
    }


def _nodes(component: Any) -> Iterator[Component]:
    if isinstance(component, list | tuple):
        for child in component:
            yield from _nodes(child)
    elif isinstance(component, Component):
        yield component
        yield from _nodes(getattr(component, "children", None))


def part(id_: str, props: Mapping[str, Any]) -> Part:
    """A part with the digest of what it looks like."""
    text = orjson.dumps(props, default=Component.to_plotly_json)
    return Part(id_, props, _mark(text), len(text) + len(id_) + 6)


def _mark(text: bytes) -> str:
    return urlsafe_b64encode(hashlib.blake2b(text, digest_size=3).digest()).decode()
