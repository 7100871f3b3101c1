"""The rows about invoices (I1-I5), their payments, and what the books hold altogether."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from avantto_qbo.demo import documents
from avantto_qbo.demo.claims import Case, Row, Tally
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.documents import charge_due, figures, invoice_due
from avantto_qbo.demo.evidence import by_hand, cents, discount_of, sales_lines, tax_of, voided


def rows(case: Case) -> Iterator[Row]:
    """Yield the rows about invoices and the closing sums."""
    wanted = [invoice for invoice in case.crm.invoices if invoice_due(case, invoice)]
    yield documents.invoices(case, wanted)
    yield _lines_of(case, wanted)
    yield figures("I1", "discounts", _parts(case, wanted, "discount", discount_of))
    yield figures("I1", "sales tax", _parts(case, wanted, "tax", tax_of))
    yield documents.payments(case, wanted)
    yield documents.still_open(case, wanted)
    yield _out(case, "I1", "drafts", (row for row in case.crm.invoices if row["status"] == "draft"))
    yield _out(case, "S3", "test-mode invoices", (row for row in case.crm.invoices if not row["liveMode"]))
    yield _out(case, "I4", "invoices before the cut-off", (row for row in case.crm.invoices if not _new(case, row)))
    yield _voids(case)
    yield documents.people(case, wanted)
    yield documents.nothing_else(case)
    yield _takings(case, wanted)


def _new(case: Case, invoice: Json) -> bool:
    return case.after_cut_off(invoice["createdAt"])


def _lines_of(case: Case, wanted: list[Json]) -> Row:
    """Every line amounts to the same after every edit."""
    ours, theirs, wrong = Tally(0), Tally(0), []
    for invoice in wanted:
        here = _lines(invoice)
        there = sorted(line for copy in case.books.copies_of(invoice) for line in sales_lines(copy))
        ours, theirs = Tally(ours.count + len(here)), Tally(theirs.count + len(there))
        if here != there:
            wrong.append(f"{invoice['invoiceNumber']}: lines {here} in Avantto, {there} in the books")
    return Row("I2", "lines after every edit", ours, theirs, tuple(wrong))


def _lines(invoice: Json) -> list[int]:
    return sorted(cents(Decimal(str(item["qty"])) * Decimal(str(item["amount"]))) for item in invoice["invoiceItems"])


def _parts(case: Case, wanted: list[Json], ours: str, theirs: Callable[[Json], int]) -> Iterator[tuple[str, int, int]]:
    """One figure of every invoice and of its copies."""
    for invoice in wanted:
        there = sum(map(theirs, case.books.copies_of(invoice)))
        yield invoice["invoiceNumber"], cents(invoice["totalSummary"][ours]), there


def _out(case: Case, rule: str, what: str, invoices: Iterable[Json]) -> Row:
    left_out = list(invoices)
    found = [copy for invoice in left_out for copy in case.books.copies_of(invoice)]
    posted = Tally(len(found), sum(cents(copy["TotalAmt"]) for copy in found))
    return Row(rule, f"{what}: none of {len(left_out)}", Tally(0, 0), posted)


def _voids(case: Case) -> Row:
    """A void invoice is void in the books as well, or never came there; no money is left on it."""
    void = [row for row in case.crm.invoices if row["status"] == "void" and row["liveMode"] and _new(case, row)]
    copies = [(row["invoiceNumber"], case.books.copies_of(row)) for row in void]
    standing = [name for name, found in copies if not all(voided(copy) for copy in found) or len(found) > 1]
    money = sum(cents(copy["TotalAmt"]) for _, found in copies for copy in found)
    wrong = tuple(f"{name} is not void in the books" for name in standing)
    return Row("I2", "voids of unpaid invoices", Tally(len(void), 0), Tally(len(void) - len(standing), money), wrong)


def _takings(case: Case, wanted: list[Json]) -> Row:
    """All money of the day: what invoices and charges brought in Avantto, all payments and receipts not by hand."""
    charges = [cents(row["amount"]) for row in case.crm.charges if charge_due(case, row)]
    paid = [cents(row["amountPaid"]) for row in wanted if cents(row["amountPaid"])]
    ours = Tally(len(charges) + len(paid), sum(charges) + sum(paid))
    receipts = [cents(row["TotalAmt"]) for row in case.books.rows("SalesReceipt") if not by_hand(row)]
    money = [cents(row["TotalAmt"]) for row in case.books.rows("Payment") if not by_hand(row)]
    with_money = {
        one["TxnId"]
        for row in case.books.rows("Payment")
        if not by_hand(row)
        for line in row.get("Line", ())
        for one in line["LinkedTxn"]
    }
    theirs = Tally(len(receipts) + len(with_money), sum(receipts) + sum(money))
    return Row("all", "money of the day: documents and cents", ours, theirs)
