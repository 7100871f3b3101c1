"""Twice of something that has no document of its own: customers of ours, and what a person took out of the books."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

_CONTACT: Final = re.compile(r"Avantto contact \w+")


def customer_twice(realm: str, tables: Any) -> str:
    """The complaint about two active customers that we made for one e-mail in one currency; "" when there are none."""
    seen: dict[tuple[str, str], str] = {}
    for row in tables["Customer"].rows():
        body = row.body
        email = str((body.get("PrimaryEmailAddr") or {}).get("Address", "")).casefold()
        if not email or not body.get("Active", True) or not _CONTACT.search(str(body.get("Notes", ""))):
            continue
        key = (email, str((body.get("CurrencyRef") or {}).get("value", "")))
        if key in seen:
            return f"customer {email} is in company {realm} twice (ids {seen[key]} and {row.id})"
        seen[key] = row.id
    return ""


class Taken:
    """What stands in the books for each document of ours, so that what a person deleted is known when it comes back.

    `heard_of` tells whether the daemon knew of an object: what was deleted before its answer or a look-up could name it
    leaves no trace that a query shows, and its document is sent again.
    """

    def __init__(self, heard_of: Callable[[str, str, str], bool]) -> None:
        self._heard_of = heard_of
        self._stood: dict[tuple[str, ...], str] = {}

    def came(self, realm: str, mark: tuple[str, ...], object_id: str, table: Any) -> str:
        """An object with our marker was created; the complaint when a person had deleted one of the same marker."""
        before = self._stood.get((realm, *mark))
        self._stood[realm, *mark] = object_id
        if before is None or before == object_id or any(row.id == before for row in table.rows()):
            return ""
        if not self._heard_of(realm, mark[0], before):
            return ""
        return f"{mark[0]} of {' '.join(mark[1:])} was deleted in company {realm} by a person and is there again"
