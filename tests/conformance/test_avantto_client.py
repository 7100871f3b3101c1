"""The Avantto edge against the stand-in service over a real socket: both were written from the vendor's documents."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from avantto_qbo.avantto import encode, reads
from avantto_qbo.avantto.client import AvanttoClient
from avantto_qbo.avantto.limits import Limits
from avantto_qbo.avantto.oauth import AvanttoOAuth
from avantto_qbo.avantto.orders import order_from_webhook
from avantto_qbo.avantto.rows import merge_transaction
from avantto_qbo.avantto.webhooks import AvanttoEvent, load_key, parse, verify
from avantto_qbo.errors import AnswerLostError, AuthError, RejectedError, TransientError
from avantto_qbo.model.avantto import Address, Tax
from avantto_qbo.model.drafts import ContactDraft, MessageDraft
from avantto_qbo.model.grant import Tokens
from avantto_qbo.model.http import HttpRequest, Read
from avantto_qbo.model.ids import ContactId, LocationId
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import FaultClass, InDoubt, NoAccess, NotSent, Outcome, Refused, Written
from avantto_qbo.model.records import Topic
from avantto_qbo.sandbox.avantto.service import Avantto
from avantto_qbo.sandbox.serve import serve
from avantto_qbo.transport import AiohttpTransport, open_transport

HERE = LocationId("L0000000000000000001")
ROSA = ContactDraft(
    first_name="Rosa",
    last_name="Marsh",
    email="rosa@marsh.example",
    phone="+12125550177",
    company="Marsh Pottery",
    address=Address("7 Dune Walk", "", "Mobile", "AL", "36603", "US"),
    tags=("quickbooks",),
)
MUGS = [{"name": "Mug", "qty": 2, "amount": "12.35", "taxes": [{"name": "Sales", "rate": 10}]}]


class Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Desk:
    """The edge, the vendor it talks to, and a token that opens one location."""

    vendor: Avantto
    client: AvanttoClient
    oauth: AvanttoOAuth
    transport: AiohttpTransport
    url: str
    token: str
    limits: list[Limits]

    @property
    def play(self) -> Any:
        return self.vendor.play

    async def write(self, call: Call) -> Outcome:
        return await self.client.write(HERE, self.token, call, "r1")

    async def create(self, draft: ContactDraft = ROSA) -> ContactId:
        outcome = await self.write(encode.contact_create(HERE, draft))
        assert isinstance(outcome, Written)
        return ContactId(outcome.object_id)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    vendor = Avantto(Now().now, random.Random(7))
    limits: list[Limits] = []
    vendor.play.add_location(
        HERE, "Harbour Joinery", "America/Chicago", custom_values={"review_link": "https://r.test"}
    )
    async with serve(vendor) as running, open_transport([running.url]) as transport:
        client = AvanttoClient(transport, running.url, 5.0, lambda _, told: limits.append(told))
        oauth = AvanttoOAuth(
            transport,
            client_id="sandbox-avantto",
            client_secret="sandbox-avantto-secret",
            authorize_url=f"{running.url}/v2/oauth/chooselocation",
            token_url=f"{running.url}/oauth/token",
            scopes=("contacts.readonly", "contacts.write"),
            clock=Now(),
        )
        token = vendor.play.mint_tokens(HERE)["access_token"]
        yield Desk(vendor, client, oauth, transport, running.url, token, limits)


def events(desk: Desk) -> list[tuple[AvanttoEvent, bytes, dict[str, str]]]:
    """Take what waits to be posted, before the next request posts it."""
    return [(parse(sent.body), sent.body, dict(sent.headers)) for sent in desk.vendor.outbox.take()]


async def test_the_location_and_its_custom_values_are_read(desk: Desk) -> None:
    location = await desk.client.read(HERE, desk.token, reads.location(HERE))
    assert (location.id, location.time_zone, location.allow_duplicates) == (HERE, "America/Chicago", False)
    (value,) = await desk.client.read(HERE, desk.token, reads.custom_values(HERE))
    assert (value.name, value.value) == ("review_link", "https://r.test")


async def test_a_created_contact_reads_back_as_it_was_written(desk: Desk) -> None:
    created = await desk.create()
    contact = await desk.client.read(HERE, desk.token, reads.contact(created))
    assert (contact.name, contact.first_name, contact.email, contact.phone) == (
        "Rosa Marsh",
        "Rosa",
        "rosa@marsh.example",
        "+12125550177",
    )
    assert (contact.company, contact.tags, contact.address) == ("Marsh Pottery", ("quickbooks",), ROSA.address)


async def test_a_contact_is_found_by_e_mail_in_any_case_or_by_phone(desk: Desk) -> None:
    created = await desk.create()
    for asked in ({"email": "ROSA@marsh.example"}, {"phone": "+12125550177"}):
        found = await desk.client.read(HERE, desk.token, reads.find_contact(HERE, **asked))
        assert found is not None
        assert found.id == created
    assert await desk.client.read(HERE, desk.token, reads.find_contact(HERE, email="who@marsh.example")) is None


async def test_a_second_contact_with_the_same_phone_names_the_first(desk: Desk) -> None:
    created = await desk.create()
    outcome = await desk.write(encode.contact_create(HERE, ContactDraft(name="Ben", phone="+12125550177")))
    assert isinstance(outcome, Refused)
    assert (outcome.fault.kind, outcome.fault.existing, outcome.fault.field) == (
        FaultClass.DUPLICATE,
        created,
        "phone",
    )


async def test_an_update_and_a_tag_leave_everything_else_alone(desk: Desk) -> None:
    created = await desk.create()
    desk.play.update_contact(HERE, created, tags=["vip"])
    assert await desk.write(encode.contact_update(created, ContactDraft(company="Marsh & Co"))) == Written(created)
    assert await desk.write(encode.contact_tag(created, ("quickbooks",))) == Written(created)
    contact = await desk.client.read(HERE, desk.token, reads.contact(created))
    assert (contact.company, contact.tags, contact.phone) == ("Marsh & Co", ("vip", "quickbooks"), "+12125550177")


async def test_messages_are_accepted_on_both_channels(desk: Desk) -> None:
    created = await desk.create()
    for channel in ("email", "sms"):
        assert isinstance(await desk.write(encode.message_send(MessageDraft(created, channel, "Hi", "Hi"))), Written)
    assert [message["type"] for message in desk.play.messages(HERE)] == ["Email", "SMS"]


@pytest.mark.parametrize(
    ("channel", "block", "code"),
    [("sms", True, "dnd"), ("email", True, "dnd"), ("email", "unsubscribed", "unsubscribed")],
)
async def test_a_closed_channel_refuses_for_good_and_shows_on_the_contact(
    desk: Desk, channel: str, block: bool | str, code: str
) -> None:
    created = await desk.create()
    desk.play.set_dnd(HERE, created, **{channel: block})
    outcome = await desk.write(encode.message_send(MessageDraft(created, channel, "Hi", "Hi")))
    assert isinstance(outcome, Refused)
    assert (outcome.fault.code, outcome.fault.kind) == (code, FaultClass.FINAL)
    contact = await desk.client.read(HERE, desk.token, reads.contact(created))
    assert contact.no_disturb == {channel}


async def test_a_contact_without_phone_cannot_get_a_text_message(desk: Desk) -> None:
    created = await desk.create(ContactDraft(name="Rosa", email="rosa@marsh.example"))
    outcome = await desk.write(encode.message_send(MessageDraft(created, "sms", "Hi")))
    assert isinstance(outcome, Refused)
    assert outcome.fault.code == "no_phone"


@pytest.mark.parametrize("knobs", [{}, {"invoice_instants": True, "numeric_invoice_number": True}])
async def test_an_invoice_is_read_with_its_totals_in_either_dress(desk: Desk, knobs: dict[str, Any]) -> None:
    desk.play.set(HERE, **knobs)
    made = desk.play.create_invoice(
        HERE, {"name": "Rosa", "email": "rosa@marsh.example"}, MUGS, {"type": "percentage", "value": 10}, number="1042"
    )
    desk.play.send_invoice(HERE, made["_id"])
    desk.play.pay_invoice(HERE, made["_id"], "10.05")
    invoice = await desk.client.read(HERE, desk.token, reads.invoice(HERE, made["_id"]))
    assert (invoice.number, invoice.status, invoice.live, invoice.location) == ("1042", "partially_paid", True, HERE)
    assert (invoice.subtotal, invoice.discount_total, invoice.tax_total) == (
        Decimal("24.7"),
        Decimal("2.47"),
        Decimal("2.22"),
    )
    assert (invoice.total, invoice.amount_paid, invoice.amount_due) == (
        Decimal("24.45"),
        Decimal("10.05"),
        Decimal("14.4"),
    )
    assert invoice.items[0].taxes == (Tax("Sales", Decimal(10)),)
    assert invoice.person.email == "rosa@marsh.example"


async def test_pages_of_invoices_reach_every_invoice(desk: Desk) -> None:
    made = {desk.play.create_invoice(HERE, {"name": "R", "email": "r@r.test"}, MUGS)["_id"] for _ in range(5)}
    seen: set[str] = set()
    for offset in (0, 2, 4):
        page = await desk.client.read(HERE, desk.token, reads.invoices_page(HERE, offset, 2))
        assert page.total == 5
        seen |= {head.id for head in page.rows}
    assert seen == made
    sent = await desk.client.read(HERE, desk.token, reads.invoices_page(HERE, 0, status="sent"))
    assert (sent.size, sent.total) == (0, 0)


@pytest.mark.parametrize("flagged", [False, True])
async def test_a_deleted_invoice_is_gone_or_says_so(desk: Desk, flagged: bool) -> None:
    desk.play.set(HERE, deleted_invoice_flag=flagged)
    made = desk.play.create_invoice(HERE, {"name": "R", "email": "r@r.test"}, MUGS)
    desk.play.delete_invoice(HERE, made["_id"])
    read = reads.invoice(HERE, made["_id"])
    if flagged:
        assert (await desk.client.read(HERE, desk.token, read)).status == "delete"
    else:
        with pytest.raises(RejectedError) as caught:
            await desk.client.read(HERE, desk.token, read)
        assert (caught.value.code, caught.value.status) == ("gone", 404)


@pytest.mark.parametrize("as_list", [False, True])
async def test_a_sale_is_told_by_row_detail_order_and_webhook_together(desk: Desk, as_list: bool) -> None:
    desk.play.set(HERE, detail_as_list=as_list)
    desk.play.webhooks(url="http://127.0.0.1:9/none")
    sold = desk.play.sell_order_form(HERE, {"name": "Rosa", "email": "rosa@marsh.example"}, MUGS, shipping="5")
    desk.play.mark_qbo_synced(HERE, sold["transaction"]["_id"])
    told = [event for event, _, _ in events(desk) if event.topic is Topic.ORDER]
    start = datetime.now(UTC) - timedelta(hours=1)
    page = await desk.client.read(HERE, desk.token, reads.transactions_page(HERE, 0, start=start))
    (row,), total = page.rows, page.total
    detail = await desk.client.read(HERE, desk.token, reads.transaction(HERE, row.id))
    merged = merge_transaction(row, detail)
    assert (total, merged.status, merged.source_type, merged.qbo_synced) == (1, "succeeded", "funnel", True)
    assert (merged.amount, merged.fulfilled_at is not None, merged.method) == (Decimal("32.17"), True, "card")
    order = await desk.client.read(HERE, desk.token, reads.order(HERE, merged.entity_id))
    copy = order_from_webhook(told[-1].body)
    assert told[-1].object_id == order.id
    assert (order.tax, order.shipping, copy.tax, copy.shipping) == (None, None, Decimal("2.47"), Decimal(5))
    assert (order.items, order.amount, order.subtotal) == (copy.items, copy.amount, copy.subtotal)


async def test_transactions_are_found_by_subscription_and_by_day(desk: Desk) -> None:
    person = {"name": "Rosa", "email": "rosa@marsh.example"}
    begun = desk.play.start_subscription(HERE, person, [{"name": "Club", "amount": 30}])
    desk.play.renew_subscription(HERE, begun["subscription"]["_id"])
    desk.play.sell_order_form(HERE, person, MUGS)
    named = begun["transaction"]["subscriptionId"]
    read = reads.transactions_page(HERE, 0, subscription_id=named)
    page = await desk.client.read(HERE, desk.token, read)
    assert (page.total, {row.subscription_id for row in page.rows}, {row.entity_id for row in page.rows}) == (
        2,
        {named},
        {begun["order"]["_id"]},
    )
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    later = await desk.client.read(HERE, desk.token, reads.transactions_page(HERE, 0, start=tomorrow))
    assert (later.size, later.total) == (0, 0)


async def test_what_is_not_there_is_gone(desk: Desk) -> None:
    missing: tuple[Read[Any], ...] = (
        reads.transaction(HERE, "66"),
        reads.order(HERE, "66"),
        reads.contact(ContactId("66")),
    )
    for read in missing:
        with pytest.raises(RejectedError) as caught:
            await desk.client.read(HERE, desk.token, read)
        assert caught.value.code == "gone"


async def test_an_expired_token_is_no_access_and_a_refresh_mends_it(desk: Desk) -> None:
    answer = desk.play.mint_tokens(HERE)
    desk.play.expire_tokens(HERE)
    with pytest.raises(AuthError):
        await desk.client.read(HERE, answer["access_token"], reads.location(HERE))
    assert isinstance(await desk.write(encode.contact_create(HERE, ROSA)), NoAccess)
    fresh = await desk.oauth.refresh(HERE, Tokens(answer["access_token"], answer["refresh_token"]))
    assert (await desk.client.read(HERE, fresh.access_token, reads.location(HERE))).id == HERE


async def test_a_refresh_token_works_once(desk: Desk) -> None:
    answer = desk.play.mint_tokens(HERE)
    spent = Tokens(answer["access_token"], answer["refresh_token"])
    fresh = await desk.oauth.refresh(HERE, spent)
    assert fresh.refresh_token != spent.refresh_token
    with pytest.raises(AuthError, match="invalid_grant"):
        await desk.oauth.refresh(HERE, spent)


async def test_a_missing_scope_refuses_what_needs_it_and_nothing_else(desk: Desk) -> None:
    token = desk.play.mint_tokens(HERE, scopes=["locations.readonly"])["access_token"]
    with pytest.raises(RejectedError, match="scope: a permission is missing"):
        await desk.client.read(HERE, token, reads.contact(ContactId("x")))
    refused = await desk.client.write(HERE, token, encode.contact_create(HERE, ROSA), "r1")
    assert isinstance(refused, Refused)
    assert (refused.fault.code, refused.fault.kind) == ("scope", FaultClass.FINAL)
    assert (await desk.client.read(HERE, token, reads.location(HERE))).id == HERE


async def test_another_locations_documents_are_out_of_reach(desk: Desk) -> None:
    desk.play.add_location("L2", "Elsewhere")
    with pytest.raises(RejectedError, match="does not have access") as caught:
        await desk.client.read(HERE, desk.token, reads.location(LocationId("L2")))
    assert caught.value.code == "scope"


async def test_consent_gives_tokens_for_the_chosen_location(desk: Desk) -> None:
    back = "https://books.example/callback"
    answer = await desk.transport.send(HttpRequest("GET", desk.oauth.authorize_url("st4te", back)), 5.0)
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    tokens, subject = await desk.oauth.exchange(query["code"][0], back)
    assert (subject, query["state"]) == (HERE, ["st4te"])
    assert tokens.scope == "contacts.readonly contacts.write"
    assert tokens.expires_at is not None
    with pytest.raises(AuthError):
        await desk.oauth.exchange(query["code"][0], back)


async def test_an_agency_makes_location_tokens(desk: Desk) -> None:
    agency = desk.play.mint_agency_tokens()
    company = agency["companyId"]
    tokens = await desk.oauth.location_token(Tokens(agency["access_token"]), company, HERE)
    assert (await desk.client.read(HERE, tokens.access_token, reads.location(HERE))).id == HERE
    assert (tokens.refresh_token, tokens.company_id) == ("", company)


async def test_the_burst_limit_is_told_and_waited_for(desk: Desk) -> None:
    desk.play.set(HERE, burst_limit=2)
    for _ in range(2):
        await desk.client.read(HERE, desk.token, reads.location(HERE))
    assert [told.remaining for told in desk.limits] == [1, 0]
    outcome = await desk.write(encode.contact_create(HERE, ROSA))
    assert outcome == NotSent("throttled", timedelta(seconds=10))
    with pytest.raises(TransientError) as caught:
        await desk.client.read(HERE, desk.token, reads.location(HERE))
    assert caught.value.retry_after == timedelta(seconds=10)


async def test_a_spent_day_waits_for_an_hour(desk: Desk) -> None:
    desk.play.set(HERE, daily_limit=1)
    await desk.client.read(HERE, desk.token, reads.location(HERE))
    assert await desk.write(encode.contact_create(HERE, ROSA)) == NotSent("throttled", timedelta(hours=1))


@pytest.mark.parametrize("action", ["lost_after", "reset_after", "status_after"])
async def test_an_accepted_write_without_an_answer_is_in_doubt(desk: Desk, action: str) -> None:
    desk.play.faults(add=[{"action": action, "operation": "contacts.create", "status": 502}])
    assert isinstance(await desk.write(encode.contact_create(HERE, ROSA)), InDoubt)
    assert len(desk.play.state(HERE)["contacts"]) == 1
    assert sum(entry["operation"] == "contacts.create" for entry in desk.play.journal()) == 1


async def test_a_read_cut_off_is_not_repeated_behind_our_back(desk: Desk) -> None:
    await desk.client.read(HERE, desk.token, reads.location(HERE))
    desk.play.faults(add=[{"action": "reset_before", "operation": "locations.read"}])
    with pytest.raises(AnswerLostError):
        await desk.client.read(HERE, desk.token, reads.location(HERE))


@pytest.mark.parametrize("sparse", [False, True])
async def test_signed_events_are_verified_and_placed(desk: Desk, sparse: bool, tmp_path: Path) -> None:
    pem = tmp_path / "sandbox.pem"
    pem.write_text(desk.vendor.public_key)
    desk.play.set(HERE, sparse_invoice_events=sparse)
    desk.play.webhooks(url="http://127.0.0.1:9/none")
    made = desk.play.create_invoice(HERE, {"name": "R", "email": "r@r.test"}, MUGS)
    desk.play.send_invoice(HERE, made["_id"])
    desk.play.delete_invoice(HERE, made["_id"])
    sent = events(desk)
    assert all(verify(body, headers, (load_key(str(pem)),)) for _, body, headers in sent)
    assert not any(verify(body, headers, (load_key("builtin"),)) for _, body, headers in sent)
    about = [event for event, _, _ in sent if event.topic is Topic.INVOICE]
    assert {(event.location, event.object_id) for event in about} == {(HERE, made["_id"])}
    assert [event.type for event in about if event.type in ("InvoiceSent", "InvoiceDelete")] == [
        "InvoiceSent",
        "InvoiceDelete",
    ]


async def test_an_uninstall_names_its_location(desk: Desk) -> None:
    desk.play.webhooks(url="http://127.0.0.1:9/none")
    desk.play.revoke(HERE)
    ((event, _, _),) = events(desk)
    assert (event.type, event.location, event.topic) == ("UNINSTALL", HERE, None)
