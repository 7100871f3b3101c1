"""What every kind of work of a location shares: making operations, keeping chains in order, holding with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from avantto_qbo.actors import recording
from avantto_qbo.actors.access import Access
from avantto_qbo.actors.house import House
from avantto_qbo.actors.performer import Performer
from avantto_qbo.actors.realm import RealmActor
from avantto_qbo.actors.time_zones import with_known_zone
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import cursors, evidence, links, locations, operations, settings
from avantto_qbo.journal.connection import Connection
from avantto_qbo.location_settings import merge_settings
from avantto_qbo.model.drafts import Draft, ItemDraft
from avantto_qbo.model.ids import Chain, LocationId, OperationId
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, Source, State
from avantto_qbo.model.outcome import FaultClass
from avantto_qbo.model.records import LocationRecord, Status
from avantto_qbo.model.settings import Settings
from avantto_qbo.quickbooks import encode_lists
from avantto_qbo.rules.reasons import RETRY
from avantto_qbo.rules.settle import Verdict

# How long a parked document waits for news at most; it is woken at once when what it waits for ends.
_LONG: Final = timedelta(days=1)
_TAKEN: Final = f"superseded.{FaultClass.NUMBER_TAKEN}"
MONEY_PAUSED: Final = "money_paused"  # the cursor that outlives a broken connection
_READ_AGAIN: Final = timedelta(minutes=10)  # a document may read well again without a new version
_UNREADABLE: Final = "unreadable"
SKIPPED_IN_DOUBT: Final = "skipped.doubt"
_PERHAPS: Final = frozenset({_TAKEN, SKIPPED_IN_DOUBT})


class Done(msgspec.Struct, frozen=True):
    """Nothing is left to do for this mail."""


class Later(msgspec.Struct, frozen=True):
    """Look at this mail again at `next_at`, or at once when `waiting_for` ends."""

    next_at: datetime
    waiting_for: str = ""
    reason: str = ""


Turn = Done | Later


class Desk:
    """The tools one location's handlers work with."""

    def __init__(
        self, house: House, location: LocationId, *, realm: RealmActor, crm: Access, performer: Performer
    ) -> None:
        self.house, self.location = house, location
        self.realm, self.crm, self.performer = realm, crm, performer

    async def place(self) -> tuple[LocationRecord, Settings]:
        """The location's record and its settings, defaults filled in."""

        def load(db: Connection) -> tuple[LocationRecord | None, dict[str, bytes]]:
            return locations.get(db, self.location), settings.of(db, self.location)

        record, own = await self.house.journal.read(load)
        if record is None:
            raise LookupError(self.location)
        return await with_known_zone(self.house, self.crm, record), merge_settings(self.house.defaults, own)

    def now(self) -> datetime:
        return self.house.clock.now()

    def later(self, seconds: float, reason: str = "") -> Later:
        return Later(self.now() + timedelta(seconds=seconds), reason=reason)

    def until_settings_change(self, longest: timedelta, reason: str = "") -> Later:
        """Look again after `longest`, or at once when somebody changes a setting of the location."""
        return Later(self.now() + longest, settings_key(self.location), reason)

    def waiting(self, key: str, reason: str = "") -> Later:
        return Later(self.now() + _LONG, key, reason)

    def operation(
        self,
        kind: Kind,
        chain: Chain,
        source: Source,
        call: Call,
        draft: Draft | None,
        *,
        version: str = "",
        target: str = "",
        expected: str = "",
        claim: str = "",
    ) -> Operation:
        """Make an operation in PLANNED with a fresh id, which is also its request id."""
        now = self.now()
        name = OperationId(self.house.ids.new())
        return Operation(
            id=name,
            location=self.location,
            realm=self.realm.realm,
            kind=kind,
            chain=chain,
            source=source,
            request_id=name,
            call=call,
            intent=msgspec.json.encode(draft),
            state=State.PLANNED,
            created_at=now,
            updated_at=now,
            version=version,
            target=target,
            expected=expected,
            claim=claim,
        )

    async def carry_out(self, op: Operation, extra: recording.Extra | None = None) -> tuple[Later | None, Verdict]:
        """Perform `op`; the turn is None when the plan should be made again, else what the document waits for."""
        if await self._skipped(op.source, op.version):
            return self.later(_LONG.total_seconds(), "skipped"), Verdict((State.SKIPPED,))
        ended, verdict = await self.performer.perform(op, extra=extra)
        if ended.state in recording.ENDED:
            return None, verdict
        return self.waiting(ended.id, verdict.reason.code if verdict.reason else ""), verdict

    async def _skipped(self, source: Source, version: str) -> bool:
        """A person's `skip` sticks until Avantto changes the document."""
        tried = await self.house.journal.read(lambda db: operations.of_source(db, self.location, source))
        return any(
            op.state is State.SKIPPED
            and op.version == version
            and op.reason is not None
            and op.reason.code.startswith("skipped")
            for op in tried
        )

    async def chain_busy(self, chain: Chain, version: str) -> Later | None:
        """What the chain waits for, if anything: what must stay in order stays in order.

        A held operation that certainly was not carried out makes way when the document has changed since.
        """
        op = await self.house.journal.read(lambda db: operations.open_in_chain(db, self.location, chain))
        if op is None:
            return None
        if op.state is State.HELD and op.version != version and not maybe_in_books(op):
            await self.let_go(op, Reason("superseded", "The document changed after this was held."))
            return await self.chain_busy(chain, version)
        return self.waiting(op.id, op.reason.code if op.reason else op.state)

    async def let_go(self, op: Operation, reason: Reason, extra: recording.Extra | None = None) -> None:
        """Skip a held operation in favour of what the next plan says, with `extra` in the same transaction."""

        def skip(db: Connection) -> None:
            verdict = Verdict((State.SKIPPED,), reason)
            recording.record(db, op, verdict, self.now(), fingerprints=self.house.fingerprints)
            if extra is not None:
                extra(db)

        await self.house.journal.write(skip)

    async def hold(
        self,
        kind: Kind,
        chain: Chain,
        source: Source,
        version: str,
        reason: Reason,
        note: Callable[[Connection, Operation], object] = lambda _, __: None,
    ) -> Later | Done:
        """Hold a document that cannot even be turned into a request: visible, with the command that mends it.

        `note` is done in the same transaction.
        """
        if await self._skipped(source, version):
            return Done()
        op = self.operation(kind, chain, source, Call("", ""), None, version=version)
        verdict = Verdict((State.HELD,), Reason(reason.code, reason.text, reason.mend or RETRY))

        def put(db: Connection) -> None:
            operations.insert(db, op)
            recording.record(db, op, verdict, self.now(), fingerprints=self.house.fingerprints)
            note(db, op)

        await self.house.journal.write(put)
        self.house.count(f"operation.{kind}.{State.HELD}")
        return self.waiting(op.id, reason.code)

    async def unreadable(self, kind: Kind, chain: Chain, source: Source, error: RejectedError) -> Later:
        """Hold a document that Avantto shows in a form nobody can book; the error names the field."""
        held = await self.chain_busy(chain, _UNREADABLE)
        if held is None:
            text = f"{source.kind} {source.id} cannot be read: {error.message}"
            turn = await self.hold(kind, chain, source, _UNREADABLE, Reason(f"{_UNREADABLE}.{error.code}", text, RETRY))
            held = turn if isinstance(turn, Later) else None
        soon = self.now() + _READ_AGAIN
        return Later(soon, held.waiting_for if held else "", _UNREADABLE)

    async def perhaps_there(self, kind: Kind, chain: Chain, source: Source) -> Operation | None:
        """The last create of this very thing that may be in the books: number taken, or skipped in doubt."""
        tried = await self.house.journal.read(lambda db: operations.of_chain(db, self.location, chain))
        ours = [op for op in tried if op.kind is kind and op.source == source and op.sendable]
        ended = [op for op in ours if op.state is State.SKIPPED]
        return next((op for op in reversed(ended) if op.reason and op.reason.code in _PERHAPS), None)

    async def pause(self, source: Source, reason: Reason) -> bool:
        """Somebody else posts this location's money too: stop posting before anything is there twice (S3).

        False when it was paused for this very document before, and somebody resumed it knowing that.
        """
        now, text = self.now(), f"{reason.text} {reason.mend}".strip()

        def stop(db: Connection) -> bool:
            if evidence.get(db, self.location, "synced_elsewhere", source.id) is not None:
                return False
            evidence.put(db, self.location, "synced_elsewhere", source.id, "", source.kind.encode(), now)
            cursors.put(db, self.location, MONEY_PAUSED, text, now)
            locations.set_status(db, self.location, Status.MONEY_PAUSED, text, now)
            return True

        return await self.house.journal.write(stop)

    async def made_items(self) -> dict[str, str]:
        """The items this realm was given, by name, whichever of its locations they were made for."""
        made = await self.house.journal.read(lambda db: links.kind_in_realm(db, self.realm.realm, "item"))
        return {link.source_id: link.object_id for link in reversed(made) if link.status == "live"}

    async def product_items(self) -> dict[str, str]:
        """The items a person chose for products of this location, by product id."""
        chosen = await self.house.journal.read(lambda db: links.kind_in_realm(db, self.realm.realm, "product"))
        return {link.source_id: link.object_id for link in chosen if link.location == self.location}

    async def make_item(self, draft: ItemDraft) -> Later | None:
        """Create an item once; a taken name means it exists and the company's facts are stale."""
        call = encode_lists.item_create(draft, await self.realm.company())
        op = self.operation(Kind.ITEM_CREATE, Chain(f"item:{draft.name}"), Source("item", draft.name), call, draft)
        busy = await self.chain_busy(op.chain, "")
        if busy is not None:
            return busy
        later, verdict = await self.carry_out(op)
        self.realm.forget_company()
        if verdict.fault is None or verdict.fault.kind is not FaultClass.NAME_TAKEN:
            return later
        await self.realm.learn()  # with older facts it would only be tried again
        return self.later(60, "item name taken")


def settings_key(location: LocationId) -> str:
    """What mail waits for that only a changed setting can free."""
    return f"settings:{location}"


def maybe_in_books(op: Operation) -> bool:
    """A held operation that was in doubt may have been carried out: only a person may let it go."""
    return op.sendable and op.reason is not None and op.reason.code.startswith("doubt")


def number_refusals(db: Connection, location: LocationId, chain: Chain) -> list[Operation]:
    """The operations of this chain whose document number QuickBooks refused as taken; their count is the variant."""
    taken = _TAKEN
    return [op for op in operations.of_chain(db, location, chain) if op.reason is not None and op.reason.code == taken]
