"""Finding contacts: the exact duplicate look-up, and the search index that lags behind what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

from avantto_qbo.sandbox.avantto import contacts
from avantto_qbo.sandbox.avantto.documents import Json, read_instant, unprocessable
from avantto_qbo.sandbox.avantto.world import Location

LARGEST_PAGE = 100
Test: TypeAlias = Callable[[Any], bool]


def duplicate(location: Location, email: str, phone: str) -> Json | None:
    """Return the contact with this e-mail or phone, without any lag, in the location's matching order."""
    wanted = {"email": email, "phone": contacts.international(location, phone) if phone else ""}
    return contacts.find_match(location, wanted)


def find(location: Location, body: Mapping[str, Any], now: datetime) -> tuple[list[Json], int]:
    """Answer `/contacts/search`: one page of the index as it is known now, and the total."""
    page, size = body.get("page", 1), body.get("pageLimit", 20)
    if not (isinstance(page, int) and isinstance(size, int) and page >= 1 and 1 <= size <= LARGEST_PAGE):
        unprocessable(["page must not be less than 1", f"pageLimit must not be greater than {LARGEST_PAGE}"])
    tests = [_test(entry) for entry in body.get("filters") or []]
    found = [contact for contact in _indexed(location, now) if all(test(contact) for test in tests)]
    for order in reversed(body.get("sort") or [{"field": "dateAdded", "direction": "desc"}]):
        field = str(order["field"])
        found.sort(key=lambda contact: str(contact.get(field, "")), reverse=order.get("direction") == "desc")
    return found[(page - 1) * size : page * size], len(found)


def browse(location: Location, query: str, size: int, after: str, now: datetime) -> tuple[list[Json], int]:
    """Answer the deprecated `GET /contacts/`: contacts by age after an id, whose text holds `query`."""
    wanted = query.lower()
    found = [
        contact
        for contact in sorted(_indexed(location, now), key=lambda contact: (contact["dateAdded"], contact["id"]))
        if any(wanted in str(contact.get(member, "")).lower() for member in ("name", "email", "phone"))
    ]
    start = next((place + 1 for place, contact in enumerate(found) if contact["id"] == after), 0)
    return found[start : start + size], len(found)


def _indexed(location: Location, now: datetime) -> list[Json]:
    waiting = []
    for entry in location.search_backlog:
        if entry.visible_at > now:
            waiting.append(entry)
        elif entry.document is None:
            location.search_index.pop(entry.contact, None)
        else:
            location.search_index[entry.contact] = entry.document
    location.search_backlog = waiting
    return list(location.search_index.values())


def _test(entry: Mapping[str, Any]) -> Callable[[Json], bool]:
    try:
        field, operator, wanted = str(entry["field"]), str(entry["operator"]), entry.get("value")
        test = _OPERATORS[operator](wanted)
    except (KeyError, AttributeError, ValueError):
        unprocessable([f"filters must have a field, a fitting value and an operator of {', '.join(_OPERATORS)}"])
    return lambda contact: test(contact.get(field))


def _equal(wanted: object) -> Test:
    return lambda value: _plain(value) == _plain(wanted)


def _holding(wanted: object) -> Test:
    def test(value: object) -> bool:
        if isinstance(value, list):
            return _plain(wanted) in [_plain(member) for member in value]
        return _plain(wanted) in _plain(value)

    return test


def _present(_: object) -> Test:
    return lambda value: value not in (None, "", [])


def _between(wanted: Any) -> Test:
    bounds = [(_COMPARE[name], read_instant(str(bound))) for name, bound in wanted.items()]

    def test(value: object) -> bool:
        return bool(value) and all(compare(read_instant(str(value)), bound) for compare, bound in bounds)

    return test


def _negated(operator: Callable[[Any], Test]) -> Callable[[Any], Test]:
    def negated(wanted: object) -> Test:
        test = operator(wanted)
        return lambda value: not test(value)

    return negated


def _plain(value: object) -> str:
    return str(value or "").lower()


_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}
_OPERATORS: dict[str, Callable[[Any], Test]] = {
    "eq": _equal,
    "not_eq": _negated(_equal),
    "contains": _holding,
    "not_contains": _negated(_holding),
    "exists": _present,
    "not_exists": _negated(_present),
    "range": _between,
}
