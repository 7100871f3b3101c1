from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import anyio
import msgspec
import pytest

from avantto_qbo.actors.keeper import TokenKeeper
from avantto_qbo.errors import AuthError, TransientError
from avantto_qbo.journal import grants
from avantto_qbo.journal.connection import Connection
from avantto_qbo.model.grant import Grant, Provider, Tokens
from stage import PLACE, REALM, Killed, Stage

HOUR = timedelta(hours=1).total_seconds()


async def stored(stage: Stage, provider: Provider = Provider.QUICKBOOKS, subject: str = REALM) -> Grant:
    found = await stage.journal.read(lambda db: grants.get(db, stage.sealer, provider, subject))
    assert found is not None
    return found


async def store(stage: Stage, change: Callable[[Grant], Grant]) -> None:
    grant = change(await stored(stage))
    await stage.journal.write(lambda db: grants.put(db, stage.sealer, grant, stage.clock.now()))


def refreshes(stage: Stage) -> int:
    return int(stage.books.traffic.total().operations["oauth.refresh"])


def trouble(stage: Stage, **fault: Any) -> None:
    stage.books.play.faults(add=[{"operation": "oauth.refresh", **fault}])


async def test_a_fresh_token_is_used_as_it_is(stage: Stage) -> None:
    assert await stage.keeper().access_token() == (await stored(stage)).tokens.access_token
    assert refreshes(stage) == 0


async def test_a_token_is_renewed_before_it_runs_out(stage: Stage) -> None:
    before = (await stored(stage)).tokens.access_token
    stage.clock.advance(HOUR - 240)
    assert await stage.keeper().access_token() != before
    assert refreshes(stage) == 1


async def test_however_many_ask_one_refreshes(stage: Stage) -> None:
    stage.transport.latency = lambda: 1.0
    stage.clock.advance(HOUR)
    keeper, got = stage.keeper(), set[str]()

    async def ask() -> None:
        got.add(await keeper.access_token())

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    assert refreshes(stage) == 1
    assert got == {(await stored(stage)).tokens.access_token}


async def test_a_token_refused_twice_over_is_renewed_once(stage: Stage) -> None:
    keeper = stage.keeper()
    old = await keeper.access_token()
    new = await keeper.renew(old)
    assert await keeper.renew(old) == new
    assert refreshes(stage) == 1


async def test_the_new_refresh_token_is_durable_before_the_new_access_token_is_used(stage: Stage) -> None:
    stage.books.play.set(REALM, rotation="every", old_refresh="until_used")
    stage.clock.advance(HOUR)
    stage.journal.before = crash
    sent = len(stage.transport.sent)
    with pytest.raises(Killed):
        await stage.keeper().access_token()
    assert [request.url.rsplit("/", 1)[-1] for request in stage.transport.sent[sent:]] == ["bearer"]
    await stage.restart()
    assert await stage.keeper().access_token()


async def test_a_crash_after_the_commit_finds_the_new_token(stage: Stage) -> None:
    stage.books.play.set(REALM, rotation="every", old_refresh="at_once")
    stage.clock.advance(HOUR)
    stage.journal.after = crash
    with pytest.raises(Killed):
        await stage.keeper().access_token()
    await stage.restart()
    assert await stage.keeper().access_token() == (await stored(stage)).tokens.access_token
    assert refreshes(stage) == 1


def crash() -> None:
    raise Killed


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "lost_after"},
        {"action": "reset_before"},
        {"action": "status", "status": 503},
        {"action": "status", "status": 500, "body": "<html>"},
        {"action": "status", "status": 429},
        {"action": "status", "status": 200, "body": "not json"},
    ],
)
async def test_trouble_at_the_token_endpoint_is_never_a_dead_connection(stage: Stage, fault: dict[str, Any]) -> None:
    stage.books.play.set(REALM, rotation="every", old_refresh="until_used")
    trouble(stage, **fault)
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    with pytest.raises(TransientError):
        await keeper.access_token()
    assert (await stored(stage)).dead == ""
    assert await keeper.access_token()


async def test_the_refresh_token_before_is_kept_and_tried_when_the_newest_is_refused(stage: Stage) -> None:
    good = (await stored(stage)).tokens.refresh_token
    await store(stage, lambda grant: broken(grant, previous=good))
    stage.clock.advance(HOUR)
    assert await stage.keeper().access_token()
    after = await stored(stage)
    assert (after.dead, after.previous_refresh_token) == ("", good)


async def test_a_renewal_keeps_the_token_it_was_made_with(stage: Stage) -> None:
    stage.books.play.set(REALM, rotation="every")
    before = (await stored(stage)).tokens.refresh_token
    stage.clock.advance(HOUR)
    await stage.keeper().access_token()
    after = await stored(stage)
    assert after.previous_refresh_token == before
    assert after.tokens.refresh_token != before


async def test_tokens_stored_behind_its_back_are_found(stage: Stage) -> None:
    good = await stored(stage)
    await store(stage, broken)
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    trouble(stage, action="status", status=503)
    with pytest.raises(TransientError):
        await keeper.access_token()
    await store(stage, lambda _: good)
    token = await keeper.access_token()
    assert token == (await stored(stage)).tokens.access_token != good.tokens.access_token


async def test_an_invalid_grant_is_dead_and_nobody_is_asked_again(stage: Stage) -> None:
    stage.books.play.revoke(REALM)
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    for _ in range(3):
        with pytest.raises(AuthError, match="invalid_grant"):
            await keeper.access_token()
    assert refreshes(stage) == 1
    assert (await stored(stage)).dead


async def test_both_tokens_refused_is_dead(stage: Stage) -> None:
    await store(stage, lambda grant: broken(grant, previous="gone too"))
    stage.clock.advance(HOUR)
    with pytest.raises(AuthError):
        await stage.keeper().access_token()
    assert refreshes(stage) == 2
    assert (await stored(stage)).dead


async def test_a_reconnect_brings_a_dead_grant_back(stage: Stage) -> None:
    stage.books.play.revoke(REALM)
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    with pytest.raises(AuthError):
        await keeper.access_token()
    fresh = stage.order().quickbooks
    await store(stage, lambda _: Grant(Provider.QUICKBOOKS, REALM, fresh))
    keeper.forget()
    assert await keeper.access_token() == fresh.access_token


async def test_a_reconnect_while_refreshing_is_not_overwritten(stage: Stage) -> None:
    stage.transport.latency = lambda: 2.0
    stage.clock.advance(HOUR)
    keeper, fresh = stage.keeper(), Grant(Provider.QUICKBOOKS, REALM, Tokens("fresh", "fresh refresh"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keeper.access_token)
        await stage.clock.sleep(1.0)
        await store(stage, lambda _: fresh)
    assert await stored(stage) == fresh
    assert await keeper.access_token() == "fresh"


async def test_a_reconnect_while_the_old_tokens_are_refused_stays_alive(stage: Stage) -> None:
    stage.transport.latency = lambda: 2.0
    stage.books.play.revoke(REALM)
    await store(stage, lambda grant: broken(grant, previous="gone too"))
    stage.clock.advance(HOUR)
    keeper, fresh = stage.keeper(), Grant(Provider.QUICKBOOKS, REALM, Tokens("fresh", "fresh refresh"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refused, keeper)
        await stage.clock.sleep(3.0)
        await store(stage, lambda _: fresh)
    assert (await stored(stage)).dead == ""
    assert await keeper.access_token() == "fresh"


async def test_a_disconnect_while_refreshing_is_not_undone(stage: Stage) -> None:
    stage.transport.latency = lambda: 2.0
    stage.clock.advance(HOUR)
    keeper = stage.keeper()

    def remove(db: Connection) -> None:
        grants.remove(db, Provider.QUICKBOOKS, REALM)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dead, keeper)
        await stage.clock.sleep(1.0)
        await stage.journal.write(remove)
    assert await stage.journal.read(lambda db: grants.get(db, stage.sealer, Provider.QUICKBOOKS, REALM)) is None


async def refused(keeper: TokenKeeper) -> None:
    with pytest.raises(TransientError):
        await keeper.access_token()


async def dead(keeper: TokenKeeper) -> None:
    with pytest.raises(AuthError):
        await keeper.access_token()


async def test_a_private_token_cannot_be_renewed(stage: Stage) -> None:
    await store(stage, lambda grant: msgspec.structs.replace(grant, tokens=Tokens("private")))
    keeper = stage.keeper()
    stage.clock.advance(1000 * HOUR)
    assert await keeper.access_token() == "private"
    with pytest.raises(AuthError, match="cannot be refreshed"):
        await keeper.renew("private")


async def test_nobody_is_asked_for_a_subject_that_is_not_connected(stage: Stage) -> None:
    with pytest.raises(AuthError, match="not connected"):
        await stage.keeper(subject="unknown").access_token()


async def test_avantto_tokens_are_used_once_and_replaced(stage: Stage) -> None:
    keeper = stage.keeper(Provider.AVANTTO, PLACE)
    for _ in range(3):
        token = await keeper.renew(await keeper.access_token())
        assert (await stored(stage, Provider.AVANTTO, PLACE)).tokens.access_token == token


def broken(grant: Grant, *, previous: str = "") -> Grant:
    tokens = msgspec.structs.replace(grant.tokens, refresh_token="unknown to the vendor")
    return msgspec.structs.replace(grant, tokens=tokens, previous_refresh_token=previous)
