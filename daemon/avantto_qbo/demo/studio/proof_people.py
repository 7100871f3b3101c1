"""The rows about people: contacts (C1-C5), review requests (R1-R3), customers (U1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from avantto_qbo.demo.business import DESK
from avantto_qbo.demo.claims import Case, Row, Tally
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.evidence import Books, Crm, cents, emails_of, maker_of, phones_of, voided
from avantto_qbo.demo.faces import Faces, contact_keys

TAG: Final = "quickbooks"
KEPT: Final = ("firstName", "lastName", "name", "email", "phone", "address1", "city", "companyName", "source")
TOO_OLD: Final = timedelta(days=7)


def wanted(customer: Json) -> bool:
    """Whether a customer shall be a contact: active, no project, a sub-customer only with an address of its own."""
    if not customer["Active"] or customer.get("IsProject"):
        return False
    return not customer.get("Job") or bool(emails_of(customer) or phones_of(customer))


def rows(case: Case) -> Iterator[Row]:
    """Yield the rows about people."""
    faces = Faces(case.crm.contacts)
    began_here = [row for row in case.books.customers.values() if not maker_of(row)]
    early = [row for row in began_here if row["Id"] in case.books_before.customers and wanted(row)]
    late = [row for row in began_here if row["Id"] not in case.books_before.customers and wanted(row)]
    yield _are_contacts("C1", "existing customers are contacts", early, faces)
    yield _are_contacts("C2", "customers of the day are contacts", late, faces)
    yield _matched(case, early, faces)
    yield _came_back(case, faces)
    yield _left_out(began_here, faces)
    yield _everybody(case, early + late)
    yield _asked(case, faces)
    yield _unique_customers(case)


def _are_contacts(rule: str, what: str, customers: list[Json], faces: Faces) -> Row:
    found = [(row, len(faces.of_customer(row))) for row in customers]
    wrong = (f"{row['DisplayName']} has {count} contacts" for row, count in found if count != 1)
    there = Tally(sum(1 for _, count in found if count))
    return Row(rule, what, there, Tally(len(customers)), tuple(wrong))


def _matched(case: Case, customers: list[Json], faces: Faces) -> Row:
    """People on both sides before: still one contact each, with every field it had, and tagged."""
    before = Faces(case.crm_before.contacts)
    known = [contact for customer in customers for contact in before.of_customer(customer)]
    now = [faces.answering(contact_keys(contact)) for contact in known]
    wrong = [problem for contact, found in zip(known, now, strict=True) for problem in _changed(contact, found)]
    count = sum(len(found) for found in now)
    return Row("C3", "people on both sides matched, fields kept", Tally(count), Tally(len(known)), tuple(wrong))


def _changed(before: Json, found: list[Json]) -> Iterator[str]:
    if [contact["id"] for contact in found] != [before["id"]]:
        yield f"{before['name']} is {len(found)} contacts"
        return
    now = found[0]
    lost = [field for field in KEPT if before.get(field) and now.get(field) != before[field]]
    if lost or not {*before["tags"], TAG} <= set(now["tags"]):
        yield f"{before['name']} lost {', '.join(lost) or 'a tag'}"


def _came_back(case: Case, faces: Faces) -> Row:
    """Customers made from a contact come back from QuickBooks and make no second contact."""
    made = [row for row in case.books.customers.values() if maker_of(row)]
    found = [(row, len(faces.of_customer(row))) for row in made]
    wrong = (f"{row['DisplayName']} has {count} contacts" for row, count in found if count != 1)
    count = Tally(sum(count for _, count in found))
    return Row("C4", "customers made from contacts come back", count, Tally(len(made)), tuple(wrong))


def _left_out(customers: list[Json], faces: Faces) -> Row:
    skipped = [row for row in customers if not wanted(row)]
    made = [row["DisplayName"] for row in skipped if faces.of_customer(row)]
    what = f"projects, branches, inactive: none of {len(skipped)}"
    return Row("C5", what, Tally(len(made)), Tally(0), tuple(f"{name} became a contact" for name in made))


def _everybody(case: Case, customers: list[Json]) -> Row:
    """No contact without a person: those the business made, and one for each customer it did not know."""
    own = Faces(row for row in case.crm.contacts if row.get("source") == DESK)
    strangers = sum(1 for row in customers if not own.of_customer(row))
    return Row("C1-C4", "contacts in all", Tally(len(case.crm.contacts)), Tally(len(own.contacts) + strangers))


def _asked(case: Case, faces: Faces) -> Row:
    """Who paid a first invoice in full was asked once; nobody else, nobody twice."""
    due = {contact["id"]: contact["name"] for contact in _to_ask(case, faces)}
    asked = {sent["contactId"] for sent in case.crm.requests}
    counts = {name: case.crm.asked(name) for name in due.keys() | asked}
    wrong = [
        f"{due.get(name) or name} was asked {count} times, not {int(name in due)}"
        for name, count in counts.items()
        if count != int(name in due)
    ]
    what = "first invoice paid in full → one review request"
    return Row("R1, R3", what, Tally(len(case.crm.requests)), Tally(len(due)), tuple(sorted(wrong)))


def _to_ask(case: Case, faces: Faces) -> Iterator[Json]:
    clients = _clients(case.crm)
    for customer in case.books.customers.values():
        if not _first_paid_today(case, customer["Id"]):
            continue
        for contact in faces.of_customer(customer)[:1]:
            if _reachable(contact, consented=contact["id"] in clients or contact.get("source") == DESK):
                yield contact


def _first_paid_today(case: Case, customer: str) -> bool:
    oldest = (case.cut_off - TOO_OLD).date()
    settled = [row for row in case.books.invoices.values() if _settled(row, customer)]
    paid_on = [day for row in settled for day in _days_of_payment(case.books, row)]
    return bool(paid_on) and min(paid_on) >= oldest


def _settled(invoice: Json, customer: str) -> bool:
    whole = cents(invoice["Balance"]) == 0 and cents(invoice["TotalAmt"]) > 0 and not voided(invoice)
    return whole and bool(invoice["CustomerRef"]["value"] == customer)


def _days_of_payment(books: Books, invoice: Json) -> list[date]:
    linked = (one["TxnId"] for one in invoice.get("LinkedTxn", ()) if one["TxnType"] == "Payment")
    return [date.fromisoformat(books.payments[name]["TxnDate"]) for name in linked if name in books.payments]


def _reachable(contact: Json, *, consented: bool) -> bool:
    """By e-mail, else by text message where the person came by Avantto, not by QuickBooks; never when blocked."""
    blocks: Mapping[str, Json] = contact.get("dndSettings") or {}
    blocked = {channel for channel, block in blocks.items() if block.get("status") != "inactive"}
    if contact.get("dnd"):
        return False
    by_text = bool(contact.get("phone")) and "SMS" not in blocked and consented
    return (bool(contact.get("email")) and "Email" not in blocked) or by_text


def _clients(crm: Crm) -> frozenset[str]:
    billed = {row["contactDetails"]["id"] for row in crm.invoices if row["liveMode"]}
    return frozenset(billed | {row["contactId"] for row in crm.charges if row["liveMode"]})


def _unique_customers(case: Case) -> Row:
    """No two active customers are the same person."""
    active = [row for row in case.books.customers.values() if row["Active"]]
    people = [(emails_of(row), maker_of(row), row) for row in active]
    by_email = {email for emails, _, _ in people for email in emails}
    doubles = sum(len(emails) for emails, _, _ in people) - len(by_email)
    makers = [maker for emails, maker, _ in people if maker and not emails]
    what = "no person is two customers"
    return Row("U1", what, Tally(0), Tally(doubles + len(makers) - len(set(makers))))
