"""What an invoice of Avantto looks like in the books, to the cent, and what a later version of it changes."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from avantto_qbo.model.drafts import DraftLine, InvoiceDraft, ItemDraft, Role
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.money import Money, total
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.steps import InvoiceCase
from avantto_qbo.rules.books.checks import check_currency, named
from avantto_qbo.rules.books.company.divisions import department_of
from avantto_qbo.rules.books.company.shelf import Shelf
from avantto_qbo.rules.books.invoiced import reckoned_invoice
from avantto_qbo.rules.books.sale.forms import Formed, figured, formed
from avantto_qbo.rules.books.sale.numbers import doc_number, prefixed
from avantto_qbo.rules.books.sale.reckon import Reckoning
from avantto_qbo.rules.dates import day_of
from avantto_qbo.rules.identity import main_email
from avantto_qbo.rules.reasons import SKIP, HeldError, held
from avantto_qbo.rules.reference import invoice_note

# The fields that go to QuickBooks together under the name `lines`.
_LINE_FIELDS: Final = ("lines", "discount", "discount_account", "tax", "total", "form", "tax_parts", "tax_code")
_OWN_FIELDS: Final = ("customer", "number", "day", "due", "email", "memo", "note")


class DraftedInvoice(msgspec.Struct, frozen=True):
    """A draft with the arithmetic it was made from, the items it still needs, and what should be said about it."""

    draft: InvoiceDraft
    reckoning: Reckoning
    needs: tuple[ItemDraft, ...]
    flags: tuple[Reason, ...]


def draft_invoice(case: InvoiceCase) -> DraftedInvoice:
    """Decide what shall stand in the books. `customer` and `item` are "" where they have to be found first.

    Raises HeldError when it cannot be posted with the same total to the cent.
    """
    invoice, what = case.invoice, named(case)
    check_currency(case, invoice.currency, what)
    reckoning, flags = reckoned_invoice(case)
    whole = _formed(reckoning, case)
    number = prefixed(case, invoice.number)
    shown = doc_number(case, number)
    draft = InvoiceDraft(
        customer=case.customer or CustomerId(""),
        number=shown,
        day=_issued(case),
        due=_due(case),
        email=main_email(invoice.person.email),
        lines=whole.lines,
        discount=whole.discount,
        discount_account=whole.discount_account,
        tax=whole.tax,
        total=reckoning.sale.total,
        # Ours stands first where the books show another number.
        memo="" if shown == number else f"Invoice {invoice.number}"[:1000],
        note=invoice_note(invoice.number, invoice.id),
        form=whole.form,
        tax_parts=whole.tax_parts,
        tax_code=whole.tax_code,
        # A posted invoice keeps its own (see `kept`), whatever became of the setting.
        department=case.agreed.department if case.agreed else department_of(case),
    )
    return DraftedInvoice(draft, reckoning, whole.needs, flags)


def _formed(reckoning: Reckoning, case: InvoiceCase) -> Formed:
    """The sale as the company takes it now; as it was agreed on where only settings or the company's lists changed.

    Money for a posted invoice never waits for a tax code, an item or a class that none of its lines needs anew.
    """
    try:
        return formed(reckoning, case, named(case))
    except HeldError:
        if (agreed := case.agreed) is None:
            raise
        now = figured(reckoning, named(case))
        if _figures(now, reckoning.sale.total) != _figures(agreed, agreed.total):
            raise
        names = (name for name in _LINE_FIELDS if name != "total")
        return Formed(**{name: getattr(agreed, name) for name in names})


def changed_fields(agreed: InvoiceDraft, draft: InvoiceDraft) -> frozenset[str]:
    """The fields in which Avantto's new version differs from what both sides agreed on.

    `lines` stands for lines, discount, tax and total together; which item, class, account or tax code a line uses, and
    in which form the tax is stated, is no change of Avantto's and does not count.
    """
    changed = {name for name in _OWN_FIELDS if getattr(agreed, name) != getattr(draft, name)}
    if _figures(agreed, agreed.total) != _figures(draft, draft.total):
        changed.add("lines")
    return frozenset(changed)


def kept(agreed: InvoiceDraft, draft: InvoiceDraft, company: Company) -> InvoiceDraft:
    """The new draft with everything kept that Avantto did not change: number, memo, items, accounts, split lines."""
    changes: dict[str, object] = {"department": agreed.department}
    if agreed.note == draft.note:  # the same number in Avantto: a variant or QuickBooks' own number stays
        changes |= {"number": agreed.number, "memo": agreed.memo}
    if "lines" not in changed_fields(agreed, draft):
        return msgspec.structs.replace(draft, **changes, **{name: getattr(agreed, name) for name in _LINE_FIELDS})
    known = {_bare(line): line for line in agreed.lines}
    shelf = Shelf.of(company)
    lines = tuple(_kept_line(known.get(_bare(line)), line, shelf) for line in draft.lines)
    account = agreed.discount_account if draft.discount and agreed.discount else draft.discount_account
    return msgspec.structs.replace(draft, **changes, lines=lines, discount_account=account)


def _kept_line(before: DraftLine | None, line: DraftLine, shelf: Shelf) -> DraftLine:
    """A line that Avantto did not touch keeps what a person chose for it; split ones only in the same form of tax.

    An item that was made inactive since is refused on any change, so it gives way.
    """
    if before is None:
        return line
    parts = before.parts if before.tax_code == line.tax_code and before.gross == line.gross else ()
    item = before.item if before.item and shelf.sells(before.item) else line.item
    return msgspec.structs.replace(line, item=item, class_=before.class_, parts=parts)


def _figures(draft: InvoiceDraft | Formed, whole: Money) -> tuple[object, ...]:
    """What of lines and sums is Avantto's own."""
    currency = whole.currency
    by_role = {role: total((one.amount for one in draft.lines if one.role is role), currency) for role in Role}
    sold = tuple(_bare(line) for line in draft.lines if line.role in {Role.ITEM, Role.EXTRA})
    return sold, draft.discount - by_role[Role.DISCOUNT], draft.tax + by_role[Role.TAX], whole


def _bare(line: DraftLine) -> tuple[object, ...]:
    return line.role, line.description, line.amount, line.quantity, line.unit_price, line.taxes


def _issued(case: InvoiceCase) -> date:
    day = day_of(case.invoice.issue_date or case.invoice.created_at, case.location.time_zone)
    if day is None:
        text = f"{named(case)}: issueDate {case.invoice.issue_date!r} is no date."
        raise held("issue_date", text, f"correct it in Avantto, or: {SKIP}")
    return day


def _due(case: InvoiceCase) -> date | None:
    if not case.invoice.due_date:
        return None
    day = day_of(case.invoice.due_date, case.location.time_zone)
    if day is None:
        text = f"{named(case)}: dueDate {case.invoice.due_date!r} is no date."
        raise held("due_date", text, f"correct it in Avantto, or: {SKIP}")
    return day
