"""The journal's side of a reconciliation: links, what is under way or held, what a person let go, what waits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import msgspec

from avantto_qbo.actors.ports import Journal
from avantto_qbo.journal import customers, inbox, links, locations, merges, operations, reconciliations, restored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import Chain, CustomerId, LocationId, OperationId
from avantto_qbo.model.operation import OPEN, Operation, Source
from avantto_qbo.model.reconciliation import LinkFact, Reconciled
from avantto_qbo.model.records import LocationRecord, Topic
from avantto_qbo.rules.books.comparing.linked import fact_of
from avantto_qbo.rules.books.comparing.marked import ENTITY_OF

_PAGE: Final = 500
_MOST_OPEN: Final = 100_000
TOPICS: Final = {"invoice": Topic.INVOICE, "transaction": Topic.TRANSACTION}


class Memory(msgspec.Struct, frozen=True):
    """What is known of one location's documents.

    `waiting` are the operations that park their chains, `let_go` the last that a person let go of each source;
    `relinking` after a backup was restored, until what the books hold is linked again.
    """

    facts: tuple[LinkFact, ...]
    waiting: Mapping[Chain, Operation]
    let_go: Mapping[Source, Operation]
    attributed: Mapping[str, str]
    before: Reconciled | None
    relinking: bool = False


async def remembered(journal: Journal, record: LocationRecord) -> Memory:
    """Gather it, the links a page at a time: the journal has others waiting."""
    facts = [fact for kind in ENTITY_OF for fact in await _facts(journal, record, kind)]
    return await journal.read(lambda db: _remembered(db, record, tuple(facts)))


def _remembered(db: Connection, record: LocationRecord, facts: tuple[LinkFact, ...]) -> Memory:
    return Memory(
        facts=facts,
        waiting={op.chain: op for op in reversed(operations.by_state(db, OPEN, record.id, _MOST_OPEN))},
        let_go={op.source: op for op in reconciliations.skipped(db, record.id)},
        attributed=reconciliations.attributed(db, record.id),
        before=reconciliations.get(db, record.id),
        relinking=restored.stopped(db, record.id),
    )


async def _facts(journal: Journal, record: LocationRecord, kind: str) -> list[LinkFact]:
    found, after = list[LinkFact](), ""
    while page := await journal.read(partial(_page, record=record, kind=kind, after=after)):
        found += page
        after = page[-1].source.id
    return found


def _page(db: Connection, record: LocationRecord, kind: str, after: str) -> list[LinkFact]:
    def survivor(customer: CustomerId) -> CustomerId:
        """Whom a customer goes on as; "" for one that is inactive, because nobody may have told of its merge."""
        known = merges.survivor(db, record.realm, customer)
        row = customers.get(db, record.realm, known)
        return known if row is None or row.active else CustomerId("")

    return [fact_of(link, survivor) for link in links.all_of(db, record.id, kind, _PAGE, after)]


def waits(db: Connection, location: LocationId, about: Source) -> tuple[str, Operation | None] | None:
    """Why mail about a document waits ("" for no reason) and for which operation; None when there is no mail."""
    envelope = inbox.get(db, location, TOPICS[about.kind], about.id)
    if envelope is None:
        return None
    return envelope.reason, operations.get(db, OperationId(envelope.waiting_for)) if envelope.waiting_for else None


def made_elsewhere(db: Connection, record: LocationRecord, key: tuple[str, str], source: Source) -> bool:
    """Say whether an object is another location's: linked there, or made by a write whose answer is still awaited."""
    if any(link.location != record.id for link in links.by_object(db, record.realm, *key)):
        return True
    others = [one.id for one in locations.of_realm(db, record.realm) if one.id != record.id]
    return any(was_tried(db, other, source) for other in others)


def was_tried(db: Connection, location: LocationId, source: Source) -> bool:
    """Say whether a location ever wrote, or meant to write, something for this very source."""
    return operations.last_for(db, location, source) is not None
