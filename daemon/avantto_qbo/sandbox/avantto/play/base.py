"""What the control actions share: the world, and documents named by id."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from avantto_qbo.sandbox.avantto import contacts
from avantto_qbo.sandbox.avantto.documents import Json, exact
from avantto_qbo.sandbox.avantto.world import Location, World
from avantto_qbo.sandbox.control import CommonPlay
from avantto_qbo.sandbox.faults import FaultPlan
from avantto_qbo.sandbox.traffic import Traffic

# A contact's id, or members of one: found by id, e-mail or phone, else created.
Person: TypeAlias = str | Mapping[str, Any]
# An exact number: int, Decimal or decimal text, in major units of the location's currency.
Amount: TypeAlias = int | str | Decimal
Items: TypeAlias = list[dict[str, Any]]


class PlayBase(CommonPlay):
    """Look-ups for the actions; unknown ids raise `KeyError`, refusals of the vendor `VendorError`."""

    def __init__(self, world: World, faults: FaultPlan, traffic: Traffic) -> None:
        super().__init__(faults, world.outbox, traffic)
        self._world = world

    def _document(self, kind: str, documents: Mapping[str, Json], name: str | Mapping[str, Any]) -> Json:
        key = str(name if isinstance(name, str) else name.get("_id") or name.get("id"))
        if key not in documents:
            raise KeyError(f"there is no {kind} {key}")
        return documents[key]

    def _invoice(self, location: str, invoice: str) -> tuple[Location, Json]:
        place = self._world.location(location)
        return place, self._document("invoice", place.invoices, invoice)

    def _person(self, location: Location, person: Person) -> Json:
        if isinstance(person, str) or person.get("id"):
            return self._document("contact", location.contacts, person)
        wanted = {member: person.get(member) for member in ("email", "phone")}
        return contacts.find_match(location, wanted) or contacts.create(self._world, location, person)


def given(**members: Any) -> Json:
    """Return the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def amount_or(amount: Amount | None, default: Decimal) -> Decimal:
    """Read an optional amount."""
    return default if amount is None else exact(amount)
