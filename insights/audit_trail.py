"""The audit log by page."""

from dataclasses import dataclass

from insights.books import Books
from storage.audit import Audited, AuditSearch


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Lines newest first, and which actions and people there are to filter by."""

    lines: tuple[Audited, ...]
    next_seq: int | None
    """Pass as `before_seq` for the next page."""
    actions: tuple[str, ...]
    people: tuple[str, ...]


async def audit_page(
    books: Books, wanted: AuditSearch, limit: int = 50, before_seq: int | None = None
) -> AuditPage:
    """One page."""
    found = await books.ledger.audit_lines(wanted, limit + 1, before_seq)
    actions, people = await books.ledger.audit_kinds()
    following = found[limit - 1].seq if len(found) > limit else None
    return AuditPage(tuple(found[:limit]), following, tuple(actions), tuple(people))
