"""What stands in both systems in the end, without what no two runs share: ids, instants, and how often somebody asked.

Two pictures are equal when every document exists as often, with the same lines, totals, balances, links, versions and
notes, and every person got the same messages.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from integration.business import Business
from integration.processes import Json

_ENTITIES: Final = ("Customer", "Item", "Invoice", "Payment", "SalesReceipt", "RefundReceipt", "CreditMemo")
_VOLATILE: Final = frozenset({"Id", "MetaData", "domain", "sparse"})
# An Avantto id, or one in base 36; a number such as INV-000001 is none.
_AN_ID: Final = re.compile(r"\b(?=[A-Za-z]*\d|\d*[A-Za-z])[0-9A-Za-z]{18,24}\b")
_PEOPLE: Final = ("name", "email", "phone", "tags")

Picture = Mapping[str, Counter[str]]


def picture(place: Business) -> Picture:
    """Look at both systems as they are now."""
    books, crm = place.books("state"), place.crm("state")
    told = {entity: Counter(_plain(one, books) for one in books[entity]) for entity in _ENTITIES}
    told["deleted"] = Counter({name: len(ids) for name, ids in books["deleted"].items()})
    people = crm["contacts"]
    told["contacts"] = Counter(_text({name: one.get(name) for name in _PEOPLE}) for one in people.values())
    for name in ("messages", "enrolments"):
        told[name] = Counter(_message(one, people) for one in crm[name])
    return told


def differences(wanted: Picture, found: Picture) -> list[str]:
    """Say what is missing and what is too much."""
    told = []
    for name in wanted:
        told += [f"missing {name} x{count}: {one}" for one, count in (wanted[name] - found[name]).items()]
        told += [f"extra {name} x{count}: {one}" for one, count in (found[name] - wanted[name]).items()]
    return told


def count(seen: Picture, name: str) -> int:
    return sum(seen[name].values())


def _message(one: Json, people: Json) -> str:
    kept = {name: one.get(name) for name in ("type", "subject", "html", "message")}
    return _text({**kept, "to": people.get(one["contactId"], {}).get("email")})


def _plain(one: Json, books: Json) -> str:
    return _text(_without_ids(one, books))


def _text(value: Any) -> str:
    return _AN_ID.sub("#", json.dumps(value, sort_keys=True, default=str))


def _without_ids(value: Any, books: Json) -> Any:
    if isinstance(value, list):
        return [_without_ids(one, books) for one in value]
    if not isinstance(value, dict):
        return value
    if "TxnId" in value:
        return _named(books, value["TxnType"], value["TxnId"])
    if set(value) == {"value", "name"}:
        return value["name"]
    return {name: _without_ids(one, books) for name, one in value.items() if name not in _VOLATILE}


def _named(books: Json, entity: str, identifier: str) -> str:
    """Name a transaction by what a person would: its number, or its total."""
    found = next((one for one in books[entity] if one["Id"] == identifier), None)
    return f"{entity} {found.get('DocNumber') or found.get('TotalAmt')}" if found else f"{entity} that is gone"
