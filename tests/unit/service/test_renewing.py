"""Connecting with tokens whose access token has run out: what the refresh brings is never lost."""

from __future__ import annotations

from typing import Any

import anyio
import msgspec
import pytest

from avantto_qbo.errors import RefusedError, TransientError
from avantto_qbo.journal import grants, renewals
from avantto_qbo.model.grant import Provider, Tokens
from avantto_qbo.service.connecting import Order
from stage import PLACE, REALM, Stage
from unit.actors.scenes import books_fault, crm_fault

DAY = 25 * 3600.0


async def aged(stage: Stage) -> Order:
    """An order with tokens as they lay in a file for a day."""
    stage.furnish()
    stage.books.play.set(REALM, rotation="every", old_refresh="at_once")
    order = stage.order()
    stage.clock.advance(DAY)
    return order


async def kept(stage: Stage, provider: Provider, subject: str) -> Tokens:
    found = await stage.journal.read(lambda db: grants.get(db, stage.sealer, provider, subject))
    assert found is not None
    return found.tokens


async def no_renewals_left(stage: Stage) -> bool:
    return not await stage.journal.read(lambda db: db.run("renewals.sealed_otherwise", head=b"", length=1, limit=9))


async def test_tokens_that_have_run_out_are_renewed_and_the_new_ones_kept(unconnected: Stage) -> None:
    stage = unconnected
    order = await aged(stage)
    await stage.connecting.connect(order)
    assert (await kept(stage, Provider.QUICKBOOKS, REALM)).refresh_token != order.quickbooks.refresh_token
    assert (await kept(stage, Provider.AVANTTO, PLACE)).refresh_token != order.avantto.refresh_token
    assert await no_renewals_left(stage)


@pytest.mark.parametrize("later", [60.0, DAY])
async def test_a_connection_that_fails_half_way_works_with_the_same_files_again(
    unconnected: Stage, later: float
) -> None:
    stage = unconnected
    order = await aged(stage)
    crm_fault(stage, "transactions", action="status", status=503)
    with pytest.raises(RefusedError):
        await stage.connecting.connect(order)
    stage.start()
    stage.clock.advance(later)
    await stage.connecting.connect(order)
    assert (await stage.record()).realm == REALM
    stage.clock.advance(DAY)
    assert await stage.keeper().access_token()


async def test_a_person_who_leaves_does_not_lose_the_tokens(unconnected: Stage) -> None:
    stage = unconnected
    order = await aged(stage)
    stage.transport.latency = lambda: 2.0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.connecting.connect, order)
        await stage.clock.sleep(3.0)
        tasks.cancel_scope.cancel()
    stage.start()
    await stage.connecting.connect(order)


async def test_no_token_is_spent_while_the_journal_could_not_keep_the_answer(unconnected: Stage) -> None:
    stage = unconnected
    order = await aged(stage)

    def full() -> None:
        raise TransientError("disk full")

    stage.journal.before = full
    with pytest.raises(RefusedError, match="disk full"):
        await stage.connecting.connect(order)
    stage.journal.before = lambda: None
    await stage.connecting.connect(order)
    assert (await stage.record()).realm == REALM


async def test_a_lost_answer_is_asked_for_again_at_once(unconnected: Stage) -> None:
    stage = unconnected
    order = await aged(stage)
    stage.books.play.set(REALM, old_refresh="until_used")
    books_fault(stage, "oauth.refresh", action="lost_after")
    await stage.connecting.connect(order)


async def test_a_damaged_renewal_is_no_better_than_none(unconnected: Stage) -> None:
    stage = unconnected
    order = await aged(stage)
    stage.books.play.set(REALM, old_refresh="until_used")
    crm_fault(stage, "transactions", action="status", status=503)
    with pytest.raises(RefusedError):
        await stage.connecting.connect(order)
    [row] = await stage.journal.read(lambda db: [one for one in all_renewals(db) if one["provider"] == "quickbooks"])
    spoilt = {"provider": row["provider"], "subject": row["subject"], "mark": row["mark"], "now": row["at"]}
    await stage.journal.write(lambda db: db.run("renewals.put", **spoilt, tokens=row["tokens"][:-1] + b"x"))
    found = await stage.journal.read(lambda db: renewals.get(db, stage.sealer, Provider.QUICKBOOKS, REALM, row["mark"]))
    assert found is None


def all_renewals(db: Any) -> list[Any]:
    return list(db.run("renewals.sealed_otherwise", head=b"", length=1, limit=9))


@pytest.mark.parametrize(
    ("vendor", "fault"),
    [
        ("quickbooks", {"status": 401, "body": '{"error":"invalid_client"}'}),
        ("avantto", {"status": 401, "body": '{"error":"UnAuthorized!"}'}),
    ],
)
async def test_our_own_wrong_secret_is_said_to_be_ours(unconnected: Stage, vendor: str, fault: Any) -> None:
    stage = unconnected
    order = await aged(stage)
    (books_fault if vendor == "quickbooks" else crm_fault)(stage, "oauth", action="status", **fault)
    with pytest.raises(RefusedError, match=f"{vendor} refuses this daemon's own client id or secret"):
        await stage.connecting.connect(order)


async def test_a_token_without_a_refresh_token_is_not_renewed(unconnected: Stage) -> None:
    stage = unconnected
    order = await aged(stage)
    with pytest.raises(RefusedError, match="does not open"):
        await stage.connecting.connect(msgspec.structs.replace(order, quickbooks=Tokens("gone")))
