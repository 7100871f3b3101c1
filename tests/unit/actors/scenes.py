"""Situations that several tests of the actors begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from avantto_qbo.actors.recording import record
from avantto_qbo.journal import operations
from avantto_qbo.model.ids import OperationId
from avantto_qbo.model.operation import Operation, Reason, State
from avantto_qbo.model.records import Topic
from avantto_qbo.rules.settle import Verdict
from avantto_qbo.sandbox.faults import FaultPlan
from avantto_qbo.sandbox.http import Reply, Request, encode_json
from avantto_qbo.sandbox.serve import VendorService
from avantto_qbo.sandbox.webhooks import Outbox
from stage import ANN, PLACE, REALM, Stage

REFUSAL = '{"Fault":{"Error":[{"code":"6000","Message":"A business validation error"}],"type":"ValidationFault"}}'
BOB = {"DisplayName": "Bob Ray", "PrimaryEmailAddr": {"Address": "bob@example.com"}}


@dataclass
class Tampered:
    """A service whose answers are changed on their way."""

    service: VendorService
    change: Callable[[Request, Reply], Reply]

    @property
    def faults(self) -> FaultPlan:
        return self.service.faults

    @property
    def outbox(self) -> Outbox:
        return self.service.outbox

    @property
    def play(self) -> object:
        return self.service.play

    def handle(self, request: Request) -> Reply:
        return self.change(request, self.service.handle(request))

    def operation(self, request: Request) -> str:
        return self.service.operation(request)

    def commit_delay(self, request: Request) -> float:
        return self.service.commit_delay(request)


def answering_total(stage: Stage, operation: str, total: str) -> None:
    """Let QuickBooks answer `operation` (such as `invoice.create`) with another total than it was sent."""

    def change(request: Request, reply: Reply) -> Reply:
        if stage.books.operation(request) != operation or reply.status != 200:
            return reply
        body = reply.json()
        entity = next(name for name in body if name != "time")
        return replace(reply, body=encode_json({**body, entity: {**body[entity], "TotalAmt": Decimal(total)}}))

    stage.transport.hosts = {**stage.transport.hosts, "quickbooks.test": Tampered(stage.books, change)}


def books_fault(stage: Stage, operation: str, **fault: Any) -> None:
    """Plan trouble for one kind of request at QuickBooks."""
    stage.books.play.faults(add=[{"operation": operation, **fault}])


def crm_fault(stage: Stage, operation: str, **fault: Any) -> None:
    """Plan trouble for one kind of request at Avantto."""
    stage.crm.play.faults(add=[{"operation": operation, **fault}])


async def sell(stage: Stage, **changes: Any) -> str:
    """A sale over 99 that its location hears of; returns the transaction's id."""
    sold = stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 99}], **changes)
    await stage.tell(Topic.TRANSACTION, sold["transaction"]["_id"])
    return str(sold["transaction"]["_id"])


def bill(stage: Stage, customer: str, amount: int = 50, **members: Any) -> dict[str, Any]:
    """An invoice a bookkeeper makes in QuickBooks."""
    line = {"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    body = {"CustomerRef": {"value": customer}, "Line": [line], **members}
    return dict(stage.books.play.create(REALM, "Invoice", body))


def receive(stage: Stage, invoice: dict[str, Any], amount: int = 50) -> dict[str, Any]:
    """A payment a bookkeeper enters in QuickBooks."""
    paid = [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
    body = {"CustomerRef": invoice["CustomerRef"], "TotalAmt": amount, "Line": paid}
    return dict(stage.books.play.create(REALM, "Payment", body))


def bob(stage: Stage, **members: Any) -> str:
    """A customer a bookkeeper enters in QuickBooks; returns the id."""
    return str(stage.books.play.create(REALM, "Customer", {**BOB, **members})["Id"])


async def resend(stage: Stage, name: OperationId) -> None:
    """What `retry` does for a held doubt."""
    now = stage.clock.now()
    await stage.journal.write(lambda db: operations.resolve_held(db, name, State.PLANNED, now, "test"))
    await stage.work_off()


async def the_only(stage: Stage, state: State) -> Operation:
    """The one operation in this state."""
    [op] = await stage.operations(state)
    return op


async def skip(stage: Stage) -> None:
    """What a person's `skip` does for the one held operation."""
    held = await the_only(stage, State.HELD)
    verdict, now = Verdict((State.SKIPPED,), Reason("skipped", "skipped by test")), stage.clock.now()
    await stage.journal.write(lambda db: record(db, held, verdict, now, fingerprints=stage.house.fingerprints))
