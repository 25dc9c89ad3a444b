"""Documents kept by id, in OpenAI's manner: found, listed by page, changed, deleted."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.errors import ApiError, out_of_range, wrong_type, wrong_value

DOCUMENTS_MAX = 20_000
PAGE = 20
PAGE_MAX = 100
METADATA_MAX = 16

Document = dict[str, Any]
Query = Mapping[str, str]


class Shelf:
    """The newest documents of one kind. `noun` names it in errors."""

    def __init__(self, noun: str, page_max: int = PAGE_MAX) -> None:
        self._noun = noun
        self._page_max = page_max
        self._kept: OrderedDict[str, Document] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, document: Document) -> Document:
        """Put a document there, or in place of its older self; the oldest makes room."""
        self._kept[document["id"]] = document
        if len(self._kept) > DOCUMENTS_MAX:
            self._kept.popitem(last=False)
        return document

    def find(self, name: str) -> Document | None:
        """The document of this id, None where there is none."""
        return self._kept.get(name)

    def one(self, name: str) -> Document:
        """The document of this id; raises `ApiError` 404."""
        found = self._kept.get(name)
        if found is None:
            raise ApiError(404, f"No {self._noun} found with id '{name}'.", param="id")
        return found

    def change(self, name: str, /, **values: Any) -> Document:
        """The document with other values, as it is kept from now on."""
        return self.keep({**self.one(name), **values})

    def take(self, name: str) -> Document:
        """The document, which is kept no longer; raises `ApiError` 404."""
        found = self.one(name)
        del self._kept[name]
        return found

    def delete(self, name: str, kind: str) -> Document:
        """Forget a document: the body of a `DELETE`; `kind` is the answer's `object`."""
        self.take(name)
        return {"id": name, "object": kind, "deleted": True}

    def listed(
        self,
        query: Query,
        wanted: Callable[[Document], bool] = lambda _: True,
        order: str = "desc",
    ) -> Document:
        """The body of a list call: by default the newest first."""
        return listed((one for one in self._kept.values() if wanted(one)), query, order, self)

    @property
    def page_max(self) -> int:
        """The most that one list call may ask for."""
        return self._page_max


def listed(
    documents: Iterable[Document], query: Query, order: str, shelf: Shelf | None = None
) -> Document:
    """One page of `documents`, which come oldest first; raises `ApiError` 400."""
    asked = query.get("order", order)
    if asked not in ("asc", "desc"):
        raise wrong_value("order", asked, ("asc", "desc"))
    found = list(documents)
    if asked == "desc":
        found.reverse()
    for name, keep_after in (("after", True), ("before", False)):
        if name in query:
            place = next((n for n, one in enumerate(found) if one["id"] == query[name]), None)
            if place is None:
                raise ApiError(400, f"Invalid '{name}': no such object.", param=name)
            found = found[place + 1 :] if keep_after else found[:place]
    limit = _limit(query, PAGE_MAX if shelf is None else shelf.page_max)
    page = found[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(found) > limit,
    }


def metadata_of(fields: Mapping[str, Any]) -> dict[str, str]:
    """`metadata`, checked as OpenAI does; empty for none."""
    given = fields.get("metadata")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise wrong_type("metadata", "an object", given)
    for name, value in given.items():
        if not isinstance(value, str):
            raise wrong_type(f"metadata.{name}", "a string", value)
    if len(given) > METADATA_MAX:
        raise ApiError(
            400,
            f"Invalid 'metadata': too many properties. Expected at most {METADATA_MAX}.",
            param="metadata",
            code="object_above_max_properties",
        )
    return given


def _limit(query: Query, page_max: int) -> int:
    text = query.get("limit", str(min(PAGE, page_max)))
    if not text.isdecimal():
        raise ApiError(400, "Invalid 'limit': a whole number is needed.", param="limit")
    if not 1 <= int(text) <= page_max:
        raise out_of_range("limit", int(text), 1, page_max, "integer")
    return int(text)
