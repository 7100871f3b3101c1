"""The QuickBooks edge against the stand-in over a real socket: both were written from the vendor's documents."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from avantto_qbo.actors.ports import Edge, TokenEndpoint
from avantto_qbo.errors import AuthError, RejectedError, TransientError
from avantto_qbo.model.avantto import Address
from avantto_qbo.model.drafts import Draft, ItemDraft
from avantto_qbo.model.http import HttpRequest, Read
from avantto_qbo.model.http import T as Answered
from avantto_qbo.model.ids import CustomerId, RealmId
from avantto_qbo.model.money import Money
from avantto_qbo.model.operation import Call, Kind
from avantto_qbo.model.outcome import FaultClass, InDoubt, NoAccess, NotSent, Outcome, Refused, Written
from avantto_qbo.model.quickbooks import Company, Found
from avantto_qbo.quickbooks import encode, encode_lists, encode_payments, reads, webhooks
from avantto_qbo.quickbooks.client import QuickBooksClient
from avantto_qbo.quickbooks.lookups import lookups
from avantto_qbo.quickbooks.oauth import QuickBooksOAuth
from avantto_qbo.sandbox.quickbooks import QuickBooks
from avantto_qbo.sandbox.serve import serve
from avantto_qbo.transport import AiohttpTransport, open_transport
from quickbooks_material import customer, invoice, line, operation, payment, receipt

pytestmark = pytest.mark.anyio

REALM = RealmId("4620816365000000009")
SERVICES, UNDEPOSITED, DISCOUNTS = "1", "3", "5"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Desk:
    """The edge, the vendor it talks to, and a token that opens one company."""

    vendor: QuickBooks
    url: str
    transport: AiohttpTransport
    edge: Edge
    token: str
    sent: int = 0

    async def write(self, call: Call, request_id: str = "") -> Outcome:
        self.sent += 1
        return await self.edge.write(REALM, self.token, call, request_id or f"op-{self.sent}")

    async def written(self, call: Call) -> Written:
        outcome = await self.write(call)
        assert isinstance(outcome, Written), outcome
        return outcome

    async def read(self, read: Read[Answered]) -> Answered:
        return await self.edge.read(REALM, self.token, read)

    async def company(self) -> Company:
        return await self.read(reads.company(REALM))

    async def customer(self, **overrides: Any) -> CustomerId:
        return CustomerId((await self.written(encode_lists.customer_create(customer(**overrides)))).object_id)

    async def looked_up(self, kind: Kind, draft: Draft, call: Call, **overrides: Any) -> list[tuple[Found, ...]]:
        op = operation(kind, draft, call, sent_at=datetime.now(UTC), **overrides)
        return [await self.read(question) for question in lookups(op)]


@asynccontextmanager
async def desk(kind: str = "us", **knobs: Any) -> AsyncIterator[Desk]:
    service = QuickBooks(lambda: datetime.now(UTC), random.Random(3))
    play: Any = service.play
    play.add_company(REALM, kind, "Conformance Ltd", **{"rate_limits": False, **knobs})
    async with serve(service) as running, open_transport([running.url]) as transport:
        token = str(service.play.mint_tokens(REALM)["access_token"])
        yield Desk(service, running.url, transport, QuickBooksClient(transport, running.url, 5.0), token)


def sold(customer_id: str, **overrides: Any) -> Any:
    """An invoice draft the stand-in's company can take: 100.00 with tax, ten off."""
    return invoice(
        **{
            "customer": CustomerId(customer_id),
            "lines": (line(item=SERVICES, quantity=Decimal(2), unit_price=Decimal("50.00")),),
            "discount_account": DISCOUNTS,
            **overrides,
        }
    )


def found_ids(answers: Sequence[tuple[Found, ...]]) -> list[list[str]]:
    return [[hit.id for hit in hits] for hits in answers]


async def test_the_facts_of_a_company_come_in_one_request() -> None:
    async with desk(close_books="2025-12-31", default_item=SERVICES) as at:
        facts = await at.company()
        items = await at.read(reads.items_page())
        assert len(at.vendor.play.journal()) == 2
    assert (facts.country, facts.currency, facts.name, facts.realm) == ("US", "USD", "Conformance Ltd", REALM)
    assert (facts.custom_numbers, facts.allow_discount, facts.sales_tax) == (True, True, True)
    assert (facts.books_closed, facts.discount_account, facts.default_item) == (date(2025, 12, 31), DISCOUNTS, SERVICES)
    assert {account.kind for account in facts.accounts} >= {"Bank", "Income", "Other Current Liability"}
    assert (items[0].name, items[0].kind, items[0].income_account) == ("Services", "Service", "1")


async def test_the_life_of_an_american_invoice() -> None:
    async with desk() as at:
        facts = await at.company()
        buyer = await at.customer()
        draft = sold(buyer)
        made = await at.written(encode.invoice_create(draft, facts))
        assert (made.total, made.balance) == (Decimal("97.20"), Decimal("97.20"))
        snapshot = await at.read(reads.invoice(made.object_id))
        assert snapshot.draft == draft

        later = sold(
            buyer, memo="Until soon", tax=Money.of(0, "USD"), lines=(line("80", item=SERVICES, tax_code="NON"),)
        )
        changed = frozenset({"lines", "memo"})
        call = encode.invoice_update(made.object_id, made.sync_token, later, changed, facts)
        updated = await at.written(call)
        assert (updated.object_id, updated.total) == (made.object_id, Decimal("70.00"))
        assert (await at.read(reads.invoice(made.object_id))).draft == msgspec.structs.replace(
            later, total=Money.of(70, "USD")
        )

        voided = await at.written(encode.invoice_void(made.object_id, updated.sync_token))
        assert (voided.total, voided.balance) == (Decimal(0), Decimal(0))
        assert (await at.read(reads.invoices_of(buyer))).rows[0].voided


async def test_a_stale_token_and_a_taken_number_and_name_are_told_apart() -> None:
    async with desk() as at:
        facts = await at.company()
        buyer = await at.customer()
        made = await at.written(encode.invoice_create(sold(buyer), facts))
        await at.written(encode.invoice_update(made.object_id, made.sync_token, sold(buyer), frozenset({"day"}), facts))
        refused = {
            FaultClass.STALE: encode.invoice_void(made.object_id, made.sync_token),
            FaultClass.NUMBER_TAKEN: encode.invoice_create(sold(buyer), facts),
            FaultClass.NAME_TAKEN: encode_lists.customer_create(customer(email="other@example.com")),
            FaultClass.GONE: encode.invoice_void("999999", "0"),
        }
        for kind, call in refused.items():
            outcome = await at.write(call)
            assert isinstance(outcome, Refused)
            assert outcome.fault.kind is kind


async def test_a_closed_period_is_for_a_human() -> None:
    async with desk(close_books="2026-12-31") as at:
        outcome = await at.write(encode.invoice_create(sold(await at.customer()), await at.company()))
    assert isinstance(outcome, Refused)
    assert outcome.fault.kind is FaultClass.CLOSED


async def test_a_payment_settles_its_invoice_and_can_be_voided() -> None:
    async with desk() as at:
        facts = await at.company()
        buyer = await at.customer()
        made = await at.written(encode.invoice_create(sold(buyer), facts))
        draft = payment(customer=buyer, invoice=made.object_id, total=Money.of("97.20", "USD"), account=UNDEPOSITED)
        paid = await at.written(encode_payments.payment_create(draft))
        assert paid.total == Decimal("97.20")
        row = (await at.read(reads.invoices_of(buyer))).rows[0]
        assert (row.balance, row.payments) == (Decimal(0), (paid.object_id,))
        seen = await at.read(reads.payment(paid.object_id))
        assert (seen.invoices, seen.reference, seen.day) == (((made.object_id, Decimal("97.20")),), "9g3k1", draft.day)

        voided = await at.written(encode_payments.payment_void(paid.object_id, paid.sync_token))
        assert voided.total == Decimal(0)
        assert (await at.read(reads.invoices_of(buyer))).rows[0].balance == Decimal("97.20")


async def test_a_receipt_states_its_total_and_can_be_voided() -> None:
    async with desk() as at:
        buyer = await at.customer()
        draft = receipt(
            customer=buyer, account=UNDEPOSITED, method="1", lines=(line("25.00", item=SERVICES, tax_code="NON"),)
        )
        made = await at.written(encode.receipt_create(draft, await at.company()))
        assert made.total == Decimal("25.00")
        voided = await at.written(encode.receipt_void(made.object_id, made.sync_token))
        assert voided.total == Decimal(0)


@pytest.mark.parametrize(
    ("kind", "currency", "code", "tax"),
    [("uk", "GBP", "2", "18.00"), ("ca", "CAD", "3", "10.80"), ("uk", "GBP", "NON", "0")],
)
async def test_outside_america_the_total_is_to_the_cent(kind: str, currency: str, code: str, tax: str) -> None:
    async with desk(kind) as at:
        facts = await at.company()
        draft = sold(
            await at.customer(),
            lines=(line(Money.of(100, currency), item=SERVICES, tax_code=code),),
            discount=Money.of(10, currency),
            tax=Money.of(tax, currency),
            total=Money.of(90 + Decimal(tax), currency),
            memo="Łódź 李",
        )
        made = await at.written(encode.invoice_create(draft, facts))
        assert made.total == draft.total.amount
        assert (await at.read(reads.invoice(made.object_id, currency))).draft == draft


async def test_a_customer_comes_back_as_it_was_made() -> None:
    async with desk() as at:
        draft = customer(address=Address("1 Main St", "", "Bayshore", "CA", "94326", "US"), company_name="Red Rock")
        made = await at.written(encode_lists.customer_create(draft, await at.company()))
        row = await at.read(reads.customer(made.object_id))
        assert (row.display_name, row.notes, row.emails) == (draft.display_name, draft.notes, ("geeta@example.com",))
        assert (row.phones, row.address, row.company_name) == ((draft.phone,), draft.address, "Red Rock")
        assert await at.read(reads.customers_by_email("GEETA@example.com")) == (row,)
        assert await at.read(reads.customers_by_email("eeta@example.com")) == ()
        assert await at.read(reads.customers_by_name(draft.display_name.upper())) == (row,)
        quoted = await at.customer(display_name="O'Neil & Søn", email="")
        assert [one.id for one in await at.read(reads.customers_by_name("O'Neil & Søn"))] == [quoted]


async def test_pages_hold_every_customer_once_inactive_ones_too() -> None:
    async with desk() as at:
        names = [{"DisplayName": f"Customer {number}"} for number in range(25)]
        ids = at.vendor.play.create_many(REALM, "Customer", names)
        at.vendor.play.update(REALM, "Customer", {"Id": ids[3], "Active": False})
        pages = [await at.read(reads.customers_page(start, 10)) for start in (1, 11, 21)]
    assert [row.id for page in pages for row in page.rows] == ids
    assert [row.id for page in pages for row in page.rows if not row.active] == [ids[3]]


async def test_changes_and_their_paged_form_tell_the_same() -> None:
    async with desk() as at:
        since = datetime.now(UTC) - timedelta(minutes=5)
        buyer = await at.customer()
        credit = payment(customer=buyer, invoice="", account=UNDEPOSITED)
        paid = await at.written(encode_payments.payment_create(credit))
        feed = await at.read(reads.changes(since))
        assert feed.customers == (await at.read(reads.customers_since(since))).rows
        assert feed.payments == (await at.read(reads.payments_since(since))).rows
        at.vendor.play.delete(REALM, "Payment", {"Id": paid.object_id})
        (gone,) = (await at.read(reads.changes(since))).payments
        assert (gone.id, gone.deleted) == (paid.object_id, True)
        assert abs(feed.as_of - datetime.now(UTC)) < timedelta(minutes=1)
        later = await at.read(reads.changes(datetime.now(UTC) + timedelta(minutes=1)))
        assert (later.customers, later.payments) == ((), ())
        with pytest.raises(RejectedError):
            await at.read(reads.changes(LONG_AGO))


async def test_a_write_whose_answer_was_lost_is_found_by_every_question() -> None:
    async with desk() as at:
        facts = await at.company()
        buyer = await at.customer(email="first@example.com", display_name="First")
        at.vendor.play.faults(add=[{"action": "lost_after", "match": {"method": "POST"}, "times": 5}])
        mine = sold(buyer)
        mine_call = encode.invoice_create(mine, facts)
        assert isinstance(await at.write(mine_call), InDoubt)
        paid = payment(customer=buyer, invoice="", account=UNDEPOSITED)
        assert isinstance(await at.write(encode_payments.payment_create(paid)), InDoubt)
        bought = receipt(
            customer=buyer, account=UNDEPOSITED, method="1", lines=(line("25", item=SERVICES, tax_code="NON"),)
        )
        assert isinstance(await at.write(encode.receipt_create(bought, facts)), InDoubt)
        person = customer(display_name="Łukasz: D'Arc")
        person_call = encode_lists.customer_create(person, facts)
        assert isinstance(await at.write(person_call), InDoubt)
        item = ItemDraft("Avantto sales", "1")
        assert isinstance(await at.write(encode_lists.item_create(item)), InDoubt)

        doubts: list[tuple[Kind, Draft, Call]] = [
            (Kind.INVOICE_CREATE, mine, mine_call),
            (Kind.PAYMENT_CREATE, paid, encode_payments.payment_create(paid)),
            (Kind.RECEIPT_CREATE, bought, encode.receipt_create(bought, facts)),
            (Kind.CUSTOMER_CREATE, person, person_call),
            (Kind.ITEM_CREATE, item, encode_lists.item_create(item)),
        ]
        for kind, draft, call in doubts:
            answers = await at.looked_up(kind, draft, call)
            assert [len(hits) for hits in answers] == [1] * len(answers), kind
            assert len({hits[0].id for hits in answers}) == 1
            assert answers[0][0].marker_text == getattr(draft, "note", getattr(draft, "notes", ""))


async def test_a_write_that_never_arrived_is_found_by_none() -> None:
    async with desk() as at:
        facts = await at.company()
        buyer = await at.customer()
        at.vendor.play.faults(add=[{"action": "reset_before", "match": {"method": "POST"}}])
        call = encode.invoice_create(sold(buyer), facts)
        assert isinstance(await at.write(call), InDoubt)
        assert found_ids(await at.looked_up(Kind.INVOICE_CREATE, sold(buyer), call)) == [[], []]


async def test_a_void_in_doubt_is_judged_by_the_invoice_itself() -> None:
    async with desk() as at:
        buyer = await at.customer()
        made = await at.written(encode.invoice_create(sold(buyer), await at.company()))
        at.vendor.play.faults(add=[{"action": "reset_after", "match": {"operation": "invoice.void"}}])
        call = encode.invoice_void(made.object_id, made.sync_token)
        assert isinstance(await at.write(call), InDoubt)
        ((hit,),) = await at.looked_up(Kind.INVOICE_VOID, sold(buyer), call, target=made.object_id)
        assert (hit.id, hit.total, hit.marker_text[:6]) == (made.object_id, Decimal(0), "Voided")
        assert hit.sync_token != made.sync_token


async def test_the_same_request_id_is_answered_with_the_same_object() -> None:
    async with desk() as at:
        call = encode_lists.customer_create(customer())
        first, again = await at.write(call, "same"), await at.write(call, "same")
    assert first == again


async def test_too_many_requests_were_not_sent() -> None:
    async with desk(rate_limits=True) as at:
        calls = [encode_lists.customer_create(customer(display_name=f"Customer {n}", email="")) for n in range(15)]
        outcomes = [await at.write(call) for call in calls]
        with pytest.raises(TransientError) as refused:
            await at.read(reads.customers_page())
    assert outcomes[-1] == NotSent("throttled", timedelta(seconds=60))
    assert refused.value.retry_after == timedelta(seconds=60)


async def test_an_expired_token_and_a_foreign_company_are_no_access() -> None:
    async with desk() as at:
        at.vendor.play.add_company("77", "us")
        foreign = await at.edge.write("77", at.token, encode_lists.customer_create(customer()), "op")
        assert isinstance(foreign, NoAccess)
        at.vendor.play.expire_tokens(REALM)
        assert isinstance(await at.write(encode_lists.customer_create(customer())), NoAccess)
        with pytest.raises(AuthError):
            await at.read(reads.customers_page())


async def test_consent_exchange_refresh_and_revocation() -> None:
    async with desk(rotation="every") as at:
        endpoint: TokenEndpoint = QuickBooksOAuth(
            at.transport,
            client_id="sandbox-quickbooks",
            client_secret="sandbox-quickbooks-secret",
            authorize_url=f"{at.url}/connect/oauth2",
            token_url=f"{at.url}/oauth2/v1/tokens/bearer",
            revoke_url=f"{at.url}/v2/oauth2/tokens/revoke",
            clock=Now(),
        )
        consent = await at.transport.send(HttpRequest("GET", endpoint.authorize_url("st", "http://cb.example/")), 5.0)
        back = parse_qs(urlsplit(consent.headers["location"]).query)
        assert (back["state"], back["realmId"]) == (["st"], [REALM])
        first, _ = await endpoint.exchange(back["code"][0], "http://cb.example/")
        second = await endpoint.refresh(REALM, first)
        assert second.refresh_token != first.refresh_token
        assert second.refresh_expires_at is not None
        opened = replace(at, token=second.access_token)
        assert (await opened.company()).realm == REALM
        with pytest.raises(AuthError):
            await endpoint.refresh(REALM, first)
        await endpoint.revoke(second)
        assert isinstance(await opened.write(encode_lists.customer_create(customer())), NoAccess)


@pytest.mark.parametrize("legacy", [False, True])
async def test_what_the_vendor_announces_is_signed_and_read(legacy: bool) -> None:
    async with desk() as at:
        at.vendor.play.webhooks(url="http://127.0.0.1:9/hook", verifier="v3rifier", legacy=legacy, enabled=True)
        made = at.vendor.play.create(REALM, "Customer", {"DisplayName": "Anna"})
        (delivery,) = at.vendor.outbox.take()
    assert webhooks.verify(delivery.body, delivery.headers["intuit-signature"], "v3rifier")
    (event,) = webhooks.parse(delivery.body)
    assert (event.realm, event.entity, event.entity_id, event.operation) == (REALM, "customer", made["Id"], "created")
