"""Link one document of the books again, or bring a link that an older journal holds up to date with it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from avantto_qbo.actors.books.recollections import AS_MADE, RECALLED, Recollection, recollect
from avantto_qbo.journal import links
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import Draft, InvoiceDraft, PaymentDraft
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.ledger import BookEntity, BookRow
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Source
from avantto_qbo.model.records import Link
from avantto_qbo.quickbooks.recall import Recalled, invoice_draft, payment_draft, receipt_draft, refund_draft

# What a void by whomever means for a link that is made anew: it is respected, and nothing is posted in its place.
_VOIDED: Final = {"invoice": "voided", "transaction": "voided", "payment": "deleted", "refund": "deleted"}
_LIVE: Final = "live"


class LinksAgain:
    """Links of one company; `currency` is its own."""

    def __init__(self, realm: RealmId, currency: str, now: datetime) -> None:
        self._realm, self._currency, self._now = realm, currency, now

    def known(self, db: Connection, recalled: Recalled) -> bool:
        """Bring what is linked to this document up to date; False where nothing is.

        What a person voided there keeps its old SyncToken: the next write is refused, and looks.
        """
        row = recalled.row
        found = links.by_object(db, self._realm, row.entity, row.id)
        for link in found:
            if link.status == _LIVE and not row.voided and link.sync_token != row.sync_token:
                self._refresh(db, link, recalled)
        return bool(found)

    def fresh(self, db: Connection, location: LocationId, source: Source, recalled: Recalled) -> Link | None:
        """Link a document; returns the link that stands in its way, where another live one is its source's already."""
        row = recalled.row
        before = links.get(db, location, source.kind, source.id, source.part)
        if before is not None and (before.status == _LIVE or row.voided):
            return None if row.voided else before
        draft, token = self._draft(recalled, source), row.sync_token
        if isinstance(draft, PaymentDraft) and (own := _elsewhere(db, location, source.id, draft)):
            draft, token = msgspec.structs.replace(draft, invoice=own), AS_MADE
        links.put(db, msgspec.structs.replace(self._link(location, source, row, draft), sync_token=token))
        if isinstance(draft, InvoiceDraft):
            recollect(db, location, source.id, Recollection(draft, row.updated_at), self._now)
        return None

    def _link(self, location: LocationId, source: Source, row: BookRow, draft: Draft) -> Link:
        return Link(
            location=location,
            realm=self._realm,
            source_kind=source.kind,
            source_id=source.id,
            part=source.part,
            entity=row.entity,
            object_id=row.id,
            created_at=row.created_at,
            updated_at=self._now,
            sync_token=row.sync_token,
            agreed=msgspec.json.encode(draft),
            total=f"{row.total:f}",
            version=RECALLED,
            status=_VOIDED[source.kind] if row.voided else _LIVE,
        )

    def _draft(self, recalled: Recalled, source: Source) -> Draft:
        """What both sides hold, as far as the books tell."""
        match recalled.row.entity:
            case BookEntity.INVOICE:
                return invoice_draft(recalled.raw, self._currency)
            case BookEntity.PAYMENT:
                return payment_draft(recalled, self._currency)
            case BookEntity.RECEIPT:
                return receipt_draft(recalled.raw, self._currency)
            case BookEntity.REFUND:
                refunded = Money(int(source.part), recalled.row.currency or self._currency)
                return refund_draft(recalled.raw, self._currency, refunded)

    def _refresh(self, db: Connection, link: Link, recalled: Recalled) -> None:
        row = recalled.row
        fresh = msgspec.structs.replace(link, sync_token=row.sync_token, total=f"{row.total:f}", updated_at=self._now)
        match row.entity:
            case BookEntity.INVOICE:
                before = msgspec.json.decode(link.agreed, type=InvoiceDraft) if link.agreed else None
                theirs = invoice_draft(recalled.raw, self._currency)
                recollect(db, link.location, link.source_id, Recollection(theirs, row.updated_at, before), self._now)
                fresh = msgspec.structs.replace(fresh, version=RECALLED)
            case BookEntity.PAYMENT if link.agreed:
                fresh = self._moved(db, link, fresh, recalled)
            case _:
                pass
        links.put(db, fresh)

    def _moved(self, db: Connection, link: Link, fresh: Link, recalled: Recalled) -> Link:
        """A payment may have been moved or taken off its invoice since; where its money lies is not told anew.

        One that a person gave another amount or put elsewhere stays as it was: the next write is refused, and looks.
        """
        agreed = msgspec.json.decode(link.agreed, type=PaymentDraft)
        now = payment_draft(recalled, agreed.total.currency)
        if now.total != agreed.total or _elsewhere(db, link.location, link.source_id, now):
            return link
        moved = msgspec.structs.replace(agreed, customer=now.customer, invoice=now.invoice)
        return msgspec.structs.replace(fresh, agreed=msgspec.json.encode(moved))


def _elsewhere(db: Connection, location: LocationId, invoice: str, draft: PaymentDraft) -> str:
    """Its own invoice in the books where it settles another one, else "": we only ever take it off its own."""
    own = links.get(db, location, "invoice", invoice)
    return own.object_id if own is not None and draft.invoice not in {"", own.object_id} else ""
