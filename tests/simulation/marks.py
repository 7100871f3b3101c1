"""Whose copy a document in the books is: read off the marker that stands on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

SALES: Final = ("Invoice", "SalesReceipt", "RefundReceipt", "Payment")
ID: Final = r"([0-9a-f]{24})"
_MARKERS: Final = {
    "Invoice": re.compile(rf"Avantto invoice .*· {ID}$", re.MULTILINE),
    "SalesReceipt": re.compile(rf"Avantto payment {ID} ·"),
    "RefundReceipt": re.compile(rf"Avantto refund {ID} · (\S+ \w+)"),
    "Payment": re.compile(rf"Avantto payment {ID} · invoice|recorded in Avantto · .*· {ID} · (recorded:\d+)"),
}


def mark_of(entity: str, row: dict[str, Any]) -> tuple[str, ...] | None:
    """Whose copy a document in the books is, by the marker on it; None for what a person made."""
    found = _MARKERS[entity].search(str(row.get("PrivateNote", "")))
    return (entity, *(part for part in found.groups() if part)) if found else None


def live_copies(tables: Any) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every document in a company that is worth something and carries a marker of ours."""
    for entity in SALES:
        for row in tables[entity].rows():
            mark = mark_of(entity, row.body) if row.body["TotalAmt"] else None
            if mark is not None:
                yield mark, row.body
