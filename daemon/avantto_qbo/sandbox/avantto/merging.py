"""Merging two contacts: one survives, the documents of the other change hands."""

from __future__ import annotations

from avantto_qbo.sandbox.avantto import contacts
from avantto_qbo.sandbox.avantto.documents import Json
from avantto_qbo.sandbox.avantto.world import Location, World

_FILLED = ("phone", "email", "companyName", "address1", "city", "state", "postalCode")


def merge(world: World, location: Location, survivor: Json, merged: Json) -> Json:
    """Give the survivor what the other knew and all its documents, and delete the other.

    Transactions tell by `mergedFromContactId`; what other documents tell is not documented, they silently name the
    survivor. Every document keeps its own copy of name and e-mail, and its `updatedAt`.
    """
    contacts.delete(world, location, merged)
    blanks = {name: merged[name] for name in _FILLED if merged.get(name) and not survivor.get(name)}
    tags = list(dict.fromkeys([*survivor["tags"], *merged["tags"]]))
    kept = contacts.update(world, location, survivor, {**blanks, "tags": tags})
    _hand_over(location.transactions, survivor["id"], merged["id"], tell=True)
    _hand_over(location.orders, survivor["id"], merged["id"])
    _hand_over(location.subscriptions, survivor["id"], merged["id"])
    for name, invoice in location.invoices.items():
        if invoice["contactDetails"]["id"] == merged["id"]:
            details = {**invoice["contactDetails"], "id": survivor["id"]}
            location.invoices[name] = {**invoice, "contactDetails": details}
    return kept


def _hand_over(documents: dict[str, Json], survivor: str, merged: str, *, tell: bool = False) -> None:
    told = {"mergedFromContactId": merged} if tell else {}
    for name, document in documents.items():
        if document["contactId"] == merged:
            copied = {**document["contactSnapshot"], "id": survivor}
            documents[name] = {**document, "contactId": survivor, "contactSnapshot": copied, **told}
