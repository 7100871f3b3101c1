"""Rows that the proof of any company is made of: invoices, money, people, and nothing beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from avantto_qbo.demo.claims import Case, Row, Tally
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.evidence import FORMS, by_hand, cents, emails_of, ids_in, maker_of, voided
from avantto_qbo.demo.faces import Faces

SALES: Final = "sales receipts of every source"


def invoice_due(case: Case, invoice: Json) -> bool:
    """Whether an invoice belongs into the books with its money: live, sent, not void, created after the cut-off."""
    new = case.after_cut_off(invoice["createdAt"])
    return bool(invoice["liveMode"]) and invoice["status"] not in {"draft", "void"} and new


def charge_due(case: Case, charge: Json) -> bool:
    """Whether a charge belongs into the books: live, succeeded, after the cut-off."""
    return bool(charge["liveMode"]) and charge["status"] == "succeeded" and case.after_cut_off(charge["fulfilledAt"])


def figures(rule: str, what: str, compared: Iterable[tuple[str, int, int]]) -> Row:
    """Compare one figure of every document: its name, the cents in Avantto and in the books.

    Only documents that have the figure are counted.
    """
    found = list(compared)
    wrong = (f"{name}: {here} in Avantto, {there} in the books" for name, here, there in found if here != there)
    here = Tally(sum(1 for _, value, _ in found if value), sum(value for _, value, _ in found))
    there = Tally(sum(1 for *_, value in found if value), sum(value for *_, value in found))
    return Row(rule, what, here, there, tuple(wrong))


def plus(tally: Tally, amounts: list[int]) -> Tally:
    """Count amounts in."""
    return Tally(tally.count + len(amounts), (tally.cents or 0) + sum(amounts))


def invoices(case: Case, wanted: list[Json]) -> Row:
    """Every invoice is one invoice of the books, with the same number, dates, e-mail and total."""
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
    }
    for what, (ours, theirs) in sides.items():
        if ours != theirs:
            yield f"{name}: {what} {ours} in Avantto, {theirs} in the books"


def payments(case: Case, wanted: list[Json]) -> Row:
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
        ours, theirs = plus(ours, parts), plus(theirs, found)
    return Row("I3", "payments of invoices, card and counter", ours, theirs, tuple(wrong))


def receipts(case: Case, what: str, charges: list[Json]) -> Row:
    """Every charge is one sales receipt, of the same total and day, booked to whoever paid."""
    posted = [(charge, case.books.named.get(charge["_id"], ())) for charge in charges]
    wrong = [problem for charge, receipts in posted for problem in _charged(case, charge, receipts)]
    ours = Tally(len(charges), sum(cents(charge["amount"]) for charge in charges))
    found = [receipt for _, receipts in posted for receipt in receipts]
    theirs = Tally(len(found), sum(cents(receipt["TotalAmt"]) for receipt in found))
    return Row("S1", what, ours, theirs, tuple(wrong))


def _charged(case: Case, charge: Json, receipts: tuple[Json, ...]) -> Iterator[str]:
    name = f"payment {charge['_id']}"
    if len(receipts) != 1:
        yield f"{name} is {len(receipts)} receipts"
        return
    receipt = receipts[0]
    if cents(receipt["TotalAmt"]) != cents(charge["amount"]):
        yield f"{name}: {charge['amount']} charged, {receipt['TotalAmt']} in the books"
    if receipt["TxnDate"] != case.crm.day(charge["fulfilledAt"]):
        yield f"{name}: charged {charge['fulfilledAt']}, dated {receipt['TxnDate']}"
    email = str(charge["contactSnapshot"].get("email") or "").lower()
    customer = case.books.customers.get((receipt.get("CustomerRef") or {}).get("value", ""), {})
    if email and email not in emails_of(customer):
        yield f"{name}: paid by {email}, booked to {customer.get('DisplayName')}"


def still_open(case: Case, wanted: list[Json]) -> Row:
    """What customers still owe."""
    return figures("I3", "still open", _of_copies(case, wanted, "amountDue", "Balance"))


def _of_copies(case: Case, wanted: list[Json], ours: str, theirs: str) -> Iterator[tuple[str, int, int]]:
    for invoice in wanted:
        copies = case.books.copies_of(invoice)
        yield invoice["invoiceNumber"], cents(invoice[ours]), sum(cents(copy[theirs]) for copy in copies)


def refunds(case: Case) -> Row:
    """What was given back of a charge, once each, is as much in refund receipts that name the charge."""
    back = {row["_id"]: cents(row["amountRefunded"]) for row in case.crm.state["transactions"].values()}
    given = {name: amount for name, amount in back.items() if amount}
    found = [row for row in case.books.rows("RefundReceipt") if not by_hand(row)]
    receipts = {name: [row for row in found if name in ids_in(row)] for name in given}
    wrong = [
        f"payment {name}: {amount} cents given back, in the books {[cents(row['TotalAmt']) for row in receipts[name]]}"
        for name, amount in given.items()
        if [cents(row["TotalAmt"]) for row in receipts[name]] != [amount]
    ]
    theirs = Tally(len(found), sum(cents(row["TotalAmt"]) for row in found))
    return Row("I3, S1", "money given back", Tally(len(given), sum(given.values())), theirs, tuple(wrong))


def one_each(case: Case, wanted: list[Json]) -> Row:
    """Every invoice, void or not, and every charge that belongs into the books is exactly one object there."""
    void = [row for row in case.crm.invoices if row["status"] == "void" and row["liveMode"]]
    charges = [charge for charge in case.crm.charges if charge_due(case, charge)]
    found = {row["invoiceNumber"]: len(case.books.copies_of(row)) for row in (*wanted, *void)}
    found |= {charge["_id"]: len(case.books.named.get(charge["_id"], ())) for charge in charges}
    wrong = tuple(f"{name} is {count} objects" for name, count in found.items() if count != 1)
    return Row("all", "one object for each document", Tally(len(found)), Tally(sum(found.values())), wrong)


def people(case: Case, wanted: list[Json]) -> Row:
    """Whoever has documents is one customer, and that customer is nobody else."""
    pairs = {
        (invoice["contactDetails"]["id"], copy["CustomerRef"]["value"])
        for invoice in wanted
        for copy in case.books.copies_of(invoice)
    }
    charges = [charge for charge in case.crm.charges if charge_due(case, charge)]
    pairs |= {
        (charge["contactId"], receipt["CustomerRef"]["value"])
        for charge in charges
        for receipt in case.books.named.get(charge["_id"], ())
    }
    known = {invoice["contactDetails"]["id"] for invoice in wanted} | {charge["contactId"] for charge in charges}
    faces = Faces(case.crm.contacts)
    wrong = (problem for contact, customer in sorted(pairs) for problem in _mistaken(case, faces, contact, customer))
    return Row("U1", "people with documents", Tally(len(known)), Tally(len({pair[1] for pair in pairs})), tuple(wrong))


def _mistaken(case: Case, faces: Faces, contact: str, customer: str) -> Iterator[str]:
    known, row = faces.contacts.get(contact), case.books.customers.get(customer)
    if known is None or row is None:
        yield f"contact {contact} or customer {customer} is gone"
        return
    email = str(known.get("email") or "").lower()
    same = email in emails_of(row) if email else maker_of(row) == contact
    if not same:
        yield f"{known['name']} was booked to {row['DisplayName']}"


def nothing_else(case: Case) -> Row:
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
    found = plus(Tally(0, 0), [cents(row["TotalAmt"]) for row in strange])
    return Row("all", "nothing else in the books", Tally(0, 0), found)
