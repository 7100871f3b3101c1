"""The objects of one kind in one company: by id, by indexed member, in order of change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from avantto_qbo.sandbox.quickbooks.entities import Entity
from avantto_qbo.sandbox.quickbooks.fields import Json


@dataclass(frozen=True, slots=True)
class Row:
    """One stored object: its JSON body (never changed in place) and the instants of its MetaData."""

    body: Json
    created: datetime
    updated: datetime

    @property
    def id(self) -> str:
        """Return the object's Id."""
        return str(self.body["Id"])


class Table:
    """Objects of one entity."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self._rows: dict[str, Row] = {}
        self._by_change: dict[str, None] = {}
        self._index: dict[str, dict[str, dict[str, None]]] = {member: {} for member in entity.indexed}
        self.deleted: dict[str, datetime] = {}
        self.removed: dict[str, Json] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, identifier: str) -> Row | None:
        """Return the object with that Id."""
        return self._rows.get(identifier)

    def rows(self) -> Iterable[Row]:
        """Return all objects in order of creation."""
        return self._rows.values()

    def put(self, row: Row) -> None:
        """Store an object, or a new version of it, as the latest change."""
        self._reindex(self._rows.get(row.id), row)
        self._rows[row.id] = row
        self._by_change.pop(row.id, None)
        self._by_change[row.id] = None

    def amend(self, identifier: str, **members: Any) -> None:
        """Change derived members without a new version, as the vendor does with a customer's balance."""
        row = self._rows[identifier]
        self._rows[identifier] = replace(row, body={**row.body, **members})

    def remove(self, identifier: str, at: datetime) -> None:
        """Delete an object, remembering when and what it was."""
        row = self._rows.pop(identifier)
        self._reindex(row, None)
        self.removed[identifier] = row.body
        self._by_change.pop(identifier, None)
        self.deleted[identifier] = at

    def newest_first(self) -> Iterator[Row]:
        """Return the objects by last change, newest first."""
        return (self._rows[identifier] for identifier in reversed(self._by_change))

    def matching(self, member: str, value: str) -> list[Row]:
        """Return the objects whose indexed member equals the value, ignoring case."""
        return [self._rows[identifier] for identifier in self._index[member].get(value.casefold(), ())]

    def _reindex(self, old: Row | None, new: Row | None) -> None:
        for member, index in self._index.items():
            before = plain_value(old.body.get(member)) if old else None
            after = plain_value(new.body.get(member)) if new else None
            if before == after:
                continue
            if before is not None and old is not None:
                index[str(before).casefold()].pop(old.id, None)
            if after is not None and new is not None:
                index.setdefault(str(after).casefold(), {})[new.id] = None


def plain_value(value: Any) -> Any:
    """Return what a query compares: a reference's value, an e-mail's address, else the value itself."""
    if isinstance(value, dict):
        return value.get("value", value.get("Address"))
    return value
