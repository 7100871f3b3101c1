"""Reconciliations of a stage: asked for as an operator does, and looked at as they are shown."""

from __future__ import annotations

from datetime import date
from typing import Any

from avantto_qbo.actors.polls.sweeps import INVOICES, PAYMENTS
from avantto_qbo.model.ids import LocationId
from avantto_qbo.model.reconciliation import Group, Progress
from avantto_qbo.server.api_reconciling import Difference, ReconcileAnswer
from avantto_qbo.service.reconciling import ReconcilingDesk
from stage import ANN, PLACE, Stage

QUERIES = ("invoice.query", "payment.query", "salesreceipt.query", "refundreceipt.query")


async def mirrored(stage: Stage, *places: LocationId) -> None:
    """Run both sweeps of the locations and work off what they told; five minutes pass."""
    for place in places or (PLACE,):
        for name in (PAYMENTS, INVOICES):
            await stage.pollers.run(place, name)
    await stage.work_off()
    await stage.clock.sleep(300)


async def compared(
    stage: Stage, place: LocationId = PLACE, since: date | None = None, until: date | None = None
) -> ReconcileAnswer:
    """What `reconcile` answers."""

    async def report(_: Progress) -> None:
        return

    return await ReconcilingDesk(stage.house, stage.directory).reconcile(place, since, until, report)


def days(answer: ReconcileAnswer) -> dict[Group, tuple[int, str, int, str]]:
    """Both sides of the one day there is, by kind."""
    assert len({day.day for day in answer.days}) <= 1
    return {day.kind: (day.avantto_count, day.avantto, day.books_count, day.books) for day in answer.days}


def only(answer: ReconcileAnswer) -> Difference:
    """The one difference there is."""
    [found] = answer.differences
    return found


def sale(stage: Stage, amount: int = 99, place: LocationId = PLACE, **changes: Any) -> str:
    """A sale paid at once; returns the transaction's id."""
    sold = stage.crm.play.sell_order_form(place, ANN, [{"name": "Kit", "amount": amount}], **changes)
    return str(sold["transaction"]["_id"])


def paid(stage: Stage, place: LocationId = PLACE, **how: Any) -> tuple[str, str]:
    """An invoice over 100 that was sent and paid; returns its id and the transaction's."""
    invoice = stage.sent_invoice(place)
    found = stage.crm.play.pay_invoice(place, invoice, **how)["transaction"]
    return invoice, str(found["_id"]) if found else ""
