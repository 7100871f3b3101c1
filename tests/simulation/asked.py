"""Everybody whose first invoice was paid in full was thought about: asked for a review, or not for a reason (R1)."""

from __future__ import annotations

from collections.abc import Mapping

from avantto_qbo.sandbox.avantto.world import Location
from simulation.bookkeeping import Bookkeepers
from simulation.disk import Disk


def forgotten(books: Bookkeepers, disk: Disk) -> str:
    """The complaint about a customer who paid a first invoice and whom nobody decided about; "" when there is none."""
    known = {(row["realm"], row["customer"]) for row in disk.look("select realm, customer from reviews")}
    for realm, customer in books.paid_first:
        if (realm, customer) not in known | books.odd_customers:
            return f"customer {customer} of company {realm} paid a first invoice, and nobody thought of a review"
    return ""


def unsent(places: Mapping[str, Location], disk: Disk) -> str:
    """The complaint about a review request that is down as sent and never left (R3); "" when there is none."""
    for row in disk.look("select customer, location, contact from reviews where state = 'sent'"):
        place = places[row["location"]]
        if not any(sent["contactId"] == row["contact"] for sent in [*place.messages, *place.enrolments]):
            return f"customer {row['customer']} is down as asked for a review at {place.id}, and no message ever left"
    return ""
