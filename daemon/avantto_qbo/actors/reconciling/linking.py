"""Link again what stands in the books by our full marker but is unknown to the journal: read from it, never guessed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from avantto_qbo.actors.house import House
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.actors.reconciling.memory import TOPICS
from avantto_qbo.actors.restored.links_again import LinksAgain
from avantto_qbo.journal import activity, inbox
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.operation import Source
from avantto_qbo.model.reconciliation import Entry
from avantto_qbo.model.records import Activity, Lane, LocationRecord
from avantto_qbo.quickbooks.ledger import MANY_IDS
from avantto_qbo.quickbooks.recall import Recalled, documents
from avantto_qbo.rules.books.comparing.marked import ENTITY_OF


async def link_again(
    house: House, realm: RealmActor, record: LocationRecord, entries: Collection[Entry]
) -> frozenset[Source]:
    """Link what these entries found, and have it compared with Avantto; returns what was linked. Raises as reads do."""
    by_kind: dict[str, dict[str, Entry]] = {}
    for entry in entries:
        by_kind.setdefault(entry.source.kind, {})[entry.object_id] = entry
    linked = frozenset[Source]()
    for kind, wanted in by_kind.items():
        names = tuple(wanted)
        for start in range(0, len(names), MANY_IDS):
            asked = documents(ENTITY_OF[kind], names[start : start + MANY_IDS])
            page = await realm.access.read(asked, key=record.id)
            again = LinksAgain(realm.realm, (await realm.company()).currency, house.clock.now())
            pairs = [(wanted[one.row.id], one) for one in page.rows]
            unit = partial(_link_all, house=house, record=record, again=again, pairs=pairs)
            linked |= await house.journal.write(unit)
    return linked


def _link_all(
    db: Connection, house: House, record: LocationRecord, again: LinksAgain, pairs: Sequence[tuple[Entry, Recalled]]
) -> frozenset[Source]:
    now, linked = house.clock.now(), set[Source]()
    for entry, found in pairs:
        if again.fresh(db, record.id, entry.source, found) is not None:  # meanwhile another is its own
            continue
        text = f"{entry.shown} stands in QuickBooks (id {found.row.id}); it was not known here and is linked again."
        activity.record(db, Activity(now, record.id, "document.linked_again", text, subject=entry.about.id))
        inbox.tell(db, record.id, TOPICS[entry.about.kind], entry.about.id, Lane.MONEY, now)
        linked.add(entry.source)
    return frozenset(linked)
