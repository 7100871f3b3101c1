"""The proof of the tailor's day in pence: documents, VAT by rate, money in and out, what the owner decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from avantto_qbo.demo import documents
from avantto_qbo.demo.claims import Case, Row, Tally, nothing_held
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.documents import charge_due, figures, invoice_due
from avantto_qbo.demo.evidence import cents, discount_of, sales_lines, voided
from avantto_qbo.demo.tailor.vat import Sold, sold_at_once, sold_by_invoice, stated


def rows(case: Case) -> Iterator[Row]:
    """Yield every row."""
    wanted = [invoice for invoice in case.crm.invoices if invoice_due(case, invoice)]
    sold = [*sold_by_invoice(case), *sold_at_once(case)]
    yield documents.invoices(case, wanted)
    yield documents.receipts(case, documents.SALES, [row for row in case.crm.charges if charge_due(case, row)])
    yield _lines(sold)
    yield figures("I1, S4", "discounts and coupons, before VAT", _each(sold, lambda one: one.off, discount_of))
    yield figures("I1, S4", "VAT at 20 %", _each(sold, lambda one: one.vat(20), lambda form: stated(form, 20)))
    yield figures("I1, S4", "VAT at 5 %", _each(sold, lambda one: one.vat(5), lambda form: stated(form, 5)))
    yield documents.payments(case, wanted)
    yield documents.still_open(case, wanted)
    yield _voids(case)
    yield documents.refunds(case)
    yield documents.people(case, wanted)
    yield documents.one_each(case, wanted)
    yield documents.nothing_else(case)
    yield nothing_held(case)


def _each(
    sold: Iterable[Sold], ours: Callable[[Sold], int], theirs: Callable[[Json], int]
) -> Iterator[tuple[str, int, int]]:
    """One figure of every sale and of the forms that stand for it."""
    for one in sold:
        yield one.name, ours(one), sum(map(theirs, one.copies))


def _lines(sold: list[Sold]) -> Row:
    """Every line is there; together they are what is left of the prices without VAT."""
    ours = Tally(sum(len(one.lines) for one in sold), sum(one.net for one in sold))
    found = [line for one in sold for form in one.copies for line in sales_lines(form)]
    theirs = Tally(len(found), sum(found))
    wrong = (
        f"{one.name}: lines of {one.net} in Avantto, {there} in the books"
        for one in sold
        if one.net != (there := sum(line for form in one.copies for line in sales_lines(form)))
    )
    return Row("I1, S4", "lines before VAT", ours, theirs, tuple(wrong))


def _voids(case: Case) -> Row:
    """A paid invoice that was voided is void in the books, and its money stands there as the customer's credit."""
    void = [row for row in case.crm.invoices if row["status"] == "void"]
    copies = [copy for row in void for copy in case.books.copies_of(row) if voided(copy)]
    charges = [charge for row in void for charge in case.crm.charges_of(row)]
    credit = [row for charge in charges for row in case.books.named.get(charge["_id"], ()) if not _linked(row)]
    ours = Tally(len(void) + len(charges), sum(cents(row["amountPaid"]) for row in void))
    theirs = Tally(len(copies) + len(credit), sum(cents(row["TotalAmt"]) for row in credit))
    return Row("I5", "paid invoices voided, money unlinked", ours, theirs)


def _linked(payment: Json) -> bool:
    return any(line.get("LinkedTxn") for line in payment.get("Line", ()))
