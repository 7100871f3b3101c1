"""Prove on small test documents what a company refuses to take twice, and take them back (the canary).

A run is mail: each turn does the next step, and what a crash interrupts goes on with taking back. Every write is an
operation of the journal, so nothing is made that is not known; whatever bears the run's customer is removed at the end,
whether its answer came or not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from avantto_qbo.actors import fences, trials
from avantto_qbo.actors.books.canary_removal import Removal
from avantto_qbo.actors.desk import Desk, Done, Later, Turn
from avantto_qbo.actors.fences import Proof
from avantto_qbo.actors.trials import Stage, Trial
from avantto_qbo.journal import activity, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.drafts import Draft
from avantto_qbo.model.ids import CustomerId, RealmId
from avantto_qbo.model.operation import Call, Kind, Operation, Source, State
from avantto_qbo.model.outcome import FaultClass
from avantto_qbo.model.records import Activity, Envelope
from avantto_qbo.quickbooks import encode, encode_lists, encode_payments
from avantto_qbo.rules.books.doubts import canary
from avantto_qbo.rules.books.doubts.doubt import LOOKS
from avantto_qbo.rules.reasons import HeldError
from avantto_qbo.rules.settle import REPEATED, Verdict

_AGAIN: Final = "again"
_TWIN: Final = "twin"
_UNKNOWN: Final = "not known: no clear answer came; run it again"
_NOT_MADE: Final = "not tried: the test document could not be made"
_NUMBERS_OFF: Final = "not tried: custom transaction numbers are off"
_BUSINESS: Final = "6000"


class Canary:
    """The test runs of one location's company."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._removal = desk, Removal(desk)

    async def handle(self, envelope: Envelope) -> Turn:
        """Do the next step of run `envelope.object_id`."""
        realm, run = self._desk.realm.realm, envelope.object_id
        trial = await self._desk.house.journal.read(lambda db: trials.last(db, realm))
        if trial is None or trial.run != run or trial.stage is Stage.OVER or trial.location != self._desk.location:
            return Done()  # another location of the company may have taken it over
        busy = await self._desk.chain_busy(trial.chain, "")
        if busy is not None:
            return busy
        made = await self._desk.house.journal.read(lambda db: operations.of_chain(db, self._desk.location, trial.chain))
        match trial.stage:
            case Stage.MAKING if not made:
                return await self._make(trial)
            case Stage.REPEATING if not any(_is_second(op) for op in made):
                return await self._repeat(trial, made)
            case _:
                return await self._remove(trial)

    # -- making --------------------------------------------------------------------------------------------------------

    async def _make(self, trial: Trial) -> Turn:
        try:
            on = await self._ground(trial)
        except HeldError as waiting:  # the company was changed since a person started the run
            trial = msgspec.structs.replace(trial, results={"not begun": waiting.reason.text})
            return await self._go_on(trial, Stage.REMOVING)
        draft = canary.customer(on)
        who = await self._create(trial, "Customer", encode_lists.customer_create(draft, on.company), draft)
        if who is None:
            return await self._go_on(trial, Stage.REMOVING)
        customer = CustomerId(who.object_id)
        trial = await self._keep(msgspec.structs.replace(trial, customer=customer))
        bill, sale, back = canary.invoice(on, customer), canary.receipt(on, customer), canary.refund(on, customer)
        billed = await self._create(trial, "Invoice", encode.invoice_create(bill, on.company), bill)
        if billed is not None:
            paid = canary.payment(on, customer, billed.object_id)
            await self._create(trial, "Payment", encode_payments.payment_create(paid, on.company), paid)
        await self._create(trial, "SalesReceipt", encode.receipt_create(sale, on.company), sale)
        if on.refund:
            await self._create(trial, "RefundReceipt", encode.refund_create(back, on.company), back)
        # As long as a real repetition waits: an id that is forgotten sooner stops nothing.
        return await self._go_on(trial, Stage.REPEATING, self._desk.house.pace.settle.total_seconds() * LOOKS[-1])

    async def _ground(self, trial: Trial) -> canary.Ground:
        record, settings = await self._desk.place()
        day = canary.today(record, trial.begun)
        return canary.ground(trial.run, await self._desk.realm.company(), settings, record, day)

    async def _create(self, trial: Trial, part: str, call: Call, draft: Draft) -> Operation | None:
        """Make one object; None when it was not made at once."""
        op = self._operation(trial, part, call, draft)
        await self._desk.carry_out(op)
        ended = await self._desk.house.journal.read(lambda db: operations.get(db, op.id))
        return ended if ended is not None and ended.state is State.DONE else None

    def _operation(self, trial: Trial, part: str, call: Call, draft: Draft | None) -> Operation:
        source = Source("canary", trial.run, part)
        return self._desk.operation(Kind.CANARY_CREATE, trial.chain, source, call, draft)

    # -- repeating -----------------------------------------------------------------------------------------------------

    async def _repeat(self, trial: Trial, made: list[Operation]) -> Turn:
        numbered = (await self._desk.realm.company()).custom_numbers
        done = {op.source.part: op for op in made if op.state is State.DONE}
        seen: dict[tuple[str, Proof], str] = {}
        for entity in fences.FENCED.values():
            other = Proof.BEYOND if entity == "Payment" else Proof.NUMBER
            first = done.get(entity)
            if first is None:
                seen[entity, Proof.REQUEST_ID] = seen[entity, other] = _NOT_MADE
                continue
            seen[entity, Proof.REQUEST_ID] = await self._same_id(trial, first)
            tried = other is Proof.BEYOND or numbered
            seen[entity, other] = await self._other_id(trial, first) if tried else _NUMBERS_OFF
        trial = await self._counted(trial, seen)
        return await self._go_on(trial, Stage.REMOVING)

    async def _same_id(self, trial: Trial, first: Operation) -> str:
        """Send the same bytes with the same request id."""
        op = self._operation(trial, f"{_AGAIN}:{first.source.part}", first.call, None)
        verdict = await self._send(msgspec.structs.replace(op, request_id=first.request_id, intent=first.intent))
        if verdict.reason is not None and verdict.reason.code == REPEATED:
            return "refused"
        if verdict.path != (State.DONE,):
            return _UNKNOWN
        return "answered as before" if verdict.object_id == first.object_id else "carried out a second time"

    async def _other_id(self, trial: Trial, first: Operation) -> str:
        """Send the same bytes with another request id: the number is taken, or the invoice settled."""
        op = self._operation(trial, f"{_TWIN}:{first.source.part}", first.call, None)
        verdict = await self._send(msgspec.structs.replace(op, intent=first.intent))
        if verdict.path == (State.DONE,):
            return "carried out a second time"
        fault = verdict.fault
        taken = fault is not None and fault.kind is FaultClass.NUMBER_TAKEN
        beyond = first.source.part == "Payment" and fault is not None and fault.code == _BUSINESS
        return "refused" if taken or beyond else _UNKNOWN

    async def _send(self, op: Operation) -> Verdict:
        _, verdict = await self._desk.carry_out(op)
        return verdict

    async def _counted(self, trial: Trial, seen: dict[tuple[str, Proof], str]) -> Trial:
        """Learn what was seen, unless the books hold more objects than the answers named."""
        there = await self._removal.standing(trial)
        journal, chain = self._desk.house.journal, trial.chain
        sent = await journal.read(lambda db: operations.of_chain(db, self._desk.location, chain))
        named = {op.object_id for op in sent}
        stray = {hit.entity for hit in there if hit.id not in named}
        now, realm = self._desk.now(), self._desk.realm.realm
        results = {f"{proof}.{entity}": words for (entity, proof), words in seen.items()}
        results |= {f"{proof}.{entity}": _UNKNOWN for entity, proof in seen if entity in stray}
        counted = msgspec.structs.replace(trial, results=results)

        def learn(db: Connection) -> Trial:
            for entity, proof in seen:
                _learn(db, realm, entity, proof, results[f"{proof}.{entity}"], now)
            trials.put(db, realm, counted, now)
            return counted

        return await journal.write(learn)

    # -- removing ------------------------------------------------------------------------------------------------------

    async def _remove(self, trial: Trial) -> Turn:
        waits = await self._removal.take_back(trial)
        if waits is not None:
            return waits
        now, realm = self._desk.now(), self._desk.realm.realm
        over = msgspec.structs.replace(trial, stage=Stage.OVER, ended=now)

        def end(db: Connection) -> None:
            trials.put(db, realm, over, now)
            text = "The test of repeated writes is over; everything it made was taken back."
            activity.record(db, Activity(now, trial.location, "canary.over", text, trial.run, trial.actor))

        await self._desk.house.journal.write(end)
        return Done()

    async def _go_on(self, trial: Trial, stage: Stage, seconds: float = 0.0) -> Later:
        await self._keep(msgspec.structs.replace(trial, stage=stage))
        return self._desk.later(seconds, stage)

    async def _keep(self, trial: Trial) -> Trial:
        now, realm = self._desk.now(), self._desk.realm.realm
        await self._desk.house.journal.write(lambda db: trials.put(db, realm, trial, now))
        return trial


def _is_second(op: Operation) -> bool:
    return op.source.part.partition(":")[0] in {_AGAIN, _TWIN}


def _learn(db: Connection, realm: RealmId, entity: str, proof: Proof, words: str, now: datetime) -> None:
    if words in {"refused", "answered as before"}:
        fences.learn(db, realm, entity, proof, now)
    elif words == "carried out a second time":
        fences.unlearn(db, realm, entity, now, (proof,))
