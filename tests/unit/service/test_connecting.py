from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from avantto_qbo.actors.polls.pollers import CHANGES
from avantto_qbo.actors.polls.sweeps import INVOICES, PAYMENTS
from avantto_qbo.actors.reconciling.night import RECONCILE
from avantto_qbo.errors import RefusedError
from avantto_qbo.journal import activity, claims, cursors, grants, locations, operations
from avantto_qbo.journal import settings as stored
from avantto_qbo.model.grant import Provider, Tokens
from avantto_qbo.model.ids import RealmId
from avantto_qbo.model.operation import State
from avantto_qbo.model.records import Status, Topic
from avantto_qbo.service.tokens import tokens_of
from stage import ANN, OTHER_PLACE, PLACE, REALM, Stage
from unit.actors.scenes import bob, books_fault, crm_fault

OTHER_REALM = RealmId("9130000000000000009")


async def polls(stage: Stage) -> set[tuple[str, str]]:
    later = stage.clock.now() + timedelta(days=1)
    return set(await stage.journal.read(lambda db: cursors.due_polls(db, later)))


async def grant(stage: Stage, provider: Provider = Provider.QUICKBOOKS, subject: str = REALM) -> Any:
    return await stage.journal.read(lambda db: grants.get(db, stage.sealer, provider, subject))


async def refused(stage: Stage, match: str, **order: Any) -> None:
    with pytest.raises(RefusedError, match=match):
        await stage.connecting.connect(stage.order(**order))


async def test_connecting_stores_everything_and_says_what_will_be_posted(unconnected: Stage) -> None:
    stage = unconnected
    now, answer = stage.clock.now(), await stage.open()
    assert (answer.location, answer.realm, answer.books_from) == (PLACE, REALM, now)
    assert {posting.what for posting in answer.posting} >= {"invoices", "payments", "receipts", "contacts"}
    record = await stage.record()
    assert (record.status, record.time_zone, record.country) == (Status.CONNECTED, "America/New_York", "US")
    assert await polls(stage) == {(REALM, CHANGES), (REALM, RECONCILE), (PLACE, PAYMENTS), (PLACE, INVOICES)}
    assert (await stage.mail()) == {Topic.BACKFILL: 1}
    assert await grant(stage) is not None
    assert await grant(stage, Provider.AVANTTO, PLACE) is not None
    assert stage.nudged == [PLACE]
    assert [line.event for line in await stage.activity()] == ["location.connected"]


async def nothing_changed(stage: Stage) -> bool:
    return (
        await stage.journal.read(locations.all) == []
        and await grant(stage) is None
        and not await polls(stage)
        and await stage.journal.read(lambda db: activity.page(db, PLACE, 10)) == []
    )


@pytest.mark.parametrize("vendor", ["avantto", "quickbooks"])
async def test_a_token_that_opens_nothing_is_refused_and_nothing_changes(unconnected: Stage, vendor: str) -> None:
    await refused(unconnected, f"the {vendor} token does not open", **{vendor: Tokens("wrong")})
    assert await nothing_changed(unconnected)


async def test_the_tokens_of_another_company_are_refused(unconnected: Stage) -> None:
    unconnected.furnish(realm=OTHER_REALM)
    other = unconnected.order(realm=OTHER_REALM).quickbooks
    await refused(unconnected, "does not open", quickbooks=other)
    assert await nothing_changed(unconnected)


async def test_the_token_of_another_location_is_refused(unconnected: Stage) -> None:
    unconnected.furnish(OTHER_PLACE)
    await refused(unconnected, "avantto token does not open", avantto=unconnected.order(OTHER_PLACE).avantto)
    assert await nothing_changed(unconnected)


async def test_a_token_without_the_needed_permissions_is_refused_in_plain_words(unconnected: Stage) -> None:
    for scopes in (["contacts.readonly"], ["locations.readonly"]):
        answer = msgspec.json.encode(unconnected.crm.play.mint_tokens(PLACE, scopes=scopes))
        tokens = tokens_of(answer, "avantto_token", unconnected.clock.now())
        await refused(unconnected, "a permission is missing in Avantto", avantto=tokens)
        assert await nothing_changed(unconnected)


async def test_a_token_refused_for_its_location_is_not_spent(unconnected: Stage) -> None:
    """The refresh token of a stranger's connection works once only: it stays theirs."""
    unconnected.furnish(OTHER_PLACE)
    other = unconnected.order(OTHER_PLACE).avantto
    await refused(unconnected, "does not have access to this location", avantto=other)
    assert await unconnected.avantto.endpoint.refresh(OTHER_PLACE, other)


async def test_a_vendor_in_trouble_is_no_wrong_token(unconnected: Stage) -> None:
    books_fault(unconnected, "batch", action="status", status=503)
    await refused(unconnected, "cannot be asked now")
    assert await nothing_changed(unconnected)


async def test_an_expired_access_token_is_renewed_first(unconnected: Stage) -> None:
    order = unconnected.order()
    unconnected.books.play.expire_tokens(REALM)
    await unconnected.connecting.connect(order)
    kept = await grant(unconnected)
    assert kept.tokens.access_token != order.quickbooks.access_token
    assert (await unconnected.record()).status is Status.CONNECTED


async def test_a_token_without_the_right_to_read_payments_is_refused(unconnected: Stage) -> None:
    crm_fault(unconnected, "transactions.list", action="status", status=401, body='{"message":"not authorized scope"}')
    await refused(unconnected, "cannot read payments")
    assert await nothing_changed(unconnected)


async def test_payments_the_built_in_integration_posted_keep_money_paused(unconnected: Stage) -> None:
    stage = unconnected
    sold = stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 9}])
    stage.crm.play.mark_qbo_synced(PLACE, sold["transaction"]["_id"])
    answer = await stage.open()
    assert (await stage.record()).status is Status.MONEY_PAUSED
    assert any("Turn off QuickBooks in Avantto" in warning for warning in answer.warnings)


async def test_payments_nobody_else_posted_are_no_reason_to_pause(unconnected: Stage) -> None:
    unconnected.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 9}])
    await unconnected.open()
    assert (await unconnected.record()).status is Status.CONNECTED


async def test_a_company_is_shared_only_when_confirmed(stage: Stage) -> None:
    stage.furnish(OTHER_PLACE)
    await refused(stage, f"already connected to location {PLACE}", place=OTHER_PLACE)
    await stage.open(OTHER_PLACE, share=True)
    own = await stage.journal.read(lambda db: stored.of(db, OTHER_PLACE))
    assert own == {"contacts": b'"own"'}
    assert Topic.BACKFILL not in await stage.mail(OTHER_PLACE)
    assert (await stage.record(OTHER_PLACE)).shared


async def test_a_location_keeps_to_one_company(stage: Stage) -> None:
    stage.furnish(realm=OTHER_REALM)
    await refused(stage, f"already connected to company {REALM}", realm=OTHER_REALM)


async def test_reconnecting_keeps_the_cut_off_and_renews_the_tokens(stage: Stage) -> None:
    before, kept = await stage.record(), await grant(stage)
    await stage.clock.sleep(3600)
    await stage.open()
    after = await stage.record()
    assert after.books_from == before.books_from
    assert after.connected_at > before.connected_at
    assert await grant(stage) != kept


async def test_an_earlier_cut_off_brings_the_payments_since(stage: Stage) -> None:
    await stage.connecting.disconnect(PLACE, "test")
    start = stage.clock.now()
    await stage.clock.sleep(86_400)
    sold = stage.crm.play.sell_order_form(PLACE, ANN, [{"name": "Kit", "amount": 99}])
    assert sold["transaction"]["_id"]
    await stage.clock.sleep(30 * 86_400)
    await stage.open(since=stage.clock.now())
    await stage.pollers.run(PLACE, PAYMENTS)
    await stage.work_off(within=timedelta(0))
    assert not stage.in_books("SalesReceipt")
    await stage.clock.sleep(86_400)
    await stage.open(since=start)
    await stage.pollers.run(PLACE, PAYMENTS)
    await stage.work_off(within=timedelta(0))
    assert [row["TotalAmt"] for row in stage.in_books("SalesReceipt")] == [99]


async def test_disconnecting_the_last_location_revokes_the_company_s_token(stage: Stage) -> None:
    tokens = (await grant(stage)).tokens
    await stage.connecting.disconnect(PLACE, "uid 1000")
    assert (await stage.record()).status is Status.DISCONNECTED
    assert await grant(stage) is None
    assert await grant(stage, Provider.AVANTTO, PLACE) is None
    assert not await polls(stage)
    assert int(stage.books.traffic.total().operations["oauth.revoke"]) == 1
    await refused(stage, "does not open", quickbooks=tokens)


async def test_a_shared_company_keeps_its_token_until_the_last_location_goes(stage: Stage) -> None:
    await stage.clock.sleep(60)
    await stage.open(OTHER_PLACE, share=True)
    await stage.connecting.disconnect(PLACE, "test")
    assert await grant(stage) is not None
    own = {(OTHER_PLACE, PAYMENTS), (OTHER_PLACE, INVOICES)}
    assert await polls(stage) == {(REALM, CHANGES), (REALM, RECONCILE), *own}
    await stage.connecting.disconnect(OTHER_PLACE, "test")
    assert await grant(stage) is None


async def test_a_vendor_in_trouble_does_not_stop_a_disconnect(stage: Stage) -> None:
    books_fault(stage, "oauth.revoke", action="status", status=503)
    await stage.connecting.disconnect(PLACE, "test")
    assert await grant(stage) is None


async def test_what_is_not_connected_cannot_be_disconnected(stage: Stage) -> None:
    for _ in range(2):
        with pytest.raises(RefusedError, match="is not connected"):
            await stage.connecting.disconnect(OTHER_PLACE, "test")
    await stage.connecting.disconnect(PLACE, "test")
    with pytest.raises(RefusedError, match="is not connected"):
        await stage.connecting.disconnect(PLACE, "test")


async def test_another_company_starts_from_nothing(stage: Stage) -> None:
    """Nothing that was meant for the old books may go into the new ones."""
    books_fault(stage, "customer.create", action="lost_after")
    invoice = stage.sent_invoice()
    await stage.tell(Topic.INVOICE, invoice)
    await stage.work()
    [doubt] = await stage.operations(State.DOUBT)
    await stage.connecting.disconnect(PLACE, "test")
    await stage.clock.sleep(3600)
    stage.furnish(realm=OTHER_REALM)
    stage.books.play.create(OTHER_REALM, "Customer", {"DisplayName": "Zoe"})
    await stage.open(realm=OTHER_REALM)
    assert (await stage.operation(doubt.id)).state is State.SKIPPED
    assert await stage.journal.read(lambda db: claims.holder(db, REALM, doubt.claim)) is None
    assert not await stage.journal.read(lambda db: operations.by_state(db, [State.DOUBT, State.PLANNED]))
    await stage.mirror(invoice)
    assert not stage.in_books("Invoice", OTHER_REALM)
    assert [contact["firstName"] for contact in stage.contacts() if "quickbooks" in contact["tags"]] == ["Zoe"]


async def test_links_of_the_old_company_are_not_those_of_the_new_one(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    await stage.connecting.disconnect(PLACE, "test")
    await stage.clock.sleep(3600)
    stage.furnish(realm=OTHER_REALM)
    stage.books.play.create(OTHER_REALM, "Customer", {"DisplayName": "Somebody else"})
    await stage.open(realm=OTHER_REALM)
    await stage.mirror(stage.sent_invoice())
    [posted] = stage.in_books("Invoice", OTHER_REALM)
    names = {row["Id"]: row["DisplayName"] for row in stage.in_books("Customer", OTHER_REALM)}
    assert names[posted["CustomerRef"]["value"]] == "Ann Lee"


async def test_mail_that_came_while_disconnected_is_caught_up_with(stage: Stage) -> None:
    invoice = stage.sent_invoice()
    await stage.connecting.disconnect(PLACE, "test")
    await stage.clock.sleep(3600)
    customer = bob(stage)
    await stage.open()
    await stage.pollers.run(PLACE, INVOICES)
    await stage.pollers.run(REALM, CHANGES)
    await stage.work_off()
    assert await stage.link("invoice", invoice) is not None
    assert await stage.link("contact", customer) is not None
    assert msgspec.json.encode(await stage.record())


async def test_a_company_connected_again_brings_back_the_locations_that_stopped_for_it(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)

    def stop(db: Any) -> None:
        now = stage.clock.now()
        locations.set_status(db, PLACE, Status.BROKEN, "quickbooks must be connected again (invalid_grant)", now)
        locations.set_status(db, OTHER_PLACE, Status.BROKEN, "quickbooks must be connected again (invalid_grant)", now)

    await stage.journal.write(stop)
    await stage.open(OTHER_PLACE)
    assert (await stage.record(PLACE)).status is Status.CONNECTED
    assert (await stage.record(OTHER_PLACE)).status is Status.CONNECTED
    assert (await stage.record(OTHER_PLACE)).shared


async def test_a_location_whose_own_connection_is_dead_is_not_brought_back_by_another(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    reason = "avantto must be connected again (revoked)"
    now = stage.clock.now()
    await stage.journal.write(lambda db: locations.set_status(db, PLACE, Status.BROKEN, reason, now))
    await stage.open(OTHER_PLACE)
    assert (await stage.record(PLACE)).status is Status.BROKEN
