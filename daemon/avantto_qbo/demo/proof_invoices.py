"""The rows about invoices (I1-I5), their payments, and what the books hold altogether."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from avantto_qbo.demo.claims import Case, Row, Tally
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.evidence import (
    FORMS,
    by_hand,
    cents,
    discount_of,
    emails_of,
    ids_in,
    maker_of,
    sales_lines,
    tax_of,
    voided,
)
from avantto_qbo.demo.proof_people import Faces
from avantto_qbo.demo.proof_sales import due as sale_due


def due(case: Case, invoice: Json) -> bool:
    """Whether an invoice belongs into the books with its money: live, sent, not void, created after the cut-off."""
    return bool(invoice["liveMode"]) and invoice["status"] not in {"draft", "void"} and _new(case, invoice)


def rows(case: Case) -> Iterator[Row]:
    """Yield the rows about invoices and the closing sums."""
    wanted = [invoice for invoice in case.crm.invoices if due(case, invoice)]
    yield _invoices(case, wanted)
    yield _part(case, "I2", "lines after every edit", wanted, _lines_in_crm, lambda form: len(sales_lines(form)))
    yield _part(case, "I1", "discounts", wanted, lambda row: cents(row["totalSummary"]["discount"]), discount_of)
    yield _part(case, "I1", "sales tax", wanted, lambda row: cents(row["totalSummary"]["tax"]), tax_of)
    yield _payments(case, wanted)
    yield _part(
        case, "I3", "still open", wanted, lambda row: cents(row["amountDue"]), lambda row: cents(row["Balance"])
    )
    yield _out(case, "I1", "drafts", (row for row in case.crm.invoices if row["status"] == "draft"))
    yield _out(case, "S3", "test-mode invoices", (row for row in case.crm.invoices if not row["liveMode"]))
    yield _out(case, "I4", "invoices before the cut-off", (row for row in case.crm.invoices if not _new(case, row)))
    yield _voids(case)
    yield _customers(case, wanted)
    yield _unexplained(case)
    yield _takings(case, wanted)


def _new(case: Case, invoice: Json) -> bool:
    return case.after_cut_off(invoice["createdAt"])


def _invoices(case: Case, wanted: list[Json]) -> Row:
    pairs = [(invoice, case.books.copies_of(invoice)) for invoice in wanted]
    wrong = [problem for invoice, copies in pairs for problem in _compared(invoice, copies)]
    found = [copy for _, copies in pairs for copy in copies]
    ours = Tally(len(wanted), sum(cents(invoice["total"]) for invoice in wanted))
    theirs = Tally(len(found), sum(cents(copy["TotalAmt"]) for copy in found))
    return Row("I1", "invoices sent: number, dates, e-mail, total", ours, theirs, tuple(wrong))


def _compared(invoice: Json, copies: list[Json]) -> Iterator[str]:
    name = invoice["invoiceNumber"]
    if len(copies) != 1:
        yield f"{name} is {len(copies)} invoices"
        return
    copy = copies[0]
    sides = {
        "number": (str(name), copy.get("DocNumber")),
        "date": (invoice["issueDate"], copy["TxnDate"]),
        "due date": (invoice["dueDate"], copy.get("DueDate")),
        "e-mail": (
            str(invoice["contactDetails"].get("email") or "").lower(),
            (copy.get("BillEmail") or {}).get("Address", "").lower(),
        ),
        "total": (cents(invoice["total"]), cents(copy["TotalAmt"])),
        "lines": (_lines(invoice), sales_lines(copy)),
    }
    for what, (ours, theirs) in sides.items():
        if ours != theirs:
            yield f"{name}: {what} {ours} in Avantto, {theirs} in the books"


def _lines(invoice: Json) -> list[int]:
    return sorted(cents(Decimal(str(item["qty"])) * Decimal(str(item["amount"]))) for item in invoice["invoiceItems"])


def _lines_in_crm(invoice: Json) -> int:
    return len(invoice["invoiceItems"])


def _part(
    case: Case,
    rule: str,
    what: str,
    invoices: list[Json],
    ours: Callable[[Json], int],
    theirs: Callable[[Json], int],
) -> Row:
    """Compare one figure of every invoice with its copies; only invoices that have it are counted."""
    pairs = [(row["invoiceNumber"], ours(row), sum(map(theirs, case.books.copies_of(row)))) for row in invoices]
    wrong = (f"{name}: {here} in Avantto, {there} in the books" for name, here, there in pairs if here != there)
    here = Tally(sum(1 for _, value, _ in pairs if value), sum(value for _, value, _ in pairs))
    there = Tally(sum(1 for *_, value in pairs if value), sum(value for *_, value in pairs))
    if rule == "I2":
        return Row(rule, what, Tally(here.cents or 0), Tally(there.cents or 0), tuple(wrong))
    return Row(rule, what, here, there, tuple(wrong))


def _payments(case: Case, wanted: list[Json]) -> Row:
    """Every charge of an invoice is one payment, money without a charge another; together what Avantto calls paid."""
    wrong: list[str] = []
    ours, theirs = Tally(0, 0), Tally(0, 0)
    for invoice in wanted:
        charges = [cents(charge["amount"]) for charge in case.crm.charges_of(invoice)]
        paid = cents(invoice["amountPaid"])
        parts = sorted([*charges, *([paid - sum(charges)] if paid > sum(charges) else [])])
        found = sorted(amount for copy in case.books.copies_of(invoice) for _, amount in case.books.received_for(copy))
        if parts != found:
            wrong.append(f"{invoice['invoiceNumber']}: paid {parts} cents, in the books {found}")
        ours, theirs = _plus(ours, parts), _plus(theirs, found)
    return Row("I3", "payments of invoices, card and counter", ours, theirs, tuple(wrong))


def _plus(tally: Tally, amounts: list[int]) -> Tally:
    return Tally(tally.count + len(amounts), (tally.cents or 0) + sum(amounts))


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


def _customers(case: Case, wanted: list[Json]) -> Row:
    """Whoever has documents is one customer, and that customer is nobody else."""
    pairs = {
        (invoice["contactDetails"]["id"], copy["CustomerRef"]["value"])
        for invoice in wanted
        for copy in case.books.copies_of(invoice)
    }
    charges = [charge for charge in case.crm.charges if sale_due(case, charge)]
    pairs |= {
        (charge["contactId"], receipt["CustomerRef"]["value"])
        for charge in charges
        for receipt in case.books.named.get(charge["_id"], ())
    }
    people = {invoice["contactDetails"]["id"] for invoice in wanted} | {charge["contactId"] for charge in charges}
    faces = Faces(case.crm.contacts)
    wrong = (problem for contact, customer in sorted(pairs) for problem in _mistaken(case, faces, contact, customer))
    return Row("U1", "people with documents", Tally(len(people)), Tally(len({pair[1] for pair in pairs})), tuple(wrong))


def _mistaken(case: Case, faces: Faces, contact: str, customer: str) -> Iterator[str]:
    known, row = faces.contacts.get(contact), case.books.customers.get(customer)
    if known is None or row is None:
        yield f"contact {contact} or customer {customer} is gone"
        return
    email = str(known.get("email") or "").lower()
    same = email in emails_of(row) if email else maker_of(row) == contact
    if not same:
        yield f"{known['name']} was booked to {row['DisplayName']}"


def _unexplained(case: Case) -> Row:
    """Everything in the books is a human's or stands for a document of Avantto's."""
    known = {*case.crm.state["invoices"], *case.crm.state["transactions"]}
    numbers = {str(invoice["invoiceNumber"]) for invoice in case.crm.invoices}
    strange = [
        row
        for row in case.books.rows(*FORMS)
        if not by_hand(row)
        and not (ids_in(row) and set(ids_in(row)) <= known)
        and not (voided(row) and row.get("DocNumber") in numbers)
    ]
    return Row(
        "all", "nothing else in the books", Tally(0, 0), _plus(Tally(0, 0), [cents(r["TotalAmt"]) for r in strange])
    )


def _takings(case: Case, wanted: list[Json]) -> Row:
    """All money of the day: what invoices and charges brought in Avantto, all payments and receipts not by hand."""
    charges = [cents(row["amount"]) for row in case.crm.charges if sale_due(case, row)]
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
