"""Connect and disconnect a location: try both tokens first, then change everything in one transaction or nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

import msgspec

from avantto_qbo.actors.desk import MONEY_PAUSED
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.facts import Ask, learn
from avantto_qbo.actors.house import House
from avantto_qbo.actors.polls.pollers import CHANGES, first_polls
from avantto_qbo.actors.polls.sweeps import PAYMENTS
from avantto_qbo.actors.ports import Edge
from avantto_qbo.actors.restored.noticing import stop_for_unknown
from avantto_qbo.avantto import reads as avantto_reads
from avantto_qbo.errors import AppRefusedError, AuthError, RefusedError, RejectedError, TransientError
from avantto_qbo.journal import (
    activity,
    claims,
    cursors,
    evidence,
    grants,
    inbox,
    locations,
    operations,
    reconciliations,
    renewals,
)
from avantto_qbo.journal import settings as stored
from avantto_qbo.journal.connection import Connection
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.location_settings import encode_setting, merge_settings
from avantto_qbo.model.avantto import Location
from avantto_qbo.model.grant import Grant, Provider, Tokens
from avantto_qbo.model.http import Read
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.operation import OPEN, Reason, State
from avantto_qbo.model.quickbooks import Company
from avantto_qbo.model.records import Activity, LocationRecord, RealmRecord, Status
from avantto_qbo.model.settings import Contacts
from avantto_qbo.server.api import ConnectAnswer
from avantto_qbo.service.disconnecting import Disconnecting
from avantto_qbo.service.interrupted import take_over
from avantto_qbo.service.posting import postings
from avantto_qbo.service.renewing import Renewing, Vendor
from avantto_qbo.service.sharing import same_series

T = TypeVar("T")
__all__ = ["Connecting", "Order", "Vendor"]
_LOOK_BACK: Final = timedelta(days=7)
_LOOK_AT: Final = 5


class Order(msgspec.Struct, frozen=True):
    """What somebody asked to connect; `since` is the cut-off, None for now."""

    location: LocationId
    realm: RealmId
    avantto: Tokens
    quickbooks: Tokens
    since: datetime | None
    share: bool
    actor: str


class _Proof(msgspec.Struct, frozen=True):
    """What both vendors answered, and the tokens that worked."""

    place: Location
    company: Company
    avantto: Tokens
    quickbooks: Tokens
    synced_elsewhere: bool


class _Asking:
    """An edge bound to one subject and its access token."""

    def __init__(self, edge: Edge, subject: str, tokens: Tokens) -> None:
        self._edge, self._subject, self._token = edge, subject, tokens.access_token

    def __call__(self, read: Read[T], /) -> Awaitable[T]:
        return self._edge.read(self._subject, self._token, read)


class Connecting:
    """Makes and ends connections."""

    def __init__(
        self, house: House, directory: Directory, sealer: Sealer, *, avantto: Vendor, quickbooks: Vendor
    ) -> None:
        self._house, self._directory, self._sealer = house, directory, sealer
        self._avantto, self._quickbooks = avantto, quickbooks
        self._renewing = Renewing(house, sealer)
        self._disconnecting = Disconnecting(house, directory, sealer, quickbooks.endpoint)

    async def connect(self, order: Order) -> ConnectAnswer:
        """Connect, or raise RefusedError with nothing changed."""
        before = await self._house.journal.read(lambda db: self._check(db, order))
        proof = await self._prove(order)
        record = self._record(order, proof, before)
        own = await self._house.journal.write(lambda db: self._put(db, order, proof, record, before))
        self._directory.reconnected(order.location, order.realm)
        self._house.nudge(order.location)
        settings = merge_settings(self._house.defaults, own)
        alike = await self._house.journal.read(lambda db: same_series(db, record, self._house.defaults))
        warnings = (*((record.reason,) if record.reason else ()), *alike)
        return ConnectAnswer(
            location=record.id,
            name=record.name,
            realm=record.realm,
            company=proof.company.name,
            books_from=record.books_from,
            posting=postings(proof.company, settings, record),
            warnings=warnings,
        )

    async def disconnect(self, location: LocationId, actor: str) -> str:
        """End a connection, as `Disconnecting.disconnect` does."""
        return await self._disconnecting.disconnect(location, actor)

    def _check(self, db: Connection, order: Order) -> LocationRecord | None:
        """Refuse what would mix two companies' books."""
        before = locations.get(db, order.location)
        if before is not None and before.status is not Status.DISCONNECTED and before.realm != order.realm:
            problem = f"location {order.location} is already connected to company {before.realm}"
            raise RefusedError(problem, f"first: avantto-qbo disconnect {order.location}")
        others = [
            record.id
            for record in locations.of_realm(db, order.realm)
            if record.id != order.location and record.status is not Status.DISCONNECTED
        ]
        member = before is not None and before.status is not Status.DISCONNECTED
        if others and not member and not order.share:
            problem = f"company {order.realm} is already connected to location {others[0]}"
            raise RefusedError(problem, "add --share if both shall post into the same books")
        return before

    async def _prove(self, order: Order) -> _Proof:
        """Use both tokens: they must open exactly this realm and this location."""
        quickbooks, company = await self._try(
            self._quickbooks, order.realm, order.quickbooks, lambda ask: learn(ask, order.realm)
        )
        where = avantto_reads.location(order.location)
        avantto, place = await self._try(self._avantto, order.location, order.avantto, lambda ask: ask(where))
        synced = await self._synced_elsewhere(order.location, avantto)
        return _Proof(place, company, avantto, quickbooks, synced)

    async def _try(
        self, vendor: Vendor, subject: str, tokens: Tokens, prove: Callable[[Ask], Awaitable[T]]
    ) -> tuple[Tokens, T]:
        """Use the tokens, renewing them once if the access token has run out meanwhile."""
        try:
            try:
                return tokens, await prove(_Asking(vendor.edge, subject, tokens))
            except AuthError:
                if not tokens.refresh_token:
                    raise
                renewed = await self._renewing.renew(vendor, subject, tokens)
                return renewed, await prove(_Asking(vendor.edge, subject, renewed))
        except AppRefusedError as error:
            problem = f"{vendor.provider} refuses this daemon's own client id or secret ({error.reason})"
            raise RefusedError(problem, f"put [{vendor.provider}] client_id and its secret file right") from error
        except (AuthError, RejectedError) as error:
            problem = f"the {vendor.provider} token does not open {subject} ({error})"
            raise RefusedError(problem, "use the token answer of exactly this company or location") from error
        except TransientError as error:
            raise RefusedError(f"{vendor.provider} cannot be asked now ({error.reason})", "try again") from error

    async def _synced_elsewhere(self, location: LocationId, tokens: Tokens) -> bool:
        """Does the built-in integration post this location's payments (S3)?"""
        edge, start = self._avantto.edge, self._house.clock.now() - _LOOK_BACK
        page = avantto_reads.transactions_page(location, 0, 20, start=start)
        try:
            found = await edge.read(location, tokens.access_token, page)
            for row in [row for row in found.rows if row.status == "succeeded"][:_LOOK_AT]:
                detail = await edge.read(location, tokens.access_token, avantto_reads.transaction(location, row.id))
                if detail.qbo_synced:
                    return True
        except (RejectedError, TransientError, AuthError) as error:
            problem = f"the avantto token cannot read payments ({error})"
            raise RefusedError(problem, "grant payments/transactions.readonly") from error
        return False

    def _record(self, order: Order, proof: _Proof, before: LocationRecord | None) -> LocationRecord:
        """Reconnecting to the same realm keeps the cut-off, and with links and cursors catches up (S5)."""
        now = self._house.clock.now()
        again = before is not None and before.realm == order.realm
        kept = before.books_from if before is not None and again else now
        paused = proof.synced_elsewhere
        reason = "Turn off QuickBooks in Avantto, then: avantto-qbo resume " + order.location
        return LocationRecord(
            id=order.location,
            realm=order.realm,
            name=proof.place.name,
            time_zone=proof.place.time_zone,
            status=Status.MONEY_PAUSED if paused else Status.CONNECTED,
            books_from=order.since or kept,
            connected_at=now,
            country=proof.place.country,
            reason=reason if paused else "",
            allow_duplicates=proof.place.allow_duplicates,
            google_place_id=proof.place.google_place_id,
            shared=order.share or (before is not None and again and before.shared),
        )

    def _put(
        self, db: Connection, order: Order, proof: _Proof, record: LocationRecord, before: LocationRecord | None
    ) -> dict[str, bytes]:
        self._check(db, order)
        now = self._house.clock.now()
        if before is not None and before.realm != order.realm:
            self._start_over(db, before)
        elif before is not None and record.books_from < before.books_from:
            # Payments were never looked for behind the old cut-off.
            cursors.put(db, order.location, PAYMENTS, record.books_from.isoformat(), now)
        if record.status is Status.MONEY_PAUSED:
            cursors.put(db, record.id, MONEY_PAUSED, record.reason, now)
        elif pause := cursors.get(db, record.id, MONEY_PAUSED):  # only a person's resume ends it
            record = msgspec.structs.replace(record, status=Status.MONEY_PAUSED, reason=pause)
        locations.put(db, record)
        locations.put_realm(db, RealmRecord(order.realm, msgspec.json.encode(proof.company), now))
        stop_for_unknown(db, record, now, self._house.pace.settle)
        take_over(db, record, order.actor, now)
        self._revive_siblings(db, order, now)
        for provider, subject, tokens in (
            (Provider.QUICKBOOKS, order.realm, proof.quickbooks),
            (Provider.AVANTTO, order.location, proof.avantto),
        ):
            grants.put(db, self._sealer, Grant(provider, subject, tokens, granted_at=now), now)
            renewals.remove(db, provider, subject)
        if order.share and before is None:
            stored.put(db, order.location, "contacts", encode_setting(Contacts.OWN), now, order.actor)
        if cursors.get(db, order.realm, CHANGES) is None:
            cursors.put(db, order.realm, CHANGES, now.isoformat(), now)
        own = stored.of(db, order.location)
        settings = merge_settings(self._house.defaults, own)
        first_polls(db, record, now, backfill=settings.contacts is Contacts.ALL)
        text = f"connected to company {order.realm}; documents from {record.books_from.isoformat()} on"
        activity.record(db, Activity(now, order.location, "location.connected", text, actor=order.actor))
        return own

    def _revive_siblings(self, db: Connection, order: Order, now: datetime) -> None:
        """The company's grant is good again: its other locations stopped for it alone."""
        for sibling in locations.of_realm(db, order.realm):
            stopped = sibling.status is Status.BROKEN and sibling.reason.startswith(Provider.QUICKBOOKS)
            if stopped and sibling.id != order.location:
                pause = cursors.get(db, sibling.id, MONEY_PAUSED) or ""
                status = Status.MONEY_PAUSED if pause else Status.CONNECTED
                locations.set_status(db, sibling.id, status, pause, now)

    def _start_over(self, db: Connection, before: LocationRecord) -> None:
        """Another company's books: nothing that was meant for the old one may go into the new one.

        Links stay with the old company, for the day it is connected again.
        """
        now = self._house.clock.now()
        for op in operations.by_state(db, OPEN, before.id, limit=100_000):
            if op.state is not State.HELD:
                operations.move(db, op.id, State.HELD, now, reason=op.reason)
            operations.move(db, op.id, State.SKIPPED, now, reason=Reason("superseded", "connected to another company"))
            claims.release(db, op.id)
        inbox.clear(db, before.id)
        evidence.clear(db, before.id)
        cursors.forget(db, before.id)
        reconciliations.forget(db, before.id)
