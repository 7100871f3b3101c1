"""The daemon's way with one document, without its journal: plan, do the first step, plan again, until at rest.

Corrections follow `actors/corrections.py` write for write; everything that decides is the real thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from avantto_qbo.model.avantto import Invoice, Order, Person, Transaction
from avantto_qbo.model.drafts import InvoiceDraft, ReceiptDraft, RefundDraft, SaleDraft, TaxForm
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.operation import Call, Reason
from avantto_qbo.model.outcome import Refused, Written
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.records import Link
from avantto_qbo.model.settings import Settings
from avantto_qbo.model.steps import (
    AdoptPayment,
    BookStep,
    ChangePayment,
    CreateInvoice,
    CreateReceipt,
    CreateRefund,
    Hold,
    Ignore,
    InvoiceCase,
    NeedCustomer,
    NeedItem,
    PostedPayment,
    PostedRefund,
    ReceiptCase,
    RecordPayment,
    UpdateInvoice,
    VoidInvoice,
    VoidPayment,
    VoidReceipt,
    Wait,
)
from avantto_qbo.quickbooks import encode, encode_lists, encode_payments
from avantto_qbo.rules.books.customer import draft_customer
from avantto_qbo.rules.books.plan import plan_invoice, plan_receipt
from avantto_qbo.rules.books.sale.correction import corrected, next_form
from avantto_qbo.rules.books.sale.items import tax_item, tax_item_draft
from avantto_qbo.rules.books.sources import is_real
from properties.ground import PLACE, REALM, Ground

S = TypeVar("S", bound=SaleDraft)
_STEPS: Final = 60
_LINES: Final = frozenset({"lines"})


class RefusedByBooksError(AssertionError):
    """QuickBooks refused what was planned: always a fault of ours."""


@dataclass
class Copy:
    """An object we made: where it stands and as what it was agreed on."""

    object_id: str
    sync_token: str
    agreed: Any


@dataclass
class Mirror:
    """The copy of one document of Avantto's, with what the journal would remember about it."""

    ground: Ground
    settings: Settings
    company: Company
    made_items: dict[str, str] = field(default_factory=dict)
    customers: dict[tuple[str, str], CustomerId] = field(default_factory=dict)
    copy: Copy | None = None
    status: str = "live"
    payments: dict[str, Copy] = field(default_factory=dict)
    refunds: list[tuple[PostedRefund, Copy]] = field(default_factory=list)
    flags: list[Reason] = field(default_factory=list)
    corrections: int = 0
    unmatched: Any = None

    @classmethod
    def of(cls, ground: Ground, settings: Settings) -> Mirror:
        """Begin with the facts of the company."""
        return cls(ground, settings, ground.company())

    # -- an invoice and a sale paid at once ----------------------------------------------------------------------------

    def invoice(self, invoice: Invoice, *rows: Transaction) -> tuple[BookStep, ...]:
        """Bring an invoice level; what is left is empty, or what stops it."""
        return self._level(lambda: plan_invoice(self.invoice_case(invoice, *rows)), invoice.currency)

    def receipt(self, row: Transaction, order: Order | None, evidence: Order | None = None) -> tuple[BookStep, ...]:
        """Bring a payment without an invoice level."""
        return self._level(lambda: plan_receipt(self.receipt_case(row, order, evidence)), row.currency)

    def invoice_case(self, invoice: Invoice, *rows: Transaction) -> InvoiceCase:
        """What the next plan of an invoice is made from; the agreement went through JSON, as in the journal."""
        return InvoiceCase(
            invoice=invoice,
            location=self.ground.location(),
            settings=self.settings,
            company=self.company,
            now=self.ground.clock(),
            link=self._link("Invoice", invoice.id),
            agreed=stored(self.copy.agreed) if self.copy else None,
            customer=self._known(invoice.person),
            made_items=self.made_items,
            transactions=tuple(row for row in rows if is_real(row)),
            posted=tuple(
                PostedPayment(part, copy.agreed.total, copy.object_id, stored(copy.agreed))
                for part, copy in self.payments.items()
            ),
            refunds=tuple(refund for refund, _ in self.refunds),
            first_seen_unmatched=self.unmatched,
        )

    def receipt_case(self, row: Transaction, order: Order | None, evidence: Order | None) -> ReceiptCase:
        """What the next plan of a receipt is made from."""
        person = order.person if order else Person(row.contact_id)
        return ReceiptCase(
            transaction=row,
            location=self.ground.location(),
            settings=self.settings,
            company=self.company,
            now=self.ground.clock(),
            order=order,
            evidence=evidence,
            link=self._link("SalesReceipt", row.id),
            customer=self._known(person),
            made_items=self.made_items,
            agreed=stored(self.copy.agreed) if self.copy else None,
            refunds=tuple(refund for refund, _ in self.refunds),
        )

    # -- the steps -----------------------------------------------------------------------------------------------------

    def _level(self, plan: Any, currency: str) -> tuple[BookStep, ...]:
        for _ in range(_STEPS):
            steps: tuple[BookStep, ...] = plan()
            if not steps or isinstance(steps[0], Hold | Ignore):
                return steps
            self._do(steps[0], currency)
        raise AssertionError(f"there is no end to it: {steps}")

    def _do(self, step: BookStep, currency: str) -> None:
        match step:
            case NeedCustomer(person=person):
                self._make_customer(person, currency)
            case NeedItem(draft=draft):
                self.made_items[draft.name] = self._made(encode_lists.item_create(draft, self.company)).object_id
                self.company = msgspec.structs.replace(self.ground.company(), refused_forms=self.company.refused_forms)
            case Wait(delay=delay, reason=reason):
                self.unmatched = self.unmatched or (self.ground.clock() if reason.code == "unmatched_payment" else None)
                self.ground.wait(delay)
            case CreateInvoice() | CreateReceipt() | CreateRefund() | UpdateInvoice():
                self._sale(step)
            case _:
                self._money(step)

    def _make_customer(self, person: Person, currency: str) -> None:
        draft = draft_customer(person, len(self.customers), "US")
        if self.company.multi_currency:
            draft = msgspec.structs.replace(draft, currency=currency)
        made = self._made(encode_lists.customer_create(draft, self.company))
        self.customers[person.contact_id, person.email] = CustomerId(made.object_id)

    def _sale(self, step: CreateInvoice | CreateReceipt | CreateRefund | UpdateInvoice) -> None:
        self.flags += step.flags
        match step:
            case CreateInvoice(draft=draft):
                self.copy = self._agreed(encode.invoice_create(draft, self.company), draft)
            case CreateReceipt(draft=receipt):
                self.copy = self._agreed(encode.receipt_create(receipt, self.company), receipt)
            case CreateRefund(transaction=transaction, draft=refund):
                copy = self._agreed(encode.refund_create(refund, self.company), refund)
                self.refunds.append((PostedRefund(transaction, refund.refunded, copy.object_id), copy))
            case UpdateInvoice(draft=draft, changed=changed):
                mine = self._copy()
                call = encode.invoice_update(mine.object_id, mine.sync_token, draft, changed, self.company)
                self.copy = self._agreed(call, draft)

    def _money(self, step: BookStep) -> None:
        match step:
            case RecordPayment(part=part, draft=draft):
                made = self._made(encode_payments.payment_create(draft, self.company))
                self.payments[part] = Copy(made.object_id, made.sync_token, draft)
            case ChangePayment(part=part, draft=draft):
                old = self.payments[part]
                call = encode_payments.payment_update(old.object_id, old.sync_token, draft)
                self.payments[part] = Copy(old.object_id, self._made(call).sync_token, draft)
            case VoidPayment(part=part):
                old = self.payments.pop(part)
                self._made(encode_payments.payment_void(old.object_id, old.sync_token))
            case AdoptPayment(old_part=before, new_part=after):
                self.payments[after] = self.payments.pop(before)
            case VoidInvoice():
                mine = self._copy()
                token = self.ground.standing("Invoice", mine.object_id)["SyncToken"]
                self._made(encode.invoice_void(mine.object_id, token))
                self.status = "withdrawn"
            case VoidReceipt():
                mine = self._copy()
                self._made(encode.receipt_void(mine.object_id, mine.sync_token))
                self.status = "withdrawn"
            case _:
                raise AssertionError(f"nobody carries out {step}")
        self._refresh()

    # -- writing -------------------------------------------------------------------------------------------------------

    def _made(self, call: Call) -> Written:
        outcome = self.ground.write(call)
        if isinstance(outcome, Refused):
            raise RefusedByBooksError(f"{outcome.fault.code} {outcome.fault.message}: {call.body.decode()}")
        assert isinstance(outcome, Written), outcome
        return outcome

    def _agreed(self, call: Call, draft: SaleDraft) -> Copy:
        made = self._made(call)
        if made.total == draft.total.amount:
            return Copy(made.object_id, made.sync_token, draft)
        return self._corrected(made, draft)

    def _corrected(self, made: Written, draft: SaleDraft) -> Copy:
        """State the sale in one form of tax after another; what failed is not tried again in this company."""
        wanted, refused = draft.total.amount, set(self.company.refused_forms)
        while corrected(draft, "") is not None:
            refused.add(draft.form)
            item = self._tax_item() if next_form(draft.form) is TaxForm.LINE and draft.tax else ""
            stated = corrected(draft, item)
            assert stated is not None
            draft = without_parts(stated)
            self.corrections += 1
            made = self._made(_restated(draft, made, self.company))
            if made.total == wanted:
                self.company = msgspec.structs.replace(self.company, refused_forms=frozenset(refused))
                return Copy(made.object_id, made.sync_token, draft)
        raise AssertionError(f"no form came to {wanted}: {made.total}, {draft}")

    def _tax_item(self) -> str:
        shelf = _Shelf(self.company, self.made_items)
        found = tax_item(shelf)
        if not found:
            draft = tax_item_draft(shelf)
            found = self.made_items[draft.name] = self._made(encode_lists.item_create(draft, self.company)).object_id
        return found

    def _refresh(self) -> None:
        """Our own payments move the invoice's SyncToken; the daemon reads it again when refused as stale."""
        if self.copy is not None and isinstance(self.copy.agreed, InvoiceDraft):
            self.copy.sync_token = self.ground.standing("Invoice", self.copy.object_id)["SyncToken"]

    def _copy(self) -> Copy:
        assert self.copy is not None
        return self.copy

    def _known(self, person: Person) -> CustomerId | None:
        return self.customers.get((person.contact_id, person.email))

    def _link(self, entity: str, source: str) -> Link | None:
        if self.copy is None:
            return None
        now = self.ground.clock()
        kind = "invoice" if entity == "Invoice" else "transaction"
        return Link(PLACE, REALM, kind, source, "", entity, self.copy.object_id, now, now, status=self.status)


class _Shelf(msgspec.Struct, frozen=True):
    company: Company
    made_items: dict[str, str]


def stored(draft: S) -> S:
    """A draft as it comes back out of the journal."""
    return msgspec.json.decode(msgspec.json.encode(draft), type=type(draft))


def without_parts(draft: S) -> S:
    """In another form of tax no line is a bookkeeper's any more."""
    lines = tuple(msgspec.structs.replace(line, parts=()) for line in draft.lines)
    return msgspec.structs.replace(draft, lines=lines)


def _restated(draft: SaleDraft, made: Written, company: Company) -> Call:
    match draft:
        case InvoiceDraft():
            return encode.invoice_update(made.object_id, made.sync_token, draft, _LINES, company)
        case RefundDraft():
            return encode.refund_update(made.object_id, made.sync_token, draft, company)
        case ReceiptDraft():
            return encode.receipt_update(made.object_id, made.sync_token, draft, company)
