"""Money that went back: refund receipts of what was refunded since the last one, and charges the bank took back.

A refund is known by its transaction and all that was refunded of it by then, so that every increase is one refund
receipt of the difference, in the original's proportion. The invoice or receipt itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from avantto_qbo.model.avantto import Transaction
from avantto_qbo.model.drafts import DraftLine, InvoiceDraft, ReceiptDraft, RefundDraft, SaleDraft
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.settings import OnOff
from avantto_qbo.model.steps import (
    BookStep,
    CreateRefund,
    Ignore,
    InvoiceCase,
    NeedItem,
    PostedRefund,
    ReceiptCase,
    SaleCase,
    VoidReceipt,
)
from avantto_qbo.rules.books.checks import check_period, named
from avantto_qbo.rules.books.company.accounts import payment_method, refund_account
from avantto_qbo.rules.books.money.received import attributed
from avantto_qbo.rules.books.sale.numbers import doc_number
from avantto_qbo.rules.books.sale.portion import portion
from avantto_qbo.rules.books.sale.restated import restated
from avantto_qbo.rules.books.sources import FAILED, came, given_back
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.reasons import DELETE_REFUND, FAILED_REFUNDED, REFUNDED_LESS, RETRY, SKIP, UNKNOWN_STATUS, held
from avantto_qbo.rules.reference import payment_reference, refund_note, refund_reference

_UNTAXED: Final = "NON"
REFUNDED: Final = "refunded"  # the code of the flag on a document whose money went back


def invoice_refunds(case: InvoiceCase, agreed: InvoiceDraft) -> tuple[BookStep, ...]:
    """Decide which refunds of an invoice's payments are still missing; only payments that are posted are refunded.

    Refunds of several payments follow one another through the invoice's lines and tax, so that everything refunded
    adds up to them exactly. Raises HeldError where the sums contradict each other.
    """
    if case.settings.refunds is OnOff.OFF:
        return ()
    rows = [row for row in attributed(case) if row.id in _parts(case) and came(row)]
    return _refunds(case, rows, agreed, named(case))


def receipt_refunds(case: ReceiptCase, agreed: ReceiptDraft) -> tuple[BookStep, ...]:
    """Decide which refunds of a sale paid at once are still missing. Raises HeldError as `invoice_refunds` does."""
    if case.settings.refunds is OnOff.OFF:
        return ()
    return _refunds(case, [case.transaction], agreed, f"Payment {case.transaction.id}")


def plan_posted(case: ReceiptCase) -> tuple[BookStep, ...]:
    """Decide what is left to do about a receipt that stands: money given back, or taken back by the bank."""
    row, what, agreed = case.transaction, f"Payment {case.transaction.id}", case.agreed
    if agreed is None:
        return ()
    if row.status in FAILED:
        if case.refunds:
            text = (
                f"{what} was taken back by the bank after it was refunded; its refund receipt would stand without the "
                "money it gave back."
            )
            raise held(FAILED_REFUNDED, text, DELETE_REFUND)
        check_period(case, [agreed.day], f"{what} was taken back by the bank; its sales receipt")
        return (VoidReceipt(),)
    if not came(row):
        raise held("payment_status", f"{what} was posted, but has the status {row.status!r} now.", UNKNOWN_STATUS)
    return receipt_refunds(case, agreed)


def void_refunded(case: InvoiceCase, agreed: InvoiceDraft) -> tuple[BookStep, ...] | None:
    """What to do in place of voiding an invoice whose money went back; None when it is voided as any other.

    Refunded in full, its refund receipts have taken the sale back already: voiding it too would do so twice. Raises
    HeldError when a part went back, because only a person can say what became of the rest.
    """
    if case.settings.refunds is OnOff.OFF:
        return None
    rows = [row for row in attributed(case) if row.id in _parts(case) and came(row)]
    back = max(_sum(case.refunds, agreed), total((given_back(row) for row in rows), agreed.total.currency))
    if not back:
        return None
    if back == agreed.total:
        text = f"{named(case)} was refunded in full; its refund receipts have taken the sale back."
        return invoice_refunds(case, agreed) or (Ignore(Reason("refunded_in_full", text)),)
    text = (
        f"{named(case)} was voided in Avantto after {back} of {agreed.total} was refunded; "
        "voiding it in QuickBooks as well would take that part of the sale back twice."
    )
    mend = "enter a credit memo for the rest in QuickBooks, or void it with its refunds, then: avantto-qbo skip ID"
    raise held("void_refunded", text, mend)


def check_credit(case: InvoiceCase) -> None:
    """Hold a refund of money that stayed the customer's credit when its invoice was voided.

    A refund receipt would take the same sale back twice; only a check or expense on the customer uses the credit up.
    """
    if case.settings.refunds is OnOff.OFF:
        return
    credit = {payment.part for payment in case.posted if payment.draft is not None and not payment.draft.invoice}
    for row in attributed(case):
        if row.id not in credit or not came(row) or not given_back(row):
            continue
        text = (
            f"{named(case)} is void, and {given_back(row)} of payment {row.id}, which stayed its customer's credit, "
            "was refunded."
        )
        raise held("refund_of_credit", text, f"enter the refund against the credit in QuickBooks, then: {SKIP}")


def _parts(case: InvoiceCase) -> set[str]:
    return {payment.part for payment in case.posted}


def _sum(refunds: Sequence[PostedRefund], agreed: SaleDraft) -> Money:
    return total(_last(refunds).values(), agreed.total.currency)


def _refunds(case: SaleCase, rows: Sequence[Transaction], agreed: SaleDraft, what: str) -> tuple[BookStep, ...]:
    last, done = _last(case.refunds), _sum(case.refunds, agreed)
    steps: list[BookStep] = []
    for row in rows:
        back, before = given_back(row), last.get(row.id, Money.zero(agreed.total.currency))
        if back < before:
            text = f"{what}: {back} of payment {row.id} was refunded, but refunds of {before} are in QuickBooks."
            mend = f"delete the refund receipts of this payment in QuickBooks, then: {RETRY} (or skip ID)"
            raise held(REFUNDED_LESS, text, mend)
        if back == before:
            continue
        upto = done + (back - before)
        if upto > agreed.total:
            text = f"{what}: {upto} was refunded, more than its total of {agreed.total}."
            raise held("over_refund", text, f"correct the refunds in Avantto, then: {RETRY} (or skip ID)")
        part, needs = restated(portion(agreed, upto, done), case, what)
        steps += [*map(NeedItem, needs)] or [_refund(case, row, part, back, what)]
        done = upto
    return tuple(steps)


def _last(refunds: Sequence[PostedRefund]) -> dict[str, Money]:
    """All that was refunded of each transaction, as far as it is in the books."""
    found: dict[str, Money] = {}
    for refund in refunds:
        found[refund.transaction] = max(refund.refunded, found.get(refund.transaction, refund.refunded))
    return found


def _refund(case: SaleCase, row: Transaction, part: SaleDraft, back: Money, what: str) -> CreateRefund:
    # Avantto tells no date of a refund (UNVERIFIED): the transaction changed last when it was made.
    day = day_of(row.updated_at, case.location.time_zone) or part.day
    check_period(case, [day], f"A refund of {what}")
    ordinal = 1 + sum(refund.transaction == row.id for refund in case.refunds)
    draft = RefundDraft(
        customer=part.customer,
        number=doc_number(case, refund_reference(row.id, ordinal)),
        day=day,
        email=part.email,
        lines=_lines(part),
        discount=part.discount,
        discount_account=part.discount_account,
        tax=part.tax,
        total=part.total,
        reference=payment_reference(row.id),
        note=refund_note(row.id, back),
        memo=f"Refund of {what}",
        account=refund_account(case, row.provider, row.method),
        method=payment_method(case.company, row.method, row.provider),
        form=part.form,
        tax_parts=part.tax_parts,
        tax_code=part.tax_code,
        department=part.department,
        refunded=back,
    )
    text = f"{what}: {part.total} of payment {row.id} was refunded on {day} ({back} of it in all)."
    return CreateRefund(row.id, draft, (Reason(REFUNDED, text),))


def _lines(part: SaleDraft) -> tuple[DraftLine, ...]:
    """The lines something went back of, and one for each further tax code, for its tax or its rates are stated too.

    How a bookkeeper split them belongs to the original.
    """
    kept, codes = [], {_UNTAXED, *(line.tax_code for line in part.lines if line.amount)}
    for line in part.lines:
        if line.amount or line.tax_code not in codes:
            kept.append(msgspec.structs.replace(line, parts=()))
            codes.add(line.tax_code)
    return tuple(kept) or part.lines
