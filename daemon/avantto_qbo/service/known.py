"""What a person named, found in the journal or said not to exist."""

from __future__ import annotations

from avantto_qbo.journal import locations, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.operation import Operation
from avantto_qbo.model.records import LocationRecord
from avantto_qbo.server.ports import UnknownObjectError


def location_of(db: Connection, location: LocationId) -> LocationRecord:
    """The record of a location that was ever connected. Raises UnknownObjectError."""
    record = locations.get(db, location)
    if record is None:
        raise UnknownObjectError(f"there is no location {location}", "avantto-qbo locations", field="location")
    return record


def operation_of(db: Connection, operation: OperationId) -> Operation:
    """One operation. Raises UnknownObjectError."""
    op = operations.get(db, operation)
    if op is None:
        raise UnknownObjectError(f"there is no operation {operation}", "avantto-qbo attention", field="id")
    return op
