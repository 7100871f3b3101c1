"""Reconcile a location on command: both sides of its days, read whole."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from avantto_qbo.actors.desk import Desk
from avantto_qbo.actors.house import House
from avantto_qbo.actors.limiter import Limiter, Window
from avantto_qbo.actors.location import LocationActor
from avantto_qbo.actors.performer import Performer
from avantto_qbo.actors.reconciling.findings import Days, Result
from avantto_qbo.actors.reconciling.listing import Report
from avantto_qbo.actors.reconciling.memory import Memory, remembered
from avantto_qbo.actors.reconciling.reconciler import Reconciler
from avantto_qbo.model.records import LocationRecord
from avantto_qbo.rules.dates import day_of

# Half of what a location may ask in ten seconds: its mail goes on meanwhile.
HALF: Final = Window(40, 10.0)
_MOST_LOOKS: Final = 300


class Prepared(msgspec.Struct, frozen=True):
    """One location ready to be compared."""

    record: LocationRecord
    memory: Memory
    reconciler: Reconciler
    all_days: Days


async def prepared(house: House, actor: LocationActor, report: Report, share: Window = HALF) -> Prepared:
    """Gather what a comparison of a location begins with. Raises as reads do."""
    crm = actor.crm.within(Limiter(house.clock, [share], in_flight=2))
    desk = Desk(house, actor.location, realm=actor.realm, crm=crm, performer=Performer(house, actor.realm, crm))
    record, settings = await desk.place()
    memory = await remembered(house.journal, record)
    reconciler = Reconciler(house, actor, record, settings, memory, crm=crm, report=report)
    first, last = (day_of(moment, record.time_zone) for moment in (record.books_from, house.clock.now()))
    days = Days(first or record.books_from.date(), last or house.clock.now().date(), and_after=True, and_before=True)
    return Prepared(record, memory, reconciler, days)


async def reconcile(
    house: House, actor: LocationActor, since: date | None, until: date | None, report: Report
) -> Result:
    """Compare the days from `since` to `until` (default: all there is). Raises as reads do."""
    place = await prepared(house, actor, report)
    first, last = since or place.all_days.first, until or place.all_days.last
    days = Days(first, last, and_after=until is None, and_before=since is None)
    return await place.reconciler.whole(days, _MOST_LOOKS)
