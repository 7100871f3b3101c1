"""The two sides an invoice names: the business that sends it and the contact it bills."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from avantto_qbo.sandbox.avantto.documents import Json
from avantto_qbo.sandbox.avantto.world import Location


def business(location: Location) -> Json:
    """Return the sender as the API shows it."""
    profile = location.profile
    place = {
        "addressLine1": profile["address"],
        "city": profile["city"],
        "state": profile["state"],
        "countryCode": profile["country"],
        "postalCode": profile["postalCode"],
    }
    return {
        "name": profile["business"]["name"],
        "address": {key: value for key, value in place.items() if value},
        "phoneNo": profile["phone"],
        "website": profile["website"],
        "logoUrl": profile["logoUrl"],
        "customValues": [],
    }


def contact_details(contact: Mapping[str, Any]) -> Json:
    """Return the copy of a contact that an invoice carries."""
    address = {
        "countryCode": contact.get("country"),
        "addressLine1": contact.get("address1"),
        "city": contact.get("city"),
        "state": contact.get("state"),
        "postalCode": contact.get("postalCode"),
    }
    known = {
        "id": contact["id"],
        "name": contact.get("name", ""),
        "phoneNo": contact.get("phone"),
        "email": contact.get("email"),
        "companyName": contact.get("companyName"),
    }
    details: Json = {key: value for key, value in known.items() if value is not None}
    filled = {key: value for key, value in address.items() if value}
    return {**details, "customFields": [], "additionalEmails": [], "address": filled}
