"""Random books for tests: entries of every kind, so that sums have something to get wrong."""

from dataclasses import replace
from random import Random

from storage.records import LedgerEntry, Status, Usage
from tests.storage.entries import DAY_MS, NEW_YEAR_MS, correction, entry

AGENTS = ("CONTENT", "SEO", "unattributed")
CAMPAIGNS = ("Holiday", "holiday", "STRASSE", "straße", "unattributed")
MODELS = ("gpt-4o-mini", "gpt-5", "")
ENDPOINTS = ("/v1/chat/completions", "/v1/embeddings")
KEYS = ("unattributed", "ci")
STATUSES = tuple(status for status in Status if status is not Status.CORRECTION)


def random_books(seed: int, count: int, days: int = 3) -> list[LedgerEntry]:
    """Entries of some days after the new year, the sequence without a gap."""
    chance = Random(seed)
    found: list[LedgerEntry] = []
    for seq in range(1, count + 1):
        first = [one for one in found if one.entry == 0 and one.charge_nano]
        if first and chance.random() < 0.15:
            before = chance.choice(first)
            last = max(
                (one for one in found if one.hold_id == before.hold_id), key=lambda e: e.entry
            )
            changed = correction(last, seq, -chance.randrange(before.charge_nano + 1))
            found.append(replace(changed, usage=Usage(output_tokens=-chance.randrange(9))))
            continue
        found.append(_first_end(chance, seq, days))
    return found


def _first_end(chance: Random, seq: int, days: int) -> LedgerEntry:
    status = chance.choice(STATUSES)
    free = status in (Status.VOIDED, Status.REFUSED)
    charge, provider = (0, 0) if free else (chance.randrange(1 << 40), chance.randrange(1 << 40))
    made = entry(
        seq,
        status=status,
        admitted_ms=NEW_YEAR_MS + chance.randrange(days * DAY_MS),
        agent=chance.choice(AGENTS),
        campaign=chance.choice(CAMPAIGNS),
        key=chance.choice(KEYS),
        endpoint=chance.choice(ENDPOINTS),
        requested_model=chance.choice(MODELS),
        execution_id=chance.choice((None, f"run-{chance.randrange(9)}")),
        usage=Usage(chance.randrange(900), chance.randrange(900), chance.randrange(90)),
        charge_nano=charge,
        provider_nano=provider,
        dearer_nano=max(charge, provider),
        held_nano=chance.randrange(1 << 40),
        latency_ms=chance.choice((None, chance.randrange(9000))),
        ttfb_ms=chance.choice((None, chance.randrange(900))),
        count=chance.randrange(1, 9) if status is Status.REFUSED else 1,
    )
    return replace(made, execution_id=None) if status is Status.REFUSED else made
