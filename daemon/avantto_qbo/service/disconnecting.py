"""End a location's connection: what it began at the vendors is finished or named, its tokens go."""

from __future__ import annotations

from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.actors.ports import TokenEndpoint
from avantto_qbo.errors import AuthError, RefusedError, RejectedError, TransientError
from avantto_qbo.journal import activity, cursors, grants, locations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Provider, Tokens
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.records import Activity, LocationRecord, Status
from avantto_qbo.service.interrupted import Interrupted, hand_over


class Disconnecting:
    """Ends connections. `quickbooks` is where the realm's token is revoked."""

    def __init__(self, house: House, directory: Directory, sealer: Sealer, quickbooks: TokenEndpoint) -> None:
        self._house, self._directory, self._sealer, self._quickbooks = house, directory, sealer, quickbooks
        self._interrupted = Interrupted(house)

    async def disconnect(self, location: LocationId, actor: str) -> str:
        """End a connection: nothing is deleted in either place; the realm's token goes with its last location.

        Only the documents of a test of ours are taken back. Returns which of them are left in QuickBooks, "" for none.
        """
        record = await self._house.journal.read(lambda db: locations.get(db, location))
        if record is None or record.status is Status.DISCONNECTED:
            raise RefusedError(f"location {location} is not connected")
        await self._interrupted.take_back(record)
        revoked, left = await self._house.journal.write(lambda db: self._end(db, record, actor))
        self._directory.forget(location)
        if revoked is not None:
            await self._revoke(revoked)
        return left

    def _end(self, db: Connection, record: LocationRecord, actor: str) -> tuple[Tokens | None, str]:
        now, reason = self._house.clock.now(), f"disconnected by {actor}"
        locations.set_status(db, record.id, Status.DISCONNECTED, reason, now)
        left = hand_over(db, record, actor, now, self._house.pace.settle)
        if left:
            locations.set_status(db, record.id, Status.DISCONNECTED, f"{reason}. {left}", now)
        grants.remove(db, Provider.AVANTTO, record.id)
        cursors.unschedule(db, record.id)
        activity.record(db, Activity(now, record.id, "location.disconnected", "disconnected", actor=actor))
        return self._last_token(db, record), left

    def _last_token(self, db: Connection, record: LocationRecord) -> Tokens | None:
        """Remove the realm's grant with its last location; return the tokens to revoke."""
        if any(other.status is not Status.DISCONNECTED for other in locations.of_realm(db, record.realm)):
            return None
        grant = grants.get(db, self._sealer, Provider.QUICKBOOKS, record.realm)
        grants.remove(db, Provider.QUICKBOOKS, record.realm)
        cursors.unschedule(db, record.realm)
        return grant.tokens if grant else None

    async def _revoke(self, tokens: Tokens) -> None:
        """Best effort: the token is forgotten here either way."""
        try:
            await self._quickbooks.revoke(tokens)
        except (AuthError, TransientError, RejectedError):
            return
