"""Documents in the books that a restored journal cannot take as its own: shown to a person, parking nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from avantto_qbo.actors import recording
from avantto_qbo.actors.house import House
from avantto_qbo.journal import operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import Chain, LocationId, OperationId, RealmId
from avantto_qbo.model.ledger import BookEntity, BookRow
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, Source, State
from avantto_qbo.model.records import Link
from avantto_qbo.rules.reasons import SKIP
from avantto_qbo.rules.settle import Verdict

_KINDS: Final = {
    BookEntity.INVOICE: Kind.INVOICE_CREATE,
    BookEntity.PAYMENT: Kind.PAYMENT_CREATE,
    BookEntity.RECEIPT: Kind.RECEIPT_CREATE,
    BookEntity.REFUND: Kind.REFUND_CREATE,
}
_SOURCE: Final = "books"


def twice(row: BookRow, link: Link) -> Reason:
    """Two documents in the books stand for one of Avantto's."""
    what = f"{link.source_kind} {link.source_id}"
    text = f"{row.entity} {row.id} says it is {what}, but so does {link.object_id}, which is kept linked."
    return Reason("restored_twice", text, f"delete one of the two in QuickBooks, then: {SKIP}")


def unclaimed(row: BookRow) -> Reason:
    """No location of the company that can be asked has it."""
    text = f"{row.entity} {row.id} was made by this program, but no connected location has its document in Avantto."
    return Reason("restored_unclaimed", text, f"void it in QuickBooks if it does not belong there, then: {SKIP}")


def nameless(row: BookRow) -> Reason:
    """It bears a reference of ours, and its note does not say of which sale it is."""
    text = f"{row.entity} {row.id} bears a reference of this program, but its note does not name its document."
    mend = f"see that the same money is not in QuickBooks twice, then: {SKIP}"
    return Reason("restored_nameless", text, mend)


def unreadable(entity: BookEntity, ids: Iterable[str]) -> Iterator[tuple[str, Reason]]:
    """Documents whose row made no sense: whether they are ours cannot be told."""
    for name in ids:
        text = f"{entity} {name or 'without an id'} could not be read after the journal was restored."
        mend = f"see that its document is not in QuickBooks twice, then: {SKIP}"
        yield name, Reason("restored_unreadable", text, mend)


def hold(
    db: Connection, house: House, place: tuple[LocationId, RealmId], entity: BookEntity, name: str, reason: Reason
) -> None:
    """Show one document, once, to the location's owner."""
    location, realm = place
    source = Source(_SOURCE, name, reason.code)
    if operations.last_for(db, location, source) is not None:
        return
    now, kind = house.clock.now(), _KINDS[entity]
    op_id = OperationId(house.ids.new())
    op = Operation(
        id=op_id,
        location=location,
        realm=realm,
        kind=kind,
        chain=Chain(f"restored:{entity}:{name}"),
        source=source,
        request_id=op_id,
        call=Call("", ""),
        intent=b"null",
        state=State.PLANNED,
        created_at=now,
        updated_at=now,
    )
    operations.insert(db, op)
    recording.record(db, op, Verdict((State.HELD,), reason), now, fingerprints=house.fingerprints)
    house.count(f"operation.{kind}.{State.HELD}")
