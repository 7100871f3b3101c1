"""Kill the daemon at every commit and before every request, start it again, and look at both vendors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from avantto_qbo.journal import operations
from avantto_qbo.model.http import HttpRequest
from avantto_qbo.model.ids import OperationId
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Topic
from stage import ANN, PLACE, REALM, Killed, Stage, at_once, writes

Scene = Callable[[Stage], Awaitable[None]]
DAY = timedelta(days=1)


@dataclass
class Reaper:
    """Counts commits and requests, and kills at the one numbered `at`."""

    at: int
    seen: int = 0

    def __call__(self, _: object = None) -> None:
        self.seen += 1
        if self.seen == self.at:
            raise Killed

    def watch(self, stage: Stage) -> None:
        stage.journal.before = stage.journal.after = self
        stage.transport.on_send = self


async def paid_invoice(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    stage.crm.play.pay_invoice(PLACE, invoice)
    await stage.tell(Topic.INVOICE, invoice)


async def sale(stage: Stage) -> None:
    sold = stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 99}])
    await stage.tell(Topic.TRANSACTION, sold["transaction"]["_id"])


async def new_customer(stage: Stage) -> None:
    stage.books.play.create(REALM, "Customer", {"DisplayName": "Bob", "PrimaryEmailAddr": {"Address": "bob@ex.com"}})
    await stage.poll_changes()


async def first_payment(stage: Stage) -> None:
    """A customer of QuickBooks pays its first invoice."""
    bob = {"DisplayName": "Bob", "PrimaryEmailAddr": {"Address": "bob@ex.com"}}
    customer = {"value": stage.books.play.create(REALM, "Customer", bob)["Id"]}
    line = {"DetailType": "SalesItemLineDetail", "Amount": 50, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    invoice = stage.books.play.create(REALM, "Invoice", {"CustomerRef": customer, "Line": [line]})
    paid = [{"Amount": 50, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
    stage.books.play.create(REALM, "Payment", {"CustomerRef": customer, "TotalAmt": 50, "Line": paid})
    await stage.poll_changes()


async def survive(stage: Stage, scene: Scene, reaper: Reaper) -> None:
    """Play a scene and work it off; when it dies, start again and work off what is found."""
    await scene(stage)
    reaper.watch(stage)
    try:
        await stage.work_off(within=DAY / 2)
    except Killed:
        await stage.restart()
        await stage.work_off(within=DAY / 2)


async def points(scene: Scene) -> int:
    stage, reaper = Stage(), Reaper(0)
    await stage.open()
    await survive(stage, scene, reaper)
    return reaper.seen


def doubled(stage: Stage) -> list[str]:
    """What stands twice at either vendor."""
    names = Counter(
        f"{entity} {row.get('PrivateNote') or row.get('DisplayName')}"
        for entity in ("Customer", "Invoice", "Payment", "SalesReceipt")
        for row in stage.in_books(entity)
    )
    names += Counter(f"Contact {row.get('email')}" for row in stage.contacts())
    return [name for name, count in names.items() if count > 1]


@pytest.mark.parametrize("scene", [paid_invoice, sale, new_customer, first_payment])
async def test_no_crash_ever_doubles_anything(scene: Scene) -> None:
    for at in range(1, await points(scene) + 1):
        stage = Stage()
        await stage.open()
        await survive(stage, scene, Reaper(at))
        assert not doubled(stage), at
        assert len(stage.crm.play.messages(PLACE)) <= 1, at
        left = await stage.operations(State.PLANNED, State.SENDING, State.RETRY, State.DOUBT, State.CORRECTING)
        assert not left, at


@pytest.mark.parametrize(
    ("scene", "entity"), [(paid_invoice, "Payment"), (sale, "SalesReceipt"), (new_customer, "Contact")]
)
async def test_after_a_crash_all_is_there_or_a_person_is_asked(scene: Scene, entity: str) -> None:
    for at in range(1, await points(scene) + 1):
        stage = Stage()
        await stage.open()
        await survive(stage, scene, Reaper(at))
        for op in await stage.operations(State.HELD):
            assert op.reason is not None
            assert op.reason.code == "doubt_unresolved", at
            await retry(stage, op.id)
        there = stage.contacts() if entity == "Contact" else stage.in_books(entity)
        assert len(there) == 1, at
        assert not doubled(stage), at


async def retry(stage: Stage, name: OperationId) -> None:
    now = stage.clock.now()
    await stage.journal.write(lambda db: operations.resolve_held(db, name, State.PLANNED, now, "test"))
    await stage.work_off()


async def test_the_intent_is_durable_before_the_socket_is_touched(stage: Stage) -> None:
    seen = list[tuple[str, bool]]()

    def look(request: HttpRequest) -> None:
        sending = at_once(stage.operations(State.SENDING))
        if request in writes([request]):
            seen.append((request.url, any(op.call.body == request.body for op in sending)))

    stage.transport.on_send = look
    await paid_invoice(stage)
    await stage.work_off()
    assert len(seen) >= 3
    assert all(written for _, written in seen)


async def test_the_same_bytes_and_the_same_id_go_again(stage: Stage) -> None:
    stage.books.play.faults(add=[{"operation": "invoice.create", "action": "status", "status": 429}])
    await paid_invoice(stage)
    await stage.work_off()
    sent = [request for request in stage.transport.sent if "/invoice?" in request.url and request.method == "POST"]
    assert len(sent) == 2
    assert {(request.url, request.body) for request in sent} == {(sent[0].url, sent[0].body)}
    assert len(stage.in_books("Invoice")) == 1


async def test_mail_told_while_it_was_worked_on_is_looked_at_again(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.tell(Topic.INVOICE, invoice)

    def pay_meanwhile(request: HttpRequest) -> None:
        if "/invoice?" in request.url:
            stage.crm.play.pay_invoice(PLACE, invoice)
            at_once(stage.tell(Topic.INVOICE, invoice))

    stage.transport.on_send = pay_meanwhile
    await stage.work_off()
    assert len(stage.in_books("Payment")) == 1


async def test_without_a_crash_every_scene_comes_to_its_end() -> None:
    for scene, messages in ((paid_invoice, 0), (sale, 0), (new_customer, 0), (first_payment, 1)):
        stage = Stage()
        await stage.open()
        await survive(stage, scene, Reaper(0))
        assert not doubled(stage)
        assert [op.state for op in await stage.operations() if op.state is not State.DONE] == []
        assert len(stage.crm.play.messages(PLACE)) == messages, scene
