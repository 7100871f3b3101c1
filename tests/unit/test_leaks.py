"""Secrets stay where they are: no value that holds one shows it, and no day between the vendors lets one out."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import structlog

from avantto_qbo.avantto.oauth import _Answer
from avantto_qbo.avantto.requests import read_request
from avantto_qbo.avantto.webhooks import AvanttoEvent
from avantto_qbo.journal import activity
from avantto_qbo.logs import configure_logs
from avantto_qbo.metrics import Metrics
from avantto_qbo.model.grant import Grant, Provider, Tokens
from avantto_qbo.model.http import HttpAnswer, HttpRequest, Read
from avantto_qbo.model.ids import LocationId, RealmId
from avantto_qbo.model.records import Topic
from avantto_qbo.quickbooks.oauth import _Granted
from avantto_qbo.server.api import ConnectRequest
from avantto_qbo.service.connecting import Order
from avantto_qbo.service.gauges import refresh
from avantto_qbo.service.tokens import _TokenFile
from stage import KEY, PLACE, REALM, Stage
from unit.actors.scenes import bill as bill_in_books
from unit.actors.scenes import books_fault, crm_fault, receive
from unit.service.test_operator import Desk

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TOKEN = "canary-token-31f0"
TOKENS = Tokens(TOKEN, TOKEN + "-refresh", company_id="c")
RAW = msgspec.Raw(b'{"access_token":"' + TOKEN.encode() + b'"}')
PERSON = {"name": "Canaria Pajarito", "email": "canaria.pajarito@example.com", "phone": "+12125550177"}
PERSONAL = ("Canaria", "Pajarito", "canaria.pajarito", "5550177", "555-0177")


@pytest.mark.parametrize(
    "holder",
    [
        TOKENS,
        Grant(Provider.QUICKBOOKS, "9130", TOKENS, TOKEN),
        HttpRequest("POST", f"https://x.test/t?code={TOKEN}", {"Authorization": f"Bearer {TOKEN}"}, TOKEN.encode()),
        HttpAnswer(200, {"set-cookie": TOKEN}, TOKEN.encode()),
        read_request("https://x.test", TOKEN, Read("/contacts", bytes)),
        _Answer(access_token=TOKEN, refresh_token=TOKEN),
        _Granted(TOKEN, refresh_token=TOKEN),
        _TokenFile(TOKEN, TOKEN),
        ConnectRequest(LocationId("l"), RealmId("r"), RAW, RAW),
        Order(LocationId("l"), RealmId("r"), TOKENS, TOKENS, since=None, share=False, actor="uid 0"),
        AvanttoEvent("e", "InvoiceSent", LocationId("l"), "o", Topic.INVOICE, TOKEN.encode()),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_a_value_that_holds_a_secret_does_not_show_it(holder: object) -> None:
    assert TOKEN not in repr(holder)
    assert TOKEN not in str(holder)
    assert TOKEN not in f"{[holder]}"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, debug included."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(stream, "DEBUG")
    yield stream
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level


class Listener:
    """A stage, and every token the vendors ever gave out on it."""

    def __init__(self) -> None:
        self.stage, self.tokens = Stage(), set[str]()
        carry = self.stage.transport.send

        async def send(request: HttpRequest, timeout: float) -> HttpAnswer:
            answer = await carry(request, timeout)
            if "token" in request.url and answer.status == 200:
                self.note(msgspec.json.decode(answer.body))
            return answer

        object.__setattr__(self.stage.transport, "send", send)

    def note(self, answer: dict[str, Any]) -> None:
        self.tokens |= {answer[name] for name in ("access_token", "refresh_token") if answer.get(name)}

    async def connect(self) -> None:
        self.stage.furnish()
        order = self.stage.order()
        for tokens in (order.avantto, order.quickbooks):
            self.tokens |= {tokens.access_token, tokens.refresh_token} - {""}
        await self.stage.connecting.connect(order)
        self.stage.clock.advance(60)


def echoing(tokens: set[str]) -> list[tuple[int, str]]:
    """Refusals of every kind that repeat what was sent, and the token it was sent with."""
    said = f"{PERSON['name']} <{PERSON['email']}> {PERSON['phone']}"
    quoted = f"{PERSON['email']} {PERSON['phone']} {min(tokens)}"
    error = f'{{"code":"6000","Message":"bad {quoted}","Detail":"{said}"}}'
    return [
        (400, f'{{"Fault":{{"Error":[{error}],"type":"ValidationFault"}}}}'),
        (400, f'{{"statusCode":400,"message":"no {quoted}"}}'),
        (422, f'{{"statusCode":422,"message":["no {quoted}","{quoted}"],"error":"x"}}'),
        (400, f"<html>{quoted}{said}</html>"),
        (401, f'{{"message":"Invalid token {quoted}","error":"Unauthorized"}}'),
        (403, f"<R><Fault type='A'><Error code='3200'><Message>{quoted}</Message></Error></Fault></R>"),
        (404, f'{{"message":"not found {quoted}"}}'),
        (500, quoted + said),
        (200, f'{{"Invoice":{{"Id":7,"x":"{said}"}}}}'),
    ]


async def a_bad_day(listener: Listener) -> None:
    """Documents of the person, under every refusal of both vendors."""
    stage = listener.stage
    await listener.connect()
    body = {"DisplayName": PERSON["name"], "PrimaryEmailAddr": {"Address": PERSON["email"]}}
    customer = str(stage.books.play.create(REALM, "Customer", body)["Id"])
    receive(stage, bill_in_books(stage, customer))
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.mirror(stage.sent_invoice(contact=PERSON))
    for status, words in echoing(listener.tokens):
        await one_refusal(stage, status, words)
        await listener.connect()
    await refreshed(stage, min(listener.tokens))


async def refreshed(stage: Stage, token: str) -> None:
    """New tokens on both sides, then refusals of the token endpoints that quote the old ones."""
    for status, words in ((200, ""), (400, f'{{"error":"invalid_grant","error_description":"{token}"}}'), (500, token)):
        for fault, operation in ((books_fault, "oauth.refresh"), (crm_fault, "oauth.token")):
            if words:
                fault(stage, operation, action="status", status=status, body=words)
        stage.crm.play.expire_tokens()
        stage.clock.advance(90_000)
        await stage.poll_changes()
        await stage.pollers.run(PLACE, "invoices")
        await stage.mirror(stage.sent_invoice(contact=PERSON))


async def one_refusal(stage: Stage, status: int, words: str) -> None:
    for fault, operation in ((books_fault, "invoice.create"), (crm_fault, "invoices.get"), (books_fault, "cdc")):
        fault(stage, operation, action="status", status=status, body=words, times=2)
        invoice = stage.sent_invoice(contact=PERSON)
        await stage.mirror(invoice)
        await stage.clock.sleep(60)
        await stage.poll_changes()
        await stage.pollers.run(PLACE, "invoices")
        await stage.work_off()


async def told(stage: Stage) -> bytes:
    """All that the status API says about the location."""
    service = Desk(stage).service
    answers = [
        await service.status(),
        await service.locations(),
        await service.show(PLACE),
        await service.settings(PLACE),
        await service.mapping(PLACE, None),
        await service.attention(None),
        await service.activity(PLACE, 500, None),
        await service.reviews(PLACE, 500),
    ]
    return b"\n".join(map(msgspec.json.encode, answers))


def assert_none(where: str, text: str, canaries: set[str] | tuple[str, ...]) -> None:
    for canary in canaries:
        at = text.find(canary)
        assert at < 0, f"{where} shows {canary}: …{text[max(0, at - 200) : at + 100]}…"


async def test_a_bad_day_lets_no_secret_and_no_person_out(log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    listener = Listener()
    await a_bad_day(listener)
    stage, metrics = listener.stage, Metrics()
    await stage.journal.read(lambda db: refresh(db, stage.house, metrics))
    said, rows = await told(stage), await stage.journal.read(lambda db: activity.page(db, PLACE, 500))
    shown = {
        "the log": log.getvalue(),
        "the metrics": metrics.render().decode(),
        "the status": said.decode(),
        "the activity": repr(rows),
        "the terminal": "".join(capsys.readouterr()),
    }
    assert len(listener.tokens) >= 4
    assert "held" in shown["the status"]
    for where, text in shown.items():
        assert_none(where, text, listener.tokens | {KEY.hex()})
        assert_none(where, text, PERSONAL)
    assert sys.getsizeof(shown["the log"]) > 1000


async def test_no_token_stands_in_the_journal_as_it_was_given() -> None:
    listener = Listener()
    await a_bad_day(listener)
    raw = listener.stage.journal.inner._raw.serialize()
    for token in listener.tokens:
        assert token.encode() not in raw
    assert KEY not in raw
