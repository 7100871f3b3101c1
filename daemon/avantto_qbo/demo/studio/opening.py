"""Before the day: both vendors with what the business has there already, nothing connected yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from avantto_qbo.demo.business import BY_HAND, Desk
from avantto_qbo.demo.control import Json
from avantto_qbo.demo.studio import cast

LONG_AGO: Final = timedelta(days=60)


async def open_studio(desk: Desk) -> list[str]:
    """Fill both vendors; returns the QuickBooks ids of the existing customers by position."""
    await desk.open()
    customers = await _fill_books(desk)
    await _fill_crm(desk)
    return customers


async def _fill_books(desk: Desk) -> list[str]:
    people = list(cast.customers())
    first = await desk.in_books("create_many", entity="Customer", bodies=people[: cast.BRANCHES[0]])
    parent = {"ParentRef": {"value": first[0]}}
    rest = [{**body, **parent} for body in people[cast.BRANCHES[0] :]]
    ids: list[str] = [*first, *await desk.in_books("create_many", entity="Customer", bodies=rest)]
    await desk.in_books("create_many", entity="Vendor", bodies=list(cast.vendors()))
    project = {"DisplayName": "Lobby refurbishment", "Job": True, "IsProject": True, **parent}
    await desk.in_books("create", entity="Customer", body=project)
    for number in cast.GONE:
        await desk.in_books("update", entity="Customer", body={"Id": ids[number], "Active": False})
    for number in cast.REGULARS:
        await pay_by_hand(desk, await bill_by_hand(desk, ids[number], "180.00", LONG_AGO), LONG_AGO)
    return ids


async def _fill_crm(desk: Desk) -> None:
    for contact in cast.contacts():
        await desk.at_desk("create_contact", **contact)
    blocked = cast.person(cast.BLOCKED).email.title()
    await desk.at_desk("set_dnd", contact={"email": blocked}, email=True)
    for number in (60, 215, 216):
        buyer = cast.person(number).as_contact()
        await desk.at_desk("book_calendar", contact=buyer, taxes=[], name="Consultation", amount="75.00")


async def bill_by_hand(desk: Desk, customer: str, amount: str, ago: timedelta = timedelta()) -> Json:
    """A human writes an invoice in QuickBooks, dated `ago`; returns it."""
    detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}}
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    body = {"CustomerRef": {"value": customer}, "Line": [line], "TxnDate": _day(ago), "PrivateNote": BY_HAND}
    made: Json = await desk.in_books("create", entity="Invoice", body=body)
    return made


async def pay_by_hand(desk: Desk, invoice: Json, ago: timedelta = timedelta(), amount: str | None = None) -> Json:
    """A human enters money for an invoice in QuickBooks, all of it or `amount`; returns the payment."""
    money = amount or invoice["Balance"]
    line = {"Amount": money, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    body = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": money, "Line": [line], "TxnDate": _day(ago)}
    made: Json = await desk.in_books("create", entity="Payment", body={**body, "PrivateNote": BY_HAND})
    return made


def _day(ago: timedelta) -> str:
    return (datetime.now(UTC) - ago).date().isoformat()
