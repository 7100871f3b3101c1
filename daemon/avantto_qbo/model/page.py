"""A page of a vendor's list, read row by row: one row that makes no sense never costs the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

import msgspec

T = TypeVar("T")
# All that reading one row can raise; numbers out of every range and bottomless nesting are no ValueErrors.
_UNREADABLE: Final = (ValueError, ArithmeticError, RecursionError)


class Page(msgspec.Struct, Generic[T], frozen=True):
    """The rows that could be read, and the ids of those that could not ("" where even the id is unreadable).

    `total` is how many rows the whole list has by the vendor's word, else how many this page has.
    """

    rows: tuple[T, ...]
    total: int
    unreadable: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many rows the vendor sent: what the position of the next page is counted by."""
        return len(self.rows) + len(self.unreadable)


def page_of(found: Sequence[msgspec.Raw], read: Callable[[msgspec.Raw], T], id_member: str) -> Page[T]:
    """Read each row by itself; `id_member` names the member that names a row."""
    rows, unreadable = list[T](), list[str]()
    for raw in found:
        try:
            rows.append(read(raw))
        except _UNREADABLE:
            unreadable.append(_id(raw, id_member))
    return Page(tuple(rows), len(found), tuple(unreadable))


def _id(raw: msgspec.Raw, member: str) -> str:
    try:
        value = msgspec.json.decode(msgspec.json.decode(raw, type=dict[str, msgspec.Raw])[member])
    except (*_UNREADABLE, KeyError):
        return ""
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
