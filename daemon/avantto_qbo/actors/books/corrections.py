"""Put right a sale that QuickBooks answered with another total: state its tax in another form, else take it back.

Every write here is fenced by the SyncToken the books last answered with: what was carried out before a crash or a lost
answer is refused as stale, looked at once, and judged by its total. So a correction begins again from its start and
ends the same.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

import msgspec

from avantto_qbo.actors import recording
from avantto_qbo.actors.books.fenced import ENTITIES, FencedWrites, right
from avantto_qbo.actors.desk import Desk
from avantto_qbo.errors import InternalError
from avantto_qbo.journal import activity, links, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import InvoiceDraft, ReceiptDraft, RefundDraft, SaleDraft, TaxForm
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, State
from avantto_qbo.model.outcome import FaultClass, Outcome, Refused, Written
from avantto_qbo.model.quickbooks import Company, Found
from avantto_qbo.model.records import Activity, Link
from avantto_qbo.quickbooks import encode, encode_payments
from avantto_qbo.rules.books.comparing.restore import is_voided
from avantto_qbo.rules.books.doubts.retry import exhausted
from avantto_qbo.rules.books.sale.correction import corrected, next_form
from avantto_qbo.rules.books.sale.items import tax_item, tax_item_draft
from avantto_qbo.rules.reasons import RETRY, SKIP, HeldError
from avantto_qbo.rules.settle import Verdict

_AGAIN: Final = timedelta(seconds=30)  # until a correction that was not answered is taken up again
_TAKING_BACK: Final = "undone"  # noted before the void is sent: what was voided then, we voided
_DECIDE: Final = f"{RETRY} (sends it again); or correct it in QuickBooks, then: {SKIP}"
_AFRESH: Final = f"{RETRY} (posts it anew); or enter it in QuickBooks, then: {SKIP}"
_NOT_NOW: Final = frozenset({FaultClass.PASSING, FaultClass.STALE})
_LEARNED: Final = (
    "QuickBooks computed another total than Avantto's from the tax codes of this document, so its tax was stated in"
    " another way, to the cent; this company's documents are stated like that from now on."
)
_SALES: Final[dict[Kind, type[SaleDraft]]] = {
    Kind.INVOICE_CREATE: InvoiceDraft,
    Kind.INVOICE_UPDATE: InvoiceDraft,
    Kind.RECEIPT_CREATE: ReceiptDraft,
    Kind.REFUND_CREATE: RefundDraft,
}
_UNDO: Final = {
    Kind.INVOICE_CREATE: encode.invoice_void,
    Kind.RECEIPT_CREATE: encode.receipt_void,
    Kind.PAYMENT_CREATE: encode_payments.payment_void,
}
S = TypeVar("S", bound=SaleDraft)
Ended = tuple[Operation, Verdict]


class _Stock(msgspec.Struct, frozen=True):
    """What the item of a tax line is looked for in."""

    company: Company
    made_items: dict[str, str]


class Corrections:
    """The operations of one location that came out with another total."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._fenced = desk, FencedWrites(desk)

    async def correct(self, op: Operation) -> Ended:
        """Bring `op` (in CORRECTING) to DONE with Avantto's total, or to HELD; it stays where no answer comes.

        Raises what a look-up raises; then it is taken up again.
        """
        link = await self._link(op)
        if op.kind not in _SALES or link.status == _TAKING_BACK:
            return await self._take_back(op, link, "")
        draft = msgspec.json.decode(op.intent, type=_SALES[op.kind])
        if not right(op, draft.total.amount):  # the books keep a total that a person gave it: its lines are theirs
            return await self._take_back(op, link, "")
        try:
            return await self._restate(op, link, draft)
        except HeldError as error:  # there is no account for the tax: a person's business
            return await self._take_back(op, link, error.reason.text, error.reason.mend)

    async def _restate(self, op: Operation, link: Link, draft: SaleDraft) -> Ended:
        """Send the sale again in the next form of tax, free of charge, until the books state its total."""
        refused: list[TaxForm] = []
        while corrected(draft, "") is not None:
            refused.append(draft.form)
            item = await self._tax_item(draft)
            stated = corrected(draft, item) if item is not None else None
            if stated is None:
                return await self._later(op)
            draft = _plain(stated)
            outcome = await self._fenced.send(op, link.sync_token, partial(_update, op.object_id, draft), "fix")
            match outcome:
                case Written() if right(op, outcome.total):
                    return await self._done(op, msgspec.json.encode(draft), outcome.sync_token, refused)
                case Written():
                    link = await self._put(msgspec.structs.replace(link, sync_token=outcome.sync_token))
                case Found() if is_voided(outcome):
                    return await self._respect(op, "voided")
                case Found():
                    return await self._done(op, msgspec.json.encode(draft), outcome.sync_token, refused)
                case Refused(fault=fault) if fault.kind is FaultClass.GONE:
                    return await self._respect(op, "deleted")
                case Refused(fault=fault) if fault.kind not in _NOT_NOW:
                    return await self._take_back(op, link, f"The corrected copy was refused ({fault.code}).")
                case _:
                    return await self._later(op, outcome)
        return await self._take_back(op, link, "")

    async def _take_back(self, op: Operation, link: Link, why: str, mend: str = "") -> Ended:
        """No form came to Avantto's total: void a fresh copy, and hold either way."""
        undo = _UNDO.get(op.kind)
        if undo is None:
            text = f"{why} It stands in QuickBooks; compare the two and decide."
            return await self._hold(op, "live", text, mend or _DECIDE)
        link = await self._put(msgspec.structs.replace(link, status=_TAKING_BACK))
        outcome = await self._fenced.send(op, link.sync_token, lambda token, _: undo(op.object_id, token), "undo")
        match outcome:
            case Found() if not is_voided(outcome):
                return await self._done(op, op.intent, outcome.sync_token, [])
            case Written() | Found():
                return await self._hold(op, _TAKING_BACK, f"{why} The copy in QuickBooks was voided.", mend or _AFRESH)
            case Refused(fault=fault) if fault.kind is FaultClass.GONE:
                return await self._respect(op, "deleted")
            case Refused(fault=fault) if fault.kind not in _NOT_NOW:
                text = f"{why} The copy in QuickBooks could not be voided ({fault.code}); compare the two and decide."
                return await self._hold(op, "live", text, mend or _DECIDE)
            case _:
                return await self._later(op, outcome)

    async def _tax_item(self, draft: SaleDraft) -> str | None:
        """The item of a tax line where one is needed next, made if it has to be; None when that takes a while."""
        if next_form(draft.form) is not TaxForm.LINE or not draft.tax:
            return ""
        stock = await self._stock()
        found = tax_item(stock)
        if found:
            return found
        if await self._desk.make_item(tax_item_draft(stock)) is not None:
            return None
        return tax_item(await self._stock()) or None

    async def _stock(self) -> _Stock:
        return _Stock(await self._desk.realm.company(), await self._desk.made_items())

    async def _done(self, op: Operation, agreed: bytes, token: str, refused: list[TaxForm]) -> Ended:
        """Both sides agree on the sale as it was stated last; the company's documents begin there from now on."""
        verdict = Verdict((State.DONE,), None, None, op.object_id, token)

        def settle(db: Connection) -> None:
            link = recording.link_of(db, op)
            if link is not None:
                links.put(db, msgspec.structs.replace(link, agreed=agreed))
            now = self._desk.now()
            if self._desk.realm.refuse_forms(db, refused, now):
                activity.record(db, Activity(now, op.location, "tax.form", _LEARNED, subject=op.source.id))

        return await self._desk.performer.record(op, verdict, settle), verdict

    async def _respect(self, op: Operation, status: str) -> Ended:
        """A person voided or deleted it meanwhile: that is respected, and later changes are left alone."""
        verdict = Verdict((State.DONE,), Reason("gone_in_books", f"It was {status} in QuickBooks, which is respected."))
        return await self._desk.performer.record(op, verdict, partial(self._mark, op, status)), verdict

    async def _hold(self, op: Operation, status: str, text: str, mend: str) -> Ended:
        reason = op.reason or Reason("total_differs", "QuickBooks computed another total.")
        words = f"{_named(op)}: {reason.text} {text.strip()}"
        verdict = Verdict((State.HELD,), Reason(reason.code, words, mend))
        return await self._desk.performer.record(op, verdict, partial(self._mark, op, status)), verdict

    def _mark(self, op: Operation, status: str, db: Connection) -> None:
        """Note in the link whether the copy stands: only one that was voided may be made again."""
        link = recording.link_of(db, op)
        if link is None:
            return
        if status == "live" and op.kind is Kind.INVOICE_CREATE:
            link = msgspec.structs.replace(link, agreed=_unsettled(link.agreed))
        links.put(db, recording.with_status(link, status, self._desk.now()))

    async def _later(self, op: Operation, outcome: Outcome | Found | None = None) -> Ended:
        """Take it up again soon; what was refused goes under another request id then, which `lookups` counts here.

        After a day of that it is a person's business: the books state another total all the while.
        """
        now = self._desk.now()
        if exhausted(op.sent_at or op.created_at, now):
            return await self._hold(op, "live", "It could not be put right for a day; compare the two.", _DECIDE)
        next_at, looks = now + _AGAIN, op.lookups + 1 if isinstance(outcome, Refused) else None
        again = await self._desk.house.journal.write(
            lambda db: operations.put_off(db, op.id, next_at, now, lookups=looks)
        )
        return again, Verdict((State.CORRECTING,), op.reason, next_at)

    async def _link(self, op: Operation) -> Link:
        link = await self._desk.house.journal.read(lambda db: recording.link_of(db, op))
        if link is None:
            raise InternalError(f"operation {op.id} is being corrected and has no link")
        return link

    async def _put(self, link: Link) -> Link:
        await self._desk.house.journal.write(lambda db: links.put(db, link))
        return link


def _update(object_id: str, draft: SaleDraft, token: str, company: Company) -> Call:
    match draft:
        case InvoiceDraft():
            return encode.invoice_update(object_id, token, draft, frozenset({"lines"}), company)
        case RefundDraft():
            return encode.refund_update(object_id, token, draft, company)
        case ReceiptDraft():
            return encode.receipt_update(object_id, token, draft, company)


def _plain(draft: S) -> S:
    """In another form of tax a line is ours again: the copies of a person's own lines carry the codes of the old."""
    return msgspec.structs.replace(draft, lines=tuple(msgspec.structs.replace(line, parts=()) for line in draft.lines))


def _unsettled(agreed: bytes) -> bytes:
    """The same without an agreement on the total, so that the next plan sends the lines again."""
    draft = msgspec.json.decode(agreed, type=InvoiceDraft)
    return msgspec.json.encode(msgspec.structs.replace(draft, total=Money.zero(draft.total.currency)))


def _named(op: Operation) -> str:
    """How a person recognises the document: by its number, else by Avantto's id."""
    draft = msgspec.json.decode(op.intent, type=_Numbered)
    return f"{ENTITIES[op.kind]} {draft.number or op.source.id}"


class _Numbered(msgspec.Struct, frozen=True):
    number: str = ""
