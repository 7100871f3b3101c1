"""The webhook intake against forgers, repeaters and floods."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from avantto_qbo.avantto import webhooks as avantto
from avantto_qbo.journal import inbox
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.records import Lane, Status, Topic
from avantto_qbo.quickbooks import webhooks as quickbooks
from avantto_qbo.server.limits import DEPTH_LOOK, HIGH_WATER_WAIT, MOST_UNITS
from avantto_qbo.server.ports import IntakeResult, Verdict
from avantto_qbo.service import high_water, intake
from avantto_qbo.service.intake import WebhookIntake
from stage import PLACE, Stage
from unit.service.doors import VERIFIER, Door, sign, signed_event

MONTHS = timedelta(days=120)
BROKEN = [b"{no json", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"", b'"' + b"x" * 100_000]


@pytest.fixture
def door(stage: Stage) -> Door:
    return Door(stage)


def crm_headers(door: Door, body: bytes) -> dict[str, str]:
    signer = door.stage.crm.world.signer
    return {name.lower(): value for name, value in signer.headers(body, legacy=False).items()}


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
async def test_an_unsigned_body_never_reaches_a_parser(
    door: Door, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(*_: object, **__: object) -> Any:
        raise AssertionError("parsed before it was verified")

    for module, name in ((avantto, "parse"), (quickbooks, "parse"), (intake, "within_bounds")):
        monkeypatch.setattr(module, name, reached)
    for headers in ({}, crm_headers(door, b"{}"), {"intuit-signature": sign(b"{}")}):
        assert (await door.intake.avantto(body, headers)).verdict is Verdict.UNSIGNED
        assert (await door.intake.quickbooks(body, headers)).verdict is Verdict.UNSIGNED


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
async def test_a_signed_body_that_cannot_be_read_is_malformed(door: Door, body: bytes) -> None:
    assert (await door.intake.avantto(body, crm_headers(door, body))).verdict is Verdict.MALFORMED
    assert (await door.intake.quickbooks(body, {"intuit-signature": sign(body)})).verdict is Verdict.MALFORMED


async def test_a_signed_body_that_is_too_deep_or_too_large_is_malformed(door: Door) -> None:
    for ballast in ([0] * 60_000, json.loads("[" * 70 + "]" * 70)):
        event = {"type": "InvoiceSent", "webhookId": "w", "_id": "a" * 24, "locationId": PLACE, "extra": ballast}
        assert await signed_event(door, event) is Verdict.MALFORMED
    assert not await door.stage.mail()


async def deliveries(door: Door) -> list[tuple[bytes, dict[str, str]]]:
    return [(one.body, {name.lower(): value for name, value in one.headers.items()}) for one in door.crm()]


async def test_what_was_taken_is_known_after_a_restart(door: Door) -> None:
    door.stage.sent_invoice()
    sent = [one for one in await deliveries(door) if b"Invoice" in one[0]]
    assert {(await door.intake.avantto(*one)).verdict for one in sent} == {Verdict.TAKEN}
    await door.stage.restart()
    again = Door(door.stage)
    assert {(await again.intake.avantto(*one)).verdict for one in sent} == {Verdict.REPEATED}


async def test_an_event_without_an_id_is_known_by_its_bytes(door: Door) -> None:
    event = {"type": "InvoiceSent", "_id": "a" * 24, "locationId": PLACE}
    assert await signed_event(door, event) is Verdict.TAKEN
    assert await signed_event(door, event) is Verdict.REPEATED
    assert await signed_event(door, event | {"status": "paid"}) is Verdict.TAKEN


async def months_later(stage: Stage) -> None:
    stage.clock.advance(MONTHS.total_seconds())
    now = stage.clock.now()
    await stage.journal.write(lambda db: inbox.prune(db, now - timedelta(days=31)))


async def test_a_webhook_replayed_after_months_only_causes_a_look(door: Door) -> None:
    stage = door.stage
    invoice = stage.sent_invoice()
    sent = [one for one in await deliveries(door) if b"Invoice" in one[0]]
    for one in sent:
        await door.intake.avantto(*one)
    await stage.work_off()
    before = (len(await stage.operations()), stage.in_books("Invoice"))
    await months_later(stage)
    assert {(await door.intake.avantto(*one)).verdict for one in sent} == {Verdict.TAKEN}
    assert await stage.mail() == {Topic.INVOICE: 1}
    await stage.work_off()
    assert (len(await stage.operations()), stage.in_books("Invoice")) == before
    assert await stage.link("invoice", invoice) is not None


async def test_a_removal_without_a_date_is_believed_once_and_never_again(door: Door) -> None:
    event = {"type": "UNINSTALL", "appId": "app", "locationId": PLACE}
    assert await signed_event(door, event) is Verdict.TAKEN
    assert (await door.stage.record()).status is Status.BROKEN
    await door.stage.open()
    await months_later(door.stage)
    assert await signed_event(door, event) is Verdict.REPEATED
    assert (await door.stage.record()).status is Status.CONNECTED


def another(number: int) -> dict[str, str]:
    return {"type": "InvoiceSent", "webhookId": f"w{number}", "_id": f"{number:024x}", "locationId": PLACE}


async def busy(door: Door) -> list[IntakeResult]:
    event = json.dumps(another(999)).encode()
    change = {"id": "e1", "type": "qbo.customer.created.v1", "time": "2026-01-01T00:00:00Z"}
    body = json.dumps([change | {"intuitaccountid": "1", "intuitentityid": "1"}]).encode()
    return [
        await door.intake.avantto(event, crm_headers(door, event)),
        await door.intake.quickbooks(body, {"intuit-signature": sign(body)}),
    ]


async def test_a_disk_that_falls_behind_makes_the_vendors_come_back(door: Door) -> None:
    waiting = [MOST_UNITS]
    keys = door.intake._keys
    door.intake = WebhookIntake(
        door.stage.house, keys=keys, verifier=VERIFIER, look_again=door.look, waiting=lambda: waiting[0]
    )
    assert await busy(door) == [IntakeResult(Verdict.BUSY, HIGH_WATER_WAIT)] * 2
    assert not await door.stage.mail()
    waiting[0] -= 1
    assert [result.verdict for result in await busy(door)] == [Verdict.TAKEN, Verdict.IGNORED]


async def test_mail_above_the_mark_makes_the_vendors_come_back_until_it_is_worked_off(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(high_water, "MOST_MAIL", 3)
    for number in range(3):
        assert await signed_event(door, another(number)) is Verdict.TAKEN
    assert await signed_event(door, another(3)) is Verdict.TAKEN  # it was counted a moment ago
    door.stage.clock.advance(DEPTH_LOOK.total_seconds())
    assert {result.verdict for result in await busy(door)} == {Verdict.BUSY}
    await door.stage.journal.write(lambda db: inbox.clear(db, PLACE))
    door.stage.clock.advance(DEPTH_LOOK.total_seconds())
    assert Verdict.BUSY not in {result.verdict for result in await busy(door)}


async def test_a_clock_that_steps_back_does_not_keep_an_old_count(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(high_water, "MOST_MAIL", 1)
    await signed_event(door, another(1))
    door.stage.clock.advance(3600)
    assert await signed_event(door, another(2)) is Verdict.BUSY
    await door.stage.journal.write(lambda db: inbox.clear(db, PLACE))
    door.stage.clock.advance(-3000)
    assert await signed_event(door, another(2)) is Verdict.TAKEN


async def test_only_mail_that_is_due_at_connected_locations_counts(door: Door) -> None:
    stage, now = door.stage, door.stage.clock.now()

    def fill(db: Connection) -> None:
        inbox.tell(db, PLACE, Topic.INVOICE, "due", Lane.MONEY, now)
        inbox.tell(db, PLACE, Topic.INVOICE, "later", Lane.MONEY, now, due=now + timedelta(hours=1))
        inbox.tell(db, PLACE, Topic.CUSTOMER, "contact", Lane.CONTACT, now)

    await stage.journal.write(fill)
    assert await stage.journal.read(lambda db: inbox.backlog(db, Lane.MONEY, now, 10)) == 1
    await stage.connecting.disconnect(PLACE, "test")
    assert await stage.journal.read(lambda db: inbox.backlog(db, Lane.MONEY, now, 10)) == 0
