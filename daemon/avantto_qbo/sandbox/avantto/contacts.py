"""Contacts: who counts as the same person, and what create, update, upsert and tags do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import phonenumbers

from avantto_qbo.sandbox.avantto.documents import Json, VendorError, refuse
from avantto_qbo.sandbox.avantto.events import announce_contact
from avantto_qbo.sandbox.avantto.world import Location, SearchEntry, World

WRITABLE = frozenset(
    {
        "firstName",
        "lastName",
        "name",
        "email",
        "phone",
        "address1",
        "city",
        "state",
        "postalCode",
        "country",
        "website",
        "timezone",
        "companyName",
        "gender",
        "dateOfBirth",
        "dnd",
        "dndSettings",
        "inboundDndSettings",
        "tags",
        "customFields",
        "source",
        "assignedTo",
    }
)


def create(world: World, location: Location, fields: Mapping[str, Any]) -> Json:
    """Create a contact; 400 with `meta` when the location forbids duplicates and somebody has the e-mail or phone."""
    wanted = _clean(location, fields)
    if not location.allows_duplicates:
        _refuse_duplicate(location, wanted, but="")
    contact = {
        "id": world.ids.short(),
        "locationId": location.id,
        "type": "lead",
        "source": "public api",
        "dnd": False,
        "tags": [],
        "customFields": [],
        "attachments": [],
        "country": location.profile["country"],
        "dateAdded": world.stamp(),
        **wanted,
    }
    return _keep(world, location, contact, "ContactCreate")


def update(world: World, location: Location, contact: Json, fields: Mapping[str, Any]) -> Json:
    """Overwrite the given members, tags as a whole; 400 when the e-mail or phone is another contact's."""
    wanted = _clean(location, fields)
    if not location.allows_duplicates:
        _refuse_duplicate(location, wanted, but=contact["id"])
    return _keep(world, location, _renamed({**contact, **wanted}, wanted), "ContactUpdate")


def upsert(world: World, location: Location, fields: Mapping[str, Any], *, always_new: bool) -> tuple[Json, bool]:
    """Update the contact the location's matching order finds, else create one; return it and whether it is new."""
    wanted = _clean(location, fields)
    found = None if always_new and location.allows_duplicates else find_match(location, wanted)
    if found is None:
        return create(world, location, wanted), True
    for member in ("email", "phone"):
        other = _holder(location, member, wanted.get(member), but=found["id"])
        if other is not None and not location.allows_duplicates:
            # Two different people answer to the e-mail and the phone: the vendor leaves the second one alone.
            del wanted[member]
    return _keep(world, location, _renamed({**found, **wanted}, wanted), "ContactUpdate"), False


def add_tags(world: World, location: Location, contact: Json, tags: list[str]) -> list[str]:
    """Add tags, lower-cased as the vendor keeps them, leaving the others; return all."""
    merged = list(dict.fromkeys([*contact["tags"], *(tag.lower() for tag in tags)]))
    _keep(world, location, {**contact, "tags": merged}, "ContactTagUpdate")
    return merged


def remove_tags(world: World, location: Location, contact: Json, tags: list[str]) -> list[str]:
    """Take tags away; return those that stay."""
    gone = {tag.lower() for tag in tags}
    kept = [tag for tag in contact["tags"] if tag not in gone]
    _keep(world, location, {**contact, "tags": kept}, "ContactTagUpdate")
    return kept


def set_do_not_disturb(world: World, location: Location, contact: Json, settings: Json, *, everything: bool) -> Json:
    """Replace the per-channel settings and the overall switch."""
    changed = {**contact, "dnd": everything, "dndSettings": settings}
    return _keep(world, location, changed, "ContactDndUpdate")


def delete(world: World, location: Location, contact: Json) -> None:
    """Delete a contact; its documents keep their copies of the name."""
    _strike(location, location.contacts.pop(contact["id"]))
    _index(world, location, contact["id"], None)
    announce_contact(world, location, "ContactDelete", contact)


def find_match(location: Location, fields: Mapping[str, Any]) -> Json | None:
    """Return the contact with this e-mail or phone, trying them in the location's order."""
    for member in location.knobs.match_order:
        holder = _holder(location, member, fields.get(member), but="")
        if holder is not None:
            return holder
    return None


def international(location: Location, phone: str) -> str:
    """Return a phone in E.164; how the vendor treats an impossible one is not known, so a knob decides."""
    try:
        parsed = phonenumbers.parse(phone, str(location.profile["country"]))
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        if location.knobs.strict_phones:
            refuse(400, "The phone number is invalid.", "Bad Request")
        return phone.strip()
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _clean(location: Location, fields: Mapping[str, Any]) -> Json:
    wanted = {key: value for key, value in fields.items() if key in WRITABLE and value is not None}
    if wanted.get("phone"):
        wanted["phone"] = international(location, str(wanted["phone"]))
    if wanted.get("email"):
        wanted["email"] = str(wanted["email"]).strip()
    if "tags" in wanted:
        wanted["tags"] = list(dict.fromkeys(str(tag).lower() for tag in wanted["tags"]))
    return _named(wanted)


def _named(wanted: Json) -> Json:
    if "name" in wanted and not {"firstName", "lastName"} & wanted.keys():
        first, _, last = str(wanted["name"]).strip().partition(" ")
        return {**wanted, "firstName": first, "lastName": last}
    if "name" not in wanted and {"firstName", "lastName"} & wanted.keys():
        return {**wanted, "name": f"{wanted.get('firstName', '')} {wanted.get('lastName', '')}".strip()}
    return wanted


def _renamed(contact: Json, wanted: Json) -> Json:
    if {"firstName", "lastName"} & wanted.keys():
        return {**contact, "name": f"{contact.get('firstName', '')} {contact.get('lastName', '')}".strip()}
    return contact


def _holder(location: Location, member: str, value: object, *, but: str) -> Json | None:
    """Return the oldest contact, other than `but`, with this e-mail (in any case) or phone."""
    holders = location.people.get((member, str(value).lower()), {}) if value else {}
    return next((location.contacts[contact] for contact in holders if contact != but), None)


def _enter(location: Location, contact: Json) -> None:
    for member in ("email", "phone"):
        if contact.get(member):
            location.people.setdefault((member, str(contact[member]).lower()), {})[contact["id"]] = None


def _strike(location: Location, contact: Json) -> None:
    for member in ("email", "phone"):
        if contact.get(member):
            location.people[member, str(contact[member]).lower()].pop(contact["id"], None)


def _refuse_duplicate(location: Location, wanted: Json, *, but: str) -> None:
    for member in location.knobs.match_order:
        holder = _holder(location, member, wanted.get(member), but=but)
        if holder is not None:
            message = "This location does not allow duplicated contacts."
            meta = {"contactId": holder["id"], "contactName": holder.get("name", ""), "matchingField": member}
            raise VendorError(400, {"statusCode": 400, "message": message, "meta": meta})


def _keep(world: World, location: Location, contact: Json, event: str) -> Json:
    lowered = {
        "emailLowerCase": str(contact["email"]).lower() if contact.get("email") else None,
        "firstNameLowerCase": str(contact.get("firstName", "")).lower(),
        "lastNameLowerCase": str(contact.get("lastName", "")).lower(),
        "fullNameLowerCase": str(contact.get("name", "")).lower(),
        "dateUpdated": world.stamp(),
    }
    kept = {key: value for key, value in {**contact, **lowered}.items() if value is not None}
    before = location.contacts.get(kept["id"])
    if before is not None and any(before.get(member) != kept.get(member) for member in ("email", "phone")):
        _strike(location, before)
    location.contacts[kept["id"]] = kept
    _enter(location, kept)
    world.own(kept["id"], location)
    _index(world, location, kept["id"], kept)
    announce_contact(world, location, event, kept)
    return kept


def _index(world: World, location: Location, contact: str, document: Json | None) -> None:
    visible_at = world.now() + timedelta(seconds=location.knobs.search_lag)
    location.search_backlog.append(SearchEntry(visible_at, contact, document))
