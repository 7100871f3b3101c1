"""Where a location's time zone means nothing, no document can be dated: look whether its owner has mended it."""

from __future__ import annotations

import msgspec

from avantto_qbo.actors.access import Access
from avantto_qbo.actors.house import House
from avantto_qbo.avantto import reads
from avantto_qbo.journal import locations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.records import LocationRecord
from avantto_qbo.rules.dates import zone_of


async def with_known_zone(house: House, crm: Access, record: LocationRecord) -> LocationRecord:
    """The record with the time zone Avantto has now, where the one we know is none. Raises as reads do."""
    if zone_of(record.time_zone) is not None:
        return record
    place = await crm.read(reads.location(record.id))
    if zone_of(place.time_zone) is None:
        return record

    def put(db: Connection) -> LocationRecord:
        mended = msgspec.structs.replace(locations.get(db, record.id) or record, time_zone=place.time_zone)
        locations.put(db, mended)
        return mended

    return await house.journal.write(put)
