"""A refused grant stops whoever needs it, but never what its owner has connected anew meanwhile."""

from __future__ import annotations

from datetime import timedelta

import anyio
import pytest

from avantto_qbo.actors.access import Access
from avantto_qbo.actors.stopping import stop
from avantto_qbo.errors import AuthError
from avantto_qbo.journal import grants
from avantto_qbo.model.grant import Provider
from avantto_qbo.model.records import Status, Topic
from stage import OTHER_PLACE, PLACE, REALM, Stage


async def test_a_dead_company_stops_all_its_locations_when_its_changes_are_polled(stage: Stage) -> None:
    await stage.open(OTHER_PLACE, share=True)
    stage.books.play.revoke(REALM)
    await stage.poll_changes()
    for place in (PLACE, OTHER_PLACE):
        record = await stage.record(place)
        assert record.status is Status.BROKEN
        assert f"avantto-qbo connect {place}" in record.reason


async def test_work_refused_before_a_reconnect_does_not_stop_what_was_connected_anew(stage: Stage) -> None:
    stage.books.play.revoke(REALM)
    stage.transport.latency = lambda: 5.0
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    fresh = stage.order()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.work)
        tasks.start_soon(stage.poll_changes)
        await stage.clock.sleep(7.0)
        stage.transport.latency = lambda: 0.0
        await stage.connecting.connect(fresh)
    assert (await stage.record()).status is Status.CONNECTED
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 1


@pytest.mark.parametrize(("began", "stops"), [(-1.0, False), (1.0, True)])
async def test_only_work_begun_since_the_owner_agreed_can_stop_a_location(
    stage: Stage, began: float, stops: bool
) -> None:
    connected = (await stage.record()).connected_at
    moment, error = connected + timedelta(seconds=began), AuthError("quickbooks", REALM, "invalid_grant")
    stopped = await stage.journal.write(lambda db: stop(db, error, moment, stage.clock.now()))
    assert stopped == ([PLACE] if stops else [])
    assert ((await stage.record()).status is Status.BROKEN) == stops


async def test_a_clock_that_was_set_back_keeps_no_dead_connection_going(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    second = stage.sent_invoice()
    stage.books.play.revoke(REALM)
    stage.clock.advance(-7200)
    await stage.mirror(second)
    assert (await stage.record()).status is Status.BROKEN


async def test_a_write_refused_before_a_reconnect_is_sent_again_with_the_new_grant(stage: Stage) -> None:
    await stage.mirror(stage.sent_invoice())
    stage.books.play.revoke(REALM)
    fresh = stage.order()
    reconnected = False
    refused = Access.write

    async def connect_anew_first(self: Access, *args: object, **more: object) -> object:
        nonlocal reconnected
        outcome = await refused(self, *args, **more)  # type: ignore[arg-type]  # handed on as it came
        if not reconnected and "NoAccess" in type(outcome).__name__:
            reconnected = True
            stage.clock.advance(1)
            await stage.connecting.connect(fresh)
        return outcome

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Access, "write", connect_anew_first)
        await stage.mirror(stage.sent_invoice())
    assert reconnected
    assert (await stage.record()).status is Status.CONNECTED
    await stage.work_off()
    assert len(stage.in_books("Invoice")) == 2


async def test_work_refused_after_a_disconnect_leaves_it_disconnected(stage: Stage) -> None:
    stage.transport.latency = lambda: 5.0
    await stage.tell(Topic.INVOICE, stage.sent_invoice())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.work)
        await stage.clock.sleep(1.0)
        await stage.connecting.disconnect(PLACE, "test")
    assert (await stage.record()).status is Status.DISCONNECTED


async def test_a_reconnect_reads_the_new_grant_whatever_was_known_of_the_old(stage: Stage) -> None:
    stage.crm.play.revoke(PLACE)
    stage.clock.advance(25 * 3600)
    with pytest.raises(AuthError):
        await stage.keeper(Provider.AVANTTO, PLACE).access_token()
    await stage.connecting.disconnect(PLACE, "test")
    await stage.connecting.connect(stage.order())
    actor = await stage.actor()
    stored = await stage.journal.read(lambda db: grants.get(db, stage.sealer, Provider.AVANTTO, PLACE))
    assert stored is not None
    assert await actor.crm.keeper.access_token() == stored.tokens.access_token
