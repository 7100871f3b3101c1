"""Take back whatever a test run made: found by its customer, voided or deleted, and looked for once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import msgspec

from avantto_qbo.actors import trials
from avantto_qbo.actors.desk import Desk, Done, Later
from avantto_qbo.actors.trials import Trial
from avantto_qbo.journal import operations
from avantto_qbo.model.operation import Call, Kind, Operation, Reason, Source, State
from avantto_qbo.model.quickbooks import CustomerRow, Found
from avantto_qbo.quickbooks import encode, encode_lists, encode_payments, lookups, reads
from avantto_qbo.rules.books.comparing.restore import is_voided
from avantto_qbo.rules.books.doubts.canary import customer_name
from avantto_qbo.rules.reasons import SKIP
from avantto_qbo.rules.reference import carries, test_note

# Payments first: an invoice they settle cannot be voided.
_UNDO: Final[dict[str, Callable[[str, str], Call]]] = {
    "Payment": encode_payments.payment_void,
    "SalesReceipt": encode.receipt_void,
    "RefundReceipt": encode.refund_delete,
    "Invoice": encode.invoice_void,
}
_PASSES: Final = 6  # each does all there is to do: what is left then, QuickBooks does not let go
_NEXT: Final = timedelta(seconds=30)
_BEFORE: Final = timedelta(hours=1)  # clocks may differ


class Removal:
    """The end of a run, as often as it takes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def standing(self, trial: Trial) -> list[Found]:
        """Every object of the run that is in the books and not voided."""
        return [hit for entity in _UNDO for hit in await self._of(trial, entity)]

    async def _of(self, trial: Trial, entity: str) -> list[Found]:
        if not trial.customer:
            return []
        read = lookups.by_customer(entity, trial.customer, trial.begun - _BEFORE)
        hits = await self._desk.realm.access.read(read, key=self._desk.location)
        return [hit for hit in hits if not is_voided(hit)]

    async def take_back(self, trial: Trial) -> Later | None:
        """One pass; None when nothing is left, also nothing that may still come."""
        who = await self._customer(trial)
        if who is None and not await self._unsure(trial, who):
            return None
        if who is not None and trial.customer != who.id:
            trial = await self._note(msgspec.structs.replace(trial, customer=who.id))
        if trial.passes >= _PASSES:
            return await self._held(trial, await self.standing(trial), who)
        left = await self._undo_all(trial)
        first = trial.passes == 0
        await self._note(msgspec.structs.replace(trial, passes=trial.passes + 1))
        if await self._unsure(trial, who):  # a commit may be late, and a query, too
            return self._desk.later(self._desk.house.pace.settle.total_seconds(), "late commits")
        if left:
            return self._desk.later(0 if first else _NEXT.total_seconds(), "removing")
        if who is not None and who.active:
            call = encode_lists.customer_deactivate(who.id, who.sync_token)
            await self._undo(trial, "Customer", who.id, call)
            return self._desk.later(0, "removing")
        return None

    async def _customer(self, trial: Trial) -> CustomerRow | None:
        """The run's customer, also when the answer that named it was lost."""
        name = customer_name(trial.run)
        by_name = (reads.customers_by_name(name), reads.customers_by_name(f"{name} (deleted)"))
        for read in by_name:
            rows = await self._desk.realm.access.read(read, key=self._desk.location)
            mine = [row for row in rows if carries(row.notes, test_note(trial.run))]
            if mine:
                return mine[0]
        return None

    async def _unsure(self, trial: Trial, who: CustomerRow | None) -> bool:
        """Say whether anything was sent lately whose answer never came, or was made and no query has shown it yet."""
        lately = self._desk.now() - self._desk.house.pace.settle
        sent = await self._desk.house.journal.read(lambda db: operations.of_chain(db, self._desk.location, trial.chain))
        seen = {_object(op) for op in sent if op.kind is Kind.CANARY_REMOVE} | {("Customer", who.id if who else "")}
        open_ = (op for op in sent if unanswered(op) or (_is_made(op) and _object(op) not in seen))
        return any(op.updated_at > lately for op in open_)

    async def _undo_all(self, trial: Trial) -> int:
        """Take back what stands, kind by kind: a payment's void changes the SyncToken of its invoice."""
        left = 0
        for entity, undo in _UNDO.items():
            for hit in await self._of(trial, entity):
                await self._undo(trial, entity, hit.id, undo(hit.id, hit.sync_token))
                left += 1
        return left

    async def _undo(self, trial: Trial, entity: str, object_id: str, call: Call) -> None:
        source = Source("canary", trial.run, f"remove:{entity}:{object_id}:{trial.passes}")
        op = self._desk.operation(Kind.CANARY_REMOVE, trial.chain, source, call, None, target=object_id)
        if await self._desk.chain_busy(trial.chain, "") is None:
            await self._desk.carry_out(op)

    async def _held(self, trial: Trial, left: list[Found], who: CustomerRow | None) -> Later | None:
        """QuickBooks does not let go of something: a person takes it back there."""
        if not left and (who is None or not who.active):
            return None
        names = [f"{hit.entity} {hit.id}" for hit in left]
        names += [f"customer {who.id}"] if who is not None and who.active else []
        text = f"The test of repeated writes left {', '.join(names)} in QuickBooks, all named as a test."
        mend = f"void or delete them in QuickBooks, then: {SKIP}"
        source = Source("canary", trial.run, "left")
        turn = await self._desk.hold(Kind.CANARY_REMOVE, trial.chain, source, "", Reason("canary_left", text, mend))
        return None if isinstance(turn, Done) else turn

    async def _note(self, trial: Trial) -> Trial:
        now, realm = self._desk.now(), self._desk.realm.realm
        await self._desk.house.journal.write(lambda db: trials.put(db, realm, trial, now))
        return trial


def unanswered(op: Operation) -> bool:
    """Say whether a test document may be in the books without anybody having said so."""
    refused = op.state is State.SKIPPED and op.reason is not None and op.reason.code != "superseded.test"
    return op.kind is Kind.CANARY_CREATE and op.state is not State.DONE and not refused


def _is_made(op: Operation) -> bool:
    return op.kind is Kind.CANARY_CREATE and op.state is State.DONE


def _object(op: Operation) -> tuple[str, str]:
    """What a write of a run made or takes back: `Invoice`, `again:Invoice` and `remove:Invoice:7:0` are its parts."""
    named = op.source.part.split(":")
    return (named[-1], op.object_id) if op.kind is Kind.CANARY_CREATE else (named[1], op.target)
