"""Before the day: both vendors with what the business has there already, nothing connected yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from avantto_qbo.demo import cast
from avantto_qbo.demo.control import Control, Json
from avantto_qbo.demo.ground import Ground

LOCATION: Final = "loc-oak-and-frame"
REALM: Final = "9130350000000001"
BUSINESS: Final = "Oak & Frame Studio"
REVIEW_LINK: Final = "https://example.com/oak-and-frame/review"
BY_HAND: Final = "Entered by hand"  # in the note of what a human enters into QuickBooks
LONG_AGO: Final = timedelta(days=60)


async def open_books(books: Control) -> list[str]:
    """Fill the QuickBooks company; returns the ids of the existing customers by position."""
    await books.act("add_company", realm=REALM, kind="us", name=BUSINESS)
    people = list(cast.customers())
    first = await books.act("create_many", realm=REALM, entity="Customer", bodies=people[: cast.BRANCHES[0]])
    parent = {"ParentRef": {"value": first[0]}}
    rest = [{**body, **parent} for body in people[cast.BRANCHES[0] :]]
    ids: list[str] = [*first, *await books.act("create_many", realm=REALM, entity="Customer", bodies=rest)]
    await books.act("create_many", realm=REALM, entity="Vendor", bodies=list(cast.vendors()))
    project = {"DisplayName": "Lobby refurbishment", "Job": True, "IsProject": True, **parent}
    await books.act("create", realm=REALM, entity="Customer", body=project)
    for number in cast.GONE:
        await books.act("update", realm=REALM, entity="Customer", body={"Id": ids[number], "Active": False})
    for number in cast.REGULARS:
        await pay_by_hand(books, await bill_by_hand(books, ids[number], "180.00", LONG_AGO), LONG_AGO)
    return ids


async def open_crm(crm: Control) -> None:
    """Fill the Avantto location."""
    zone, values = "America/New_York", {"review_link": REVIEW_LINK}
    await crm.act("add_location", location=LOCATION, name=BUSINESS, timezone=zone, custom_values=values)
    for contact in cast.contacts():
        await crm.act("create_contact", location=LOCATION, **contact)
    blocked = cast.person(cast.BLOCKED).email.title()
    await crm.act("set_dnd", location=LOCATION, contact={"email": blocked}, email=True)
    sale = {"location": LOCATION, "taxes": [], "name": "Consultation", "amount": "75.00"}
    for number in (60, 215, 216):
        await crm.act("book_calendar", contact=cast.person(number).as_contact(), **sale)


async def hang_webhooks(crm: Control, books: Control, ground: Ground) -> None:
    """Tell both vendors where the daemon listens."""
    await crm.act("webhooks", url=f"{ground.public_url}/webhooks/avantto")
    await books.act("webhooks", url=f"{ground.public_url}/webhooks/quickbooks", verifier=ground.verifier)


async def bill_by_hand(books: Control, customer: str, amount: str, ago: timedelta = timedelta()) -> Json:
    """A human writes an invoice in QuickBooks, dated `ago`; returns it."""
    detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}}
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    body = {"CustomerRef": {"value": customer}, "Line": [line], "TxnDate": _day(ago), "PrivateNote": BY_HAND}
    made: Json = await books.act("create", realm=REALM, entity="Invoice", body=body)
    return made


async def pay_by_hand(books: Control, invoice: Json, ago: timedelta = timedelta(), amount: str | None = None) -> Json:
    """A human enters money for an invoice in QuickBooks, all of it or `amount`; returns the payment."""
    money = amount or invoice["Balance"]
    line = {"Amount": money, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    body = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": money, "Line": [line], "TxnDate": _day(ago)}
    made: Json = await books.act("create", realm=REALM, entity="Payment", body={**body, "PrivateNote": BY_HAND})
    return made


def _day(ago: timedelta) -> str:
    return (datetime.now(UTC) - ago).date().isoformat()
