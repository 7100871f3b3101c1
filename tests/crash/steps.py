"""What people and vendors do in a scenario: one step each, on one business."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from avantto_qbo.cli.status_client import ApiError
from avantto_qbo.model.records import Status
from avantto_qbo.server.api import SyncAnswer
from avantto_qbo.server.api_backup import BackupRequest
from crash.ground import Ground
from integration.business import ANN, BOB, Business

Step = Callable[[Business], object]
_LINE: Final = {"Amount": 50, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}


def nothing(_: Business) -> None:
    """There is nothing to be done."""


def posted(place: Business) -> str:
    """An invoice that is in the books; returns its id."""
    invoice = place.sent_invoice(100)
    place.until_in_books("Invoice")
    return invoice


def paid(place: Business) -> str:
    invoice = posted(place)
    place.crm("pay_invoice", invoice=invoice)
    place.until_in_books("Payment")
    return invoice


def only_invoice(place: Business) -> str:
    """The id of the invoice the ground was laid with."""
    return str(next(iter(place.crm("state")["invoices"])))


def only_transaction(place: Business) -> str:
    return str(next(iter(place.crm("state")["transactions"])))


def debited(place: Business) -> None:
    """An invoice paid by a bank debit that went through."""
    invoice = posted(place)
    begun = place.crm("start_processing", invoice=invoice, mode="ach")["transaction"]["_id"]
    place.crm("settle_transaction", transaction=begun)
    place.until_in_books("Payment")


def called_back(place: Business) -> None:
    place.crm("settle_transaction", transaction=only_transaction(place), status="failed")


def receipt(place: Business) -> None:
    place.sale(40)
    place.until_in_books("SalesReceipt")


def fenced(place: Business) -> None:
    """The company is known to refuse a number twice: its first one was taken."""
    other = place.new_customer("Someone")["Id"]
    place.books(
        "create",
        entity="Invoice",
        body={"DocNumber": "INV-000001", "CustomerRef": {"value": other}, "Line": [_LINE]},
    )
    place.sent_invoice(70, contact=BOB)
    place.until_in_books("Invoice", 2)


def ground_of(place: Business) -> Ground:
    assert isinstance(place.house, Ground)
    return place.house


def workflow(place: Business) -> None:
    known = place.crm("add_workflow", name="Reviews")["id"]
    ground_of(place).set(place, {"reviews": "on", "review_workflow": known})
    posted(place)


def customer_by_hand(place: Business) -> None:
    place.new_customer("Walk In", "walk@example.com")


def known_contact(place: Business) -> None:
    place.crm("create_contact", name="Annie Bee", email="Ann@Example.com", tags=["vip"])


def same_person(place: Business) -> None:
    body = {
        "DisplayName": "Bee, Ann (books)",
        "PrimaryEmailAddr": {"Address": "ann@example.com"},
        "PrimaryPhone": {"FreeFormNumber": "(202) 555-0111"},
    }
    place.books("create", entity="Customer", body=body)


def expired(place: Business) -> None:
    place.crm("expire_tokens")
    place.books("expire_tokens")


def sale_with_old_tokens(place: Business) -> None:
    expired(place)
    place.sale(40)


def edited(place: Business) -> None:
    place.crm("edit_invoice", invoice=only_invoice(place), items=[{"name": "Wax", "amount": 130}])


def subscribed(place: Business) -> None:
    place.crm("start_subscription", contact=ANN, items=[{"name": "Club", "amount": 25}])
    place.until_in_books("SalesReceipt")


def renewed(place: Business) -> None:
    known = next(iter(place.crm("state")["subscriptions"]))
    place.crm("renew_subscription", subscription=known)
    place._ask("/sync", SyncAnswer)


def receipt_by_debit(place: Business) -> None:
    """A sale by bank debit that went through."""
    sold = place.crm("sell_order_form", contact=ANN, items=[{"name": "Kit", "amount": 40}], status="pending")
    place.crm("settle_transaction", transaction=sold["transaction"]["_id"])
    place._ask("/sync", SyncAnswer)
    place.until_in_books("SalesReceipt")


def receipt_called_back(place: Business) -> None:
    called_back(place)
    place._ask("/sync", SyncAnswer)


def customers(place: Business) -> None:
    bodies = [{"DisplayName": f"C {n}", "PrimaryEmailAddr": {"Address": f"c{n}@example.com"}} for n in range(8)]
    place.books("create_many", entity="Customer", bodies=bodies)


def status_of(place: Business) -> Status:
    try:
        return place.show().status
    except ApiError:
        return Status.DISCONNECTED


def connect(place: Business) -> None:
    """Connect, unless that is so already."""
    if status_of(place) is Status.DISCONNECTED:
        ground_of(place).connect(place)


def disconnect(place: Business) -> None:
    if status_of(place) is not Status.DISCONNECTED:
        ground_of(place).dismiss(place)


def disconnect_and_connect(place: Business) -> None:
    """What was cut off is done again; then the location comes back, and finds its books as it left them."""
    disconnect(place)
    connect(place)


def back_up(place: Business) -> None:
    """Copy the journal beside it; a copy under its name is a whole one."""
    request = BackupRequest(str(_copy_of(place)))
    ground_of(place).daemon.client.post("/backup", object, request)


def whole_copy(place: Business) -> None:
    """No copy bears the name that is not a whole journal."""
    copy = _copy_of(place)
    if copy.exists():
        with closing(sqlite3.connect(copy)) as raw:
            assert raw.execute("pragma integrity_check").fetchone()[0] == "ok"
            assert raw.execute("select count(*) from locations").fetchone()[0] > 0


def _copy_of(place: Business) -> Path:
    return place.house.folder / f"copy-{place.location}.db"


def pay(**how: object) -> Step:
    return lambda place: place.crm("pay_invoice", invoice=only_invoice(place), **how)
