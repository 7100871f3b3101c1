"""Find out why two sides differ: what is held or under way says so, else the planner is asked about the document."""

from __future__ import annotations

from collections import Counter
from typing import Final

import msgspec

from avantto_qbo.actors.books.cases import Cases
from avantto_qbo.actors.books.deletions import GONE, Gone
from avantto_qbo.actors.house import House
from avantto_qbo.actors.reconciling.memory import Memory, waits
from avantto_qbo.errors import RejectedError
from avantto_qbo.journal import evidence, links, operations
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.ids import OperationId
from avantto_qbo.model.operation import Operation, Source
from avantto_qbo.model.reconciliation import Cause, Entry, LinkFact, Standing, chain_of
from avantto_qbo.model.records import Link, LocationRecord
from avantto_qbo.model.steps import BookStep
from avantto_qbo.rules.books.comparing import causes
from avantto_qbo.rules.books.comparing.causes import maybe_made
from avantto_qbo.rules.books.plan import plan_invoice, plan_receipt


class Looks:
    """The looks at one location's documents; at most `most` of them are read in full."""

    def __init__(self, house: House, record: LocationRecord, memory: Memory, cases: Cases, most: int) -> None:
        self._house, self._record, self._memory, self._cases = house, record, memory, cases
        self._left = most
        self._facts: Final[dict[Source, LinkFact]] = {fact.source: fact for fact in memory.facts}
        self._seen: dict[Source, tuple[BookStep, ...] | None] = {}
        self.cut_short = False
        self.left_out = Counter[str]()

    async def explained(self, entry: Entry) -> Entry | None:
        """The entry with its cause; None when it turns out that nothing is missing. Raises as reads do."""
        if entry.standing is Standing.EQUAL:
            return entry
        if self._memory.relinking and (entry.cause is None or entry.cause.needed):
            return msgspec.structs.replace(entry, cause=causes.relinking(entry.shown))
        if entry.cause is not None:
            return msgspec.structs.replace(entry, cause=self._parked(entry) or entry.cause)
        cause = await self._without_asking(entry)
        if cause is not None:
            return msgspec.structs.replace(entry, cause=cause)
        return await self._looked_at(entry)

    def _parked(self, entry: Entry) -> Cause | None:
        """Whatever else is seen, the operation that parks the document's chain asks its own question.

        Of what is there beyond Avantto's documents it says something only where it is what may have made it.
        """
        op = self._memory.waiting.get(chain_of(entry.about))
        if op is None or (entry.standing is Standing.EXTRA and not (op.source == entry.source and maybe_made(op))):
            return None
        return causes.of_operation(op)

    async def _without_asking(self, entry: Entry) -> Cause | None:
        """What the journal says: parked, let go by a person, about to be looked at, or all of the location stopped."""
        waiting = self._memory.waiting.get(chain_of(entry.about))
        op = waiting or self._memory.let_go.get(entry.source) or self._memory.let_go.get(entry.about)
        cause = causes.of_operation(op) if op is not None else None
        return cause or await self._mail(entry) or causes.of_place(self._record)

    async def _mail(self, entry: Entry) -> Cause | None:
        place = self._record.id
        mail = await self._house.journal.read(lambda db: waits(db, place, entry.about))
        if mail is None:
            return None
        reason, op = mail
        cause = causes.of_operation(op) if op is not None else None  # of its customer, or a question about many
        return cause or causes.of_mail(entry.shown, reason)

    async def _looked_at(self, entry: Entry) -> Entry | None:
        place = self._record.id
        if self._left <= 0 and entry.about not in self._seen:
            self.cut_short = True
            return msgspec.structs.replace(entry, cause=causes.unexplained(place, entry))
        try:
            steps = await self._steps(entry.about)
        except RejectedError as error:
            return msgspec.structs.replace(entry, cause=causes.unreadable(place, entry, error.message))
        if steps is None:
            return msgspec.structs.replace(entry, cause=await self._gone(entry))
        if entry.standing is Standing.MISSING and (code := causes.left_out(steps)):
            self.left_out[code] += 1
            return None
        cause = causes.of_steps(place, entry, steps)
        if cause is not None:
            return msgspec.structs.replace(entry, cause=cause)
        fact = self._facts.get(entry.source)
        return causes.of_agreement(place, entry, fact.total if fact is not None else None)

    async def _steps(self, about: Source) -> tuple[BookStep, ...] | None:
        """What the planner would do with a document now, None where Avantto has it no more."""
        if about not in self._seen:
            self._left -= 1
            self._seen[about] = await self._plan(about)
        return self._seen[about]

    async def _plan(self, about: Source) -> tuple[BookStep, ...] | None:
        if about.kind == "invoice":
            invoice = await self._cases.invoice(about.id)
            return plan_invoice(invoice) if invoice is not None else None
        receipt = await self._cases.receipt(about.id)
        return plan_receipt(receipt) if receipt is not None else None

    async def _gone(self, entry: Entry) -> Cause:
        """Avantto has it no more: a person said it stays, a person is asked, or the books are about to follow."""
        place, name = self._record.id, entry.about.id

        def recall(db: Connection) -> tuple[Gone | None, Operation | None, Link | None]:
            body = evidence.get(db, place, GONE, name)
            gone = msgspec.json.decode(body, type=Gone) if body else None
            op = operations.get(db, OperationId(gone.question)) if gone is not None and gone.question else None
            return gone, op, links.get(db, place, "invoice", name)

        gone, question, link = await self._house.journal.read(recall)
        if gone is not None and gone.left:
            return causes.left_in_books(entry.shown)
        asked = causes.of_operation(question) if question is not None else None
        if asked is not None or link is None:
            return asked or causes.gone_in_avantto(place, entry)
        planned = causes.of_steps(place, entry, plan_invoice(await self._cases.gone(link)))
        if planned is None or planned.code == causes.UNEXPLAINED:
            return causes.gone_in_avantto(place, entry)
        return planned
