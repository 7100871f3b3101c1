"""Explain one document: the arithmetic of every cent, as the planner does it, beside what stands in the books."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

import msgspec

from avantto_qbo.actors.books.cases import Cases
from avantto_qbo.actors.directory import Directory
from avantto_qbo.actors.house import House
from avantto_qbo.errors import AuthError, RejectedError, TransientError
from avantto_qbo.model.ids import LocationId, OperationId
from avantto_qbo.model.money import rounded
from avantto_qbo.model.operation import Reason
from avantto_qbo.model.steps import (
    BookStep,
    CreateRefund,
    Hold,
    Ignore,
    InvoiceCase,
    NeedItem,
    PauseMoney,
    ReceiptCase,
    RecordPayment,
    UpdateInvoice,
    Wait,
)
from avantto_qbo.rules.books.explain import Explanation, explain
from avantto_qbo.rules.books.invoice import draft_invoice
from avantto_qbo.rules.books.invoice import kept as kept_by_hand
from avantto_qbo.rules.books.plan import WITHDRAWN, plan_invoice, plan_receipt
from avantto_qbo.rules.books.receipt import draft_receipt
from avantto_qbo.rules.books.sources import paid_invoice, pays_invoice
from avantto_qbo.rules.reasons import HeldError, addressed
from avantto_qbo.server.api_explaining import ExplainAnswer, NextStep
from avantto_qbo.server.ports import UnknownObjectError
from avantto_qbo.service.booked import Kept, kept
from avantto_qbo.service.finding import INVOICE, Document, in_avantto, in_journal
from avantto_qbo.service.known import location_of

_WORDS: Final = re.compile(r"(?<!^)(?=[A-Z])")


class Explaining:
    """Explains the documents of every location; Avantto is read, nothing is changed."""

    def __init__(self, house: House, directory: Directory) -> None:
        self._house, self._directory = house, directory

    async def explain(self, location: LocationId, wanted: str) -> ExplainAnswer:
        """Explain the document of this id or number. Raises UnknownObjectError when neither side has it.

        Where Avantto cannot be asked, the answer says so and shows what stands in the books.
        """
        await self._house.journal.read(lambda db: location_of(db, location))
        actor = await self._directory.location(location)
        cases = Cases(self._house, actor) if actor is not None else None
        document = await self._house.journal.read(lambda db: in_journal(db, location, wanted))
        if document is None and cases is not None:
            document = await in_avantto(cases, wanted)
        if document is None:
            raise UnknownObjectError(
                f'there is no document "{wanted}" of location {location}',
                "an invoice's id or number, or a transaction's id",
                field="document",
            )
        return await self._told(location, cases, document)

    async def _told(self, location: LocationId, cases: Cases | None, document: Document) -> ExplainAnswer:
        plain = ExplainAnswer(location, document.kind, document.id)
        if cases is None:
            return await self._with_books(msgspec.structs.replace(plain, problem="The location is disconnected."))
        try:
            case = await (cases.invoice if document.kind == INVOICE else cases.receipt)(document.id)
        except AuthError as error:
            text = f"{error.provider} refuses the access: {error.reason}."
            mend = f"avantto-qbo connect {location}"
            return await self._with_books(msgspec.structs.replace(plain, problem=text, mend=mend))
        except (TransientError, RejectedError) as error:
            return await self._with_books(msgspec.structs.replace(plain, problem=_unreadable(error)))
        if case is None:
            text = f"Avantto has no {document.kind} {document.id} any more."
            return await self._with_books(msgspec.structs.replace(plain, problem=text))
        if isinstance(case, InvoiceCase):
            return await self._invoice(plain, case)
        order = case.order or case.evidence
        if pays_invoice(case.transaction, order) and (invoice := paid_invoice(case.transaction, order)):
            return await self._told(location, cases, Document(INVOICE, invoice))
        return await self._receipt(plain, case)

    async def _invoice(self, plain: ExplainAnswer, case: InvoiceCase) -> ExplainAnswer:
        invoice = case.invoice
        shown = msgspec.structs.replace(
            plain,
            number=invoice.number,
            status=invoice.status,
            total=_stated(invoice.total, invoice.currency),
            next=_steps(plan_invoice(case)),
        )
        try:
            return await self._with_books(msgspec.structs.replace(shown, explanation=_of_invoice(case)))
        except HeldError as error:
            return await self._with_books(shown, error.reason)

    async def _receipt(self, plain: ExplainAnswer, case: ReceiptCase) -> ExplainAnswer:
        row = case.transaction
        shown = msgspec.structs.replace(
            plain, status=row.status, total=_stated(row.amount, row.currency), next=_steps(plan_receipt(case))
        )
        try:
            return await self._with_books(msgspec.structs.replace(shown, explanation=_of_receipt(case)))
        except HeldError as error:
            return await self._with_books(shown, error.reason)

    async def _with_books(self, answer: ExplainAnswer, reason: Reason | None = None) -> ExplainAnswer:
        document = Document(answer.kind, answer.id)
        known = await self._house.journal.read(lambda db: kept(db, answer.location, document))
        answer = msgspec.structs.replace(answer, booked=known.booked, held=known.held, flags=known.flags)
        if reason is None:
            return answer
        return msgspec.structs.replace(answer, problem=reason.text, mend=_mend(reason, known))


def _stated(amount: Decimal, currency: str) -> str:
    """A sum as Avantto states it, with the currency's decimals where it has no more of them."""
    plain = rounded(amount, currency)
    return f"{plain if plain == amount else amount:f} {currency}"


def _unreadable(error: TransientError | RejectedError) -> str:
    if isinstance(error, RejectedError):
        return f"Avantto does not show it: {error.message}."
    return f"Avantto cannot be asked now: {error.reason}."


def _mend(reason: Reason, known: Kept) -> str:
    """The command that helps; one that needs a held operation only where there is one."""
    operation = known.held[0].id if known.held else OperationId("")
    mend = addressed(reason, operation).mend
    return mend if operation or mend == reason.mend else ""


def _of_invoice(case: InvoiceCase) -> Explanation:
    """The planner's draft, with what a person chose in QuickBooks kept as an update would keep it."""
    drafted = draft_invoice(case)
    taken_back = case.link is not None and case.link.status in WITHDRAWN
    agreed = case.agreed if not taken_back else None
    draft = kept_by_hand(agreed, drafted.draft, case.company) if agreed is not None else drafted.draft
    return explain(drafted.reckoning, draft, tuple(flag.text for flag in drafted.flags))


def _of_receipt(case: ReceiptCase) -> Explanation:
    drafted = draft_receipt(case)
    return explain(
        drafted.charged.reckoning, case.agreed or drafted.draft, tuple(flag.text for flag in drafted.charged.flags)
    )


def _steps(steps: tuple[BookStep, ...]) -> tuple[NextStep, ...]:
    """The plan in words."""
    return tuple(_step(step) for step in steps) or (NextStep("none", "Both sides agree."),)


def _step(step: BookStep) -> NextStep:
    name = _WORDS.sub(" ", type(step).__name__).lower()
    match step:
        case Ignore(reason=reason) | Wait(reason=reason) | Hold(reason=reason) | PauseMoney(reason=reason):
            return NextStep(name, reason.text, reason.mend)
        case UpdateInvoice(changed=changed):
            return NextStep(name, f"changes {', '.join(sorted(changed))}")
        case RecordPayment(draft=draft) | CreateRefund(draft=draft):
            return NextStep(name, str(draft.total))
        case NeedItem(draft=item):
            return NextStep(name, f"{item.name} is made first")
        case _:
            return NextStep(name)
