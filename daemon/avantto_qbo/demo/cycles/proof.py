"""The proof of the bicycle shop's day: every total to the cent, and Avantto's tax owed, whatever the engine says."""

from __future__ import annotations

from collections.abc import Iterator

from avantto_qbo.demo import documents
from avantto_qbo.demo.claims import Case, Row, Tally, nothing_held
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.documents import charge_due, figures, invoice_due
from avantto_qbo.demo.evidence import Books, by_hand, cents, discount_of, tax_of

LEARNED = "tax.form"  # the daemon's line when a company's way to state tax was found
_LIABILITY = "Other Current Liability"


def rows(case: Case) -> Iterator[Row]:
    """Yield every row."""
    wanted = [invoice for invoice in case.crm.invoices if invoice_due(case, invoice)]
    charges = [charge for charge in case.crm.charges if charge_due(case, charge)]
    yield documents.invoices(case, wanted)
    yield documents.receipts(case, documents.SALES, charges)
    yield figures("I1, S4", "tax, owed on the liability account", _taxes(case, wanted, charges))
    yield figures("I1, S4", "tax of the engine's own: none", _engine(case))
    yield figures("I1", "discounts", _discounts(case, wanted))
    yield documents.payments(case, wanted)
    yield documents.still_open(case, wanted)
    yield documents.refunds(case)
    yield documents.people(case, wanted)
    yield _corrected(case)
    yield Row("tax", "times the daemon said so", Tally(1), Tally(case.said.events.get(LEARNED, 0)))
    yield documents.one_each(case, wanted)
    yield documents.nothing_else(case)
    yield nothing_held(case)


def _taxes(case: Case, wanted: list[Json], charges: list[Json]) -> Iterator[tuple[str, int, int]]:
    """The tax of every invoice, and of every order however often it was charged."""
    owed = _owed_on(case.books)
    for invoice in wanted:
        there = sum(_owed(copy, owed) for copy in case.books.copies_of(invoice))
        yield invoice["invoiceNumber"], cents(invoice["totalSummary"]["tax"]), there
    for order in {charge["entityId"] for charge in charges}:
        forms = [form for row in charges if row["entityId"] == order for form in case.books.named.get(row["_id"], ())]
        tax = case.crm.state["orders"][order]["amountSummary"]["tax"]
        yield f"order {order}", cents(tax), sum(_owed(form, owed) for form in forms)


def _owed_on(books: Books) -> frozenset[str]:
    """The items whose lines are owed to somebody, not earned."""
    liabilities = {row["Id"] for row in books.rows("Account") if row["AccountType"] == _LIABILITY}
    items = books.rows("Item")
    return frozenset(row["Id"] for row in items if (row.get("IncomeAccountRef") or {}).get("value") in liabilities)


def _owed(form: Json, items: frozenset[str]) -> int:
    sold = (line for line in form["Line"] if line["DetailType"] == "SalesItemLineDetail")
    return sum(cents(line["Amount"]) for line in sold if line["SalesItemLineDetail"]["ItemRef"]["value"] in items)


def _engine(case: Case) -> Iterator[tuple[str, int, int]]:
    for form in case.books.rows("Invoice", "SalesReceipt", "RefundReceipt"):
        yield form.get("DocNumber") or form["Id"], 0, tax_of(form)


def _discounts(case: Case, wanted: list[Json]) -> Iterator[tuple[str, int, int]]:
    for invoice in wanted:
        there = sum(map(discount_of, case.books.copies_of(invoice)))
        yield invoice["invoiceNumber"], cents(invoice["totalSummary"]["discount"]), there


def _corrected(case: Case) -> Row:
    """One document taught the daemon how this company takes tax; all others were right at once.

    Nothing was edited that day: a form with more versions than payments was corrected.
    """
    forms = [row for row in case.books.rows("Invoice", "SalesReceipt", "RefundReceipt") if not by_hand(row)]
    again = [row for row in forms if int(row["SyncToken"]) > len(row.get("LinkedTxn", ()))]
    return Row("tax", "documents put right after they were posted", Tally(1), Tally(len(again)))
