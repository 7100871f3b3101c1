"""Which location of a company a document in the books belongs to: of several, the one where Avantto has it."""

from __future__ import annotations

from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.avantto import reads
from avantto_qbo.errors import AuthError, RejectedError, TransientError
from avantto_qbo.journal import evidence, links, locations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.operation import Source
from avantto_qbo.model.records import LocationRecord


class Owners:
    """The locations of one company."""

    def __init__(self, house: House, directory: Directory, realm: RealmId) -> None:
        self._house, self._directory, self._realm = house, directory, realm

    async def of(self, source: Source) -> LocationId | None:
        """The location of a document; None where none of those that can be asked has it.

        Raises TransientError while one of several cannot be asked: nobody else's answer would be sure.
        """
        members, known = await self._house.journal.read(lambda db: self._known(db, source))
        if len(members) == 1:
            return members[0].id
        if known is not None:
            return known
        for member in members:
            if await self._has(member, source):
                return member.id
        return None

    def _known(self, db: Connection, source: Source) -> tuple[list[LocationRecord], LocationId | None]:
        """What the journal says: by the invoice of a payment, or the row of a transaction that a poll saw."""
        members = locations.of_realm(db, self._realm)
        kind = "invoice" if source.kind == "payment" else "transaction"
        linked = links.locations_of(db, self._realm, kind, source.id)
        seen = (member.id for member in members if evidence.get(db, member.id, "transaction", source.id) is not None)
        return members, next(iter(linked), None) or next(seen, None)

    async def _has(self, member: LocationRecord, source: Source) -> bool:
        actor = await self._directory.location(member.id)
        if actor is None:  # disconnected: it plans nothing before somebody connects it
            return False
        try:
            if source.kind in {"invoice", "payment"}:
                await actor.crm.read(reads.invoice(member.id, source.id))
            else:
                await actor.crm.read(reads.transaction(member.id, source.id))
        except RejectedError as error:
            return error.code == "unreadable"  # it is there, whatever it says
        except AuthError as error:
            text = f"location {member.id} must be connected again first, because its company has several locations"
            raise TransientError(text) from error
        return True
