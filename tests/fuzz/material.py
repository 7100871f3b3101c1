"""What is made wrong: the webhooks, answers and tokens of a busy day between the daemon and both stand-in vendors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from avantto_qbo.avantto import reads as crm_reads
from avantto_qbo.avantto.client import AvanttoClient
from avantto_qbo.journal import operations
from avantto_qbo.model.http import HttpAnswer, HttpRequest, Read
from avantto_qbo.model.ids import ContactId
from avantto_qbo.model.operation import Call, State
from avantto_qbo.quickbooks import reads as books_reads
from avantto_qbo.quickbooks.client import QuickBooksClient
from avantto_qbo.quickbooks.lookups import lookups
from avantto_qbo.sandbox.webhooks import Delivery
from stage import ANN, PLACE, REALM, Stage
from unit.actors.scenes import bill, bob, books_fault, crm_fault, receive

Client = type[QuickBooksClient] | type[AvanttoClient]
_PER_SHAPE: Final = 6  # answers of one kind of question that are kept
_LIST: Final = [{"name": "Wash", "amount": 50, "qty": 2, "taxes": [{"name": "State", "rate": "8.25"}]}]


@dataclass(frozen=True)
class Exchange:
    """One question or write of a client with the answer it got; `asked` is the read or the call itself."""

    client: Client
    asked: Read[Any] | Call
    answer: HttpAnswer


@dataclass
class Material:
    """Everything that was said; `tokens` are the token endpoints' answers by vendor host."""

    webhooks: list[Delivery] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    tokens: list[HttpAnswer] = field(default_factory=list)


async def collect() -> tuple[Stage, Material]:
    """Play the day and note what was said; the stage is handed on for more."""
    stage, found = Stage(), Material()
    with _listening(stage, found):
        await _day(stage)
        await _questions(stage)
    found.webhooks += [*stage.crm.outbox.take(), *stage.books.outbox.take()]
    return stage, found


@contextmanager
def _listening(stage: Stage, found: Material) -> Iterator[None]:
    carry, counted = stage.transport.send, dict[str, int]()
    kept = {client: (client.read, client.write) for client in (QuickBooksClient, AvanttoClient)}
    last: list[HttpAnswer] = []

    async def send(request: HttpRequest, timeout: float) -> HttpAnswer:
        answer = await carry(request, timeout)
        last.append(answer)
        if "token" in request.url:
            found.tokens.append(answer)
        return answer

    def note(client: Client, asked: Read[Any] | Call) -> None:
        shape = f"{client.__name__} {''.join(c for c in asked.path if not c.isdigit())[:60]}"
        counted[shape] = counted.get(shape, 0) + 1
        if last and counted[shape] <= _PER_SHAPE:
            found.exchanges.append(Exchange(client, asked, last[-1]))

    for client, (read, write) in kept.items():
        client.read = _noting(client, read, note, 2)  # type: ignore[method-assign]
        client.write = _noting(client, write, note, 2)  # type: ignore[method-assign]
    object.__setattr__(stage.transport, "send", send)
    try:
        yield
    finally:
        for client, (read, write) in kept.items():
            client.read, client.write = read, write  # type: ignore[method-assign]
        del stage.transport.__dict__["send"]


def _noting(client: Client, method: Any, note: Callable[[Client, Any], None], place: int) -> Any:
    async def noting(self: Any, *arguments: Any) -> Any:
        try:
            return await method(self, *arguments)
        finally:
            note(client, arguments[place])

    return noting


async def _day(stage: Stage) -> None:
    for play in (stage.books.play, stage.crm.play):
        play.webhooks(url="https://daemon.test/webhooks")
    await stage.open()
    await stage.work_off()
    stage.crm.play.set_custom_value(PLACE, "review_link", "https://example.com/r")
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await _settled(stage)
    stage.books.play.webhooks(legacy=True)
    bob(stage, DisplayName="Zoe", PrimaryEmailAddr={"Address": "zoe@example.com"})
    await _sales(stage)
    await _troubles(stage)


async def _settled(stage: Stage) -> None:
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work_off()


async def _sales(stage: Stage) -> None:
    play = stage.crm.play
    paid, voided = stage.sent_invoice(items=_LIST), stage.sent_invoice()
    await stage.mirror(paid)
    transaction = play.pay_invoice(PLACE, paid)["transaction"]["_id"]
    await stage.mirror(paid)
    play.edit_invoice(PLACE, voided, items=[{"name": "Wax", "amount": 60}])
    await stage.mirror(voided)
    play.void_invoice(PLACE, voided)
    await stage.mirror(voided)
    sold = play.sell_order_form(PLACE, ANN, _LIST)["transaction"]["_id"]
    await stage.pollers.run(PLACE, "payments")
    await stage.work_off()
    for name in (sold, transaction):
        play.refund(PLACE, name, 10)
    for _ in range(2):
        await stage.clock.sleep(600)
        await stage.pollers.run(PLACE, "payments")
        await stage.work_off()
    gone = stage.sent_invoice()
    play.delete_invoice(PLACE, gone)
    play.revoke(PLACE)
    await stage.open()
    await stage.work_off()


async def _troubles(stage: Stage) -> None:
    """Refusals and lost answers, whose bodies and look-ups are read too."""
    refusal = (
        '{"Fault":{"Error":[{"code":"6240","Message":"Duplicate Name","Detail":"Id=7"}],"type":"ValidationFault"}}'
    )
    error = "<Error code='3001'><Message>ThrottleExceeded</Message></Error>"
    throttle = f"<IntuitResponse><Fault type='THROTTLE'>{error}</Fault></IntuitResponse>"
    books_fault(stage, "invoice.create", action="reset_after", times=1)
    await stage.mirror(stage.sent_invoice())
    books_fault(stage, "invoice.create", action="status", status=400, body=refusal, times=1)
    await stage.mirror(stage.sent_invoice())
    books_fault(stage, "invoice.create", action="status", status=403, body=throttle, times=1)
    await stage.mirror(stage.sent_invoice())
    crm_fault(stage, "invoices.get", action="status", status=422, body='{"statusCode":422,"message":["no"]}', times=1)
    await stage.mirror(stage.sent_invoice())
    for _ in range(2):
        stage.crm.play.expire_tokens()
        stage.clock.advance(90_000)
        await _settled(stage)


async def _questions(stage: Stage) -> None:
    """Ask what no day asks for by itself."""
    books, crm = stage._books(REALM, lambda: None), (await stage.actor()).crm
    since = stage.clock.now()
    contact = ContactId(str(next(iter(stage.contacts()))["id"]))
    done = await stage.journal.read(lambda db: operations.by_state(db, [State.DONE], PLACE, 1000))
    asked = [lookup for op in done if not op.kind.startswith(("contact", "message")) for lookup in lookups(op)]
    metered: tuple[Read[Any], ...] = (
        books_reads.customers_since(since),
        books_reads.customers_by_email("ann@example.com"),
        books_reads.customers_by_name("Bob Ray"),
        books_reads.payments_since(since),
        books_reads.items_page(),
        *asked,
    )
    for read in metered:
        await books.read(read)
    free: tuple[Read[Any], ...] = (
        crm_reads.custom_values(PLACE),
        crm_reads.contact(contact),
        crm_reads.find_contact(PLACE, "ann@example.com"),
        crm_reads.invoices_page(PLACE, 0),
        crm_reads.transactions_page(PLACE, 0),
    )
    for question in free:
        await crm.read(question)
