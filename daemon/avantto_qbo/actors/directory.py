"""Find the actor of a realm or a location, making it when it is first needed and forgetting it when told."""

from __future__ import annotations

from collections.abc import Callable

from avantto_qbo.actors.access import Access
from avantto_qbo.actors.house import House
from avantto_qbo.actors.location import LocationActor
from avantto_qbo.actors.read_gate import ReadGate
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.journal import locations
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.records import Status

MakeAccess = Callable[[str, Callable[[], None]], Access]


class Directory:
    """Realm actors live as long as the daemon; location actors are made anew whenever their connection changes."""

    def __init__(self, house: House, *, books: MakeAccess, crm: MakeAccess) -> None:
        self._house, self._books, self._crm = house, books, crm
        self._reads = ReadGate(house)
        self._realms: dict[RealmId, RealmActor] = {}
        self._locations: dict[LocationId, LocationActor] = {}

    def realm(self, realm: RealmId) -> RealmActor:
        """The actor of one QuickBooks company."""
        if realm not in self._realms:
            actor: RealmActor

            def count() -> None:
                actor.count_read()

            actor = RealmActor(self._house, realm, self._books(realm, count).gated(self._reads))
            self._realms[realm] = actor
        return self._realms[realm]

    async def location(self, location: LocationId) -> LocationActor | None:
        """The actor of a connected location; None for one that is not connected."""
        record = await self._house.journal.read(lambda db: locations.get(db, location))
        if record is None or record.status is Status.DISCONNECTED:
            return None
        known = self._locations.get(location)
        if known is None or known.realm.realm != record.realm:
            known = LocationActor(self._house, location, self.realm(record.realm), self._crm(location, lambda: None))
            self._locations[location] = known
        return known

    def reconnected(self, location: LocationId, realm: RealmId) -> None:
        """New tokens are stored: read them at the next use."""
        if realm in self._realms:
            self._realms[realm].access.keeper.forget()
        if location in self._locations:
            self._locations[location].crm.keeper.forget()

    def forget(self, location: LocationId) -> None:
        """The location was disconnected."""
        self._locations.pop(location, None)
