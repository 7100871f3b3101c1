"""Invoices and sales with their money in the books, which several tests of payments and refunds begin with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from avantto_qbo.model.records import Topic
from stage import PLACE, Stage
from unit.actors.scenes import sell


async def news(stage: Stage, invoice: str) -> None:
    await stage.mirror(invoice)
    await stage.clock.sleep(60)


async def sent(stage: Stage, **changes: Any) -> str:
    invoice = stage.sent_invoice(**changes)
    await news(stage, invoice)
    return invoice


async def paid(stage: Stage, **how: Any) -> tuple[str, str]:
    """An invoice over 100 that is paid, in the books; returns its transaction too."""
    invoice = await sent(stage)
    transaction = stage.crm.play.pay_invoice(PLACE, invoice, **how)["transaction"]["_id"]
    await news(stage, invoice)
    return invoice, str(transaction)


def payments(stage: Stage) -> list[tuple[Decimal, Decimal]]:
    """Total and unapplied amount of every payment in the books."""
    return [(row["TotalAmt"], row["UnappliedAmt"]) for row in stage.in_books("Payment")]


def balance(stage: Stage) -> Decimal:
    [invoice] = stage.in_books("Invoice")
    return Decimal(invoice["Balance"])


async def sold(stage: Stage) -> str:
    """A receipt over 99 that stands."""
    transaction = await sell(stage)
    await stage.work_off()
    await stage.clock.sleep(60)
    return transaction


async def hear(stage: Stage, transaction: str) -> None:
    """Say that a transaction changed and work it off."""
    await stage.tell(Topic.TRANSACTION, transaction)
    await stage.work_off()
