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
from avantto_qbo.journal.sealing import Sealer
from avantto_qbo.model.grant import Grant, Provider, Tokens
from avantto_qbo.service.grants_ending import refused_apps
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
    stage.journal.before = nth_write(2, Killed())
    sent = len(stage.transport.sent)
    with pytest.raises(Killed):
        await stage.keeper().access_token()
    assert [request.url.rsplit("/", 1)[-1] for request in stage.transport.sent[sent:]] == ["bearer"]
    await stage.restart()
    assert await stage.keeper().access_token()


async def test_no_token_is_spent_while_the_journal_could_not_keep_the_answer(stage: Stage) -> None:
    stage.clock.advance(HOUR)
    stage.journal.before = nth_write(1, TransientError("disk full"))
    with pytest.raises(TransientError, match="disk full"):
        await stage.keeper().access_token()
    assert refreshes(stage) == 0
    assert await stage.keeper().access_token()


async def test_an_answer_that_cannot_be_stored_is_kept_and_not_used_before_it_is(stage: Stage) -> None:
    stage.books.play.set(REALM, rotation="every", old_refresh="at_once")  # whoever loses this answer is locked out
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    stage.journal.before = nth_write(2, TransientError("disk full"), until=4)
    for _ in range(3):
        with pytest.raises(TransientError, match="disk full"):
            await keeper.access_token()
    token = await keeper.access_token()
    assert refreshes(stage) == 1
    assert token == (await stored(stage)).tokens.access_token
    stage.clock.advance(HOUR)
    assert await keeper.access_token() != token


async def test_an_answer_that_waited_for_the_journal_may_have_ended_like_the_token_it_replaces(stage: Stage) -> None:
    keeper = stage.keeper()
    refused = await keeper.access_token()
    stage.journal.before = nth_write(2, TransientError("disk full"))
    with pytest.raises(TransientError, match="disk full"):
        await keeper.renew(refused)
    assert await keeper.renew(refused) == (await stored(stage)).tokens.access_token
    assert refreshes(stage) == 2  # a token that is refused again would ask the owner to connect anew


async def test_an_answer_that_could_not_be_stored_is_stored_at_the_next_occasion_or_at_the_end(stage: Stage) -> None:
    stage.books.play.set(REALM, rotation="every", old_refresh="at_once")
    stage.clock.advance(HOUR)
    before = await stored(stage)
    stage.journal.before = nth_write(2, TransientError("disk full"), until=3)
    with pytest.raises(TransientError):
        await stage.keeper().access_token()
    assert not await stage.keepers.save()
    assert await stored(stage) == before
    assert await stage.keepers.save()
    await stage.restart()
    assert await stage.keeper().access_token() == (await stored(stage)).tokens.access_token
    assert refreshes(stage) == 1


async def test_a_disconnect_drops_an_answer_that_could_not_be_stored(stage: Stage) -> None:
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    stage.journal.before = nth_write(2, TransientError("disk full"))
    with pytest.raises(TransientError):
        await keeper.access_token()
    await stage.journal.write(lambda db: grants.remove(db, Provider.QUICKBOOKS, REALM))
    with pytest.raises(AuthError):
        await keeper.save()
    await keeper.save()


async def test_a_caller_that_is_cancelled_does_not_lose_the_answer_on_its_way(stage: Stage) -> None:
    stage.books.play.set(REALM, rotation="every", old_refresh="at_once")
    stage.clock.advance(HOUR)
    stage.transport.latency = lambda: 2.0
    before = (await stored(stage)).tokens
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.keeper().access_token)
        await stage.clock.sleep(1.0)
        tasks.cancel_scope.cancel()
    after = (await stored(stage)).tokens
    assert after.refresh_token != before.refresh_token
    await stage.restart()
    assert await stage.keeper().access_token() == after.access_token


async def test_a_cancelled_caller_leaves_the_others_their_token(stage: Stage) -> None:
    stage.clock.advance(HOUR)
    stage.transport.latency = lambda: 2.0
    got = list[str]()

    async def ask() -> None:
        got.append(await stage.keeper().access_token())

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as first:
            tasks.start_soon(ask)

            async def give_up() -> None:
                await stage.clock.sleep(1.0)
                first.cancel()

            tasks.start_soon(give_up)
            await stage.keeper().access_token()
    assert got == [(await stored(stage)).tokens.access_token]
    assert refreshes(stage) == 1


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


def nth_write(first: int, error: BaseException, *, until: int = 0) -> Callable[[], None]:
    """Let the journal's writes fail from the numbered one on, up to `until` (default: only that one)."""
    seen = 0

    def count() -> None:
        nonlocal seen
        seen += 1
        if first <= seen <= max(first, until):
            raise error

    return count


LOST = [
    {"action": "lost_after"},
    {"action": "reset_before"},
    {"action": "status_after", "status": 502, "body": "<html>"},
    {"action": "status", "status": 500, "body": "<html>"},
    {"action": "status_after", "status": 200, "body": "not json"},
]


@pytest.mark.parametrize("fault", LOST)
async def test_a_lost_answer_is_asked_for_again_at_once(stage: Stage, fault: dict[str, Any]) -> None:
    stage.books.play.set(REALM, rotation="every", old_refresh="until_used")
    trouble(stage, **fault)
    stage.clock.advance(HOUR)
    assert await stage.keeper().access_token() == (await stored(stage)).tokens.access_token
    assert stage.counted.count("refresh.lost.quickbooks") == 1


@pytest.mark.parametrize("fault", LOST)
async def test_two_lost_answers_in_a_row_are_tried_again_later(stage: Stage, fault: dict[str, Any]) -> None:
    stage.books.play.set(REALM, rotation="every", old_refresh="until_used")
    trouble(stage, times=2, **fault)
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    with pytest.raises(TransientError):
        await keeper.access_token()
    assert len(stage.books.faults.fired) == 2
    assert (await stored(stage)).dead == ""
    stage.clock.advance(2)
    assert await keeper.access_token()


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 503, "body": '{"error":"invalid_grant"}'},
        {"status": 429},
        {"status": 400, "body": "<html>invalid_grant</html>"},
        {"status": 400, "body": '{"error":"invalid_request"}'},
        {"status": 401, "body": "<html>sign in</html>"},
        {"status": 403},
        {"status": 302},
    ],
)
@pytest.mark.parametrize("provider", Provider)
async def test_trouble_at_the_token_endpoint_is_never_a_dead_connection(
    stage: Stage, provider: Provider, fault: dict[str, Any]
) -> None:
    subject = REALM if provider is Provider.QUICKBOOKS else PLACE
    service = stage.books if provider is Provider.QUICKBOOKS else stage.crm
    service.play.faults(add=[{"operation": "oauth", "action": "status", **fault}])
    stage.clock.advance(25 * HOUR)
    keeper = stage.keeper(provider, subject)
    with pytest.raises(TransientError):
        await keeper.access_token()
    assert (await stored(stage, provider, subject)).dead == ""
    stage.clock.advance(70)
    assert await keeper.access_token()


async def test_a_token_endpoint_that_asks_for_time_is_left_alone_for_it(stage: Stage) -> None:
    trouble(stage, action="status", status=429, headers={"retry-after": "40"})
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    waits = []
    for _ in range(4):
        with pytest.raises(TransientError) as caught:
            await keeper.access_token()
        waits.append(caught.value.retry_after)
        stage.clock.advance(10)
    assert waits == [timedelta(seconds=40), timedelta(seconds=30), timedelta(seconds=20), timedelta(seconds=10)]
    assert len(stage.books.faults.fired) == 1
    assert await keeper.access_token()


async def test_a_token_endpoint_that_is_down_is_asked_ever_more_rarely(stage: Stage) -> None:
    trouble(stage, action="status", status=503, times=0)
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    for _ in range(600):
        with pytest.raises(TransientError):
            await keeper.access_token()
        stage.clock.advance(1)
    assert len(stage.books.faults.fired) in range(10, 20)


async def test_a_clock_that_is_set_back_leaves_no_token_endpoint_alone_for_longer(stage: Stage) -> None:
    trouble(stage, action="status", status=503)
    stage.clock.advance(HOUR)
    with pytest.raises(TransientError):
        await stage.keeper().access_token()
    stage.clock.advance(-600)
    with pytest.raises(TransientError) as waiting:
        await stage.keeper().renew((await stored(stage)).tokens.access_token)
    assert waiting.value.retry_after == timedelta(seconds=1)
    stage.clock.advance(1)
    await stage.keeper().renew((await stored(stage)).tokens.access_token)
    assert refreshes(stage) == 1


async def test_a_token_that_is_still_good_serves_while_the_endpoint_is_down(stage: Stage) -> None:
    trouble(stage, action="status", status=503, times=0)
    token = (await stored(stage)).tokens.access_token
    stage.clock.advance(HOUR - 240)
    keeper = stage.keeper()
    assert await keeper.access_token() == token
    stage.clock.advance(140)
    assert await keeper.access_token() == token
    stage.clock.advance(15)
    with pytest.raises(TransientError):
        await keeper.access_token()


@pytest.mark.parametrize(
    ("provider", "refusal"),
    [
        (Provider.QUICKBOOKS, '{"error":"invalid_client"}'),
        (Provider.AVANTTO, '{"error":"UnAuthorized!","error_description":"Invalid client credentials!"}'),
    ],
)
async def test_our_own_wrong_secret_is_the_operators_to_mend_and_no_grant_dies(
    stage: Stage, provider: Provider, refusal: str
) -> None:
    subject = REALM if provider is Provider.QUICKBOOKS else PLACE
    service = stage.books if provider is Provider.QUICKBOOKS else stage.crm
    service.play.faults(add=[{"operation": "oauth", "action": "status", "status": 401, "body": refusal, "times": 0}])
    stage.clock.advance(25 * HOUR)
    keeper = stage.keeper(provider, subject)
    for _ in range(3):
        with pytest.raises(TransientError):
            await keeper.access_token()
        stage.clock.advance(70)
    assert (await stored(stage, provider, subject)).dead == ""
    [item] = await stage.journal.read(refused_apps)
    assert (item.code, item.location) == (f"app_refused.{provider}", "")
    assert f"{provider}-client-secret" in item.mend
    service.play.faults(clear=True)
    stage.clock.advance(70)
    assert await keeper.access_token()
    assert await stage.journal.read(refused_apps) == []


async def test_the_refresh_token_before_is_tried_when_the_newest_is_refused(stage: Stage) -> None:
    good = (await stored(stage)).tokens.refresh_token
    await store(stage, lambda grant: broken(grant, previous=good))
    stage.clock.advance(HOUR)
    assert await stage.keeper().access_token()
    after = await stored(stage)
    assert (after.dead, after.tokens.refresh_token) == ("", good)


async def test_the_refresh_token_before_is_kept_until_the_new_one_has_worked(stage: Stage) -> None:
    stage.books.play.set(REALM, rotation="every")
    used = (await stored(stage)).tokens.refresh_token
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    token = await keeper.access_token()
    keeper.worked("another token")
    assert await keeper.access_token() == token
    assert (await stored(stage)).previous_refresh_token == used
    keeper.worked(token)
    assert await keeper.access_token() == token
    assert (await stored(stage)).previous_refresh_token == ""


@pytest.mark.parametrize("doing", ["read", "write"])
async def test_an_accepted_request_is_what_shows_that_a_token_works(stage: Stage, doing: str) -> None:
    stage.books.play.set(REALM, rotation="every")
    invoice = stage.sent_invoice()
    await stage.mirror(invoice)
    stage.clock.advance(HOUR)
    if doing == "read":
        await stage.poll_changes()
        await stage.poll_changes()
    else:
        for _ in range(2):
            await stage.mirror(stage.sent_invoice())
    assert (await stored(stage)).previous_refresh_token == ""


async def test_a_journal_that_cannot_write_keeps_the_token_before_and_nobody_waits(stage: Stage) -> None:
    stage.books.play.set(REALM, rotation="every")
    stage.clock.advance(HOUR)
    keeper = stage.keeper()
    token = await keeper.access_token()
    keeper.worked(token)
    stage.journal.before = nth_write(1, TransientError("disk full"))
    assert await keeper.access_token() == token
    assert (await stored(stage)).previous_refresh_token


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
    stage.clock.advance(1)
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


async def test_a_renewal_is_no_new_consent(stage: Stage) -> None:
    given = (await stored(stage)).granted_at
    assert given is not None
    stage.clock.advance(HOUR)
    await stage.keeper().access_token()
    assert (await stored(stage)).granted_at == given


async def test_a_reconnect_with_the_very_token_that_is_being_renewed_counts_as_the_new_consent(stage: Stage) -> None:
    stage.transport.latency = lambda: 2.0
    stage.clock.advance(HOUR)
    before, again = await stored(stage), stage.clock.now() + timedelta(seconds=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.keeper().access_token)
        await stage.clock.sleep(1.0)
        await store(stage, lambda grant: msgspec.structs.replace(grant, granted_at=again))
    after = await stored(stage)
    assert after.granted_at == again
    assert after.tokens.access_token != before.tokens.access_token


async def test_a_private_token_cannot_be_renewed(stage: Stage) -> None:
    await store(stage, lambda grant: msgspec.structs.replace(grant, tokens=Tokens("private")))
    keeper = stage.keeper()
    stage.clock.advance(1000 * HOUR)
    assert await keeper.access_token() == "private"
    with pytest.raises(AuthError, match="cannot be refreshed"):
        await keeper.renew("private")
    assert (await stored(stage)).dead


async def test_a_private_token_that_was_replaced_meanwhile_stays_alive(stage: Stage) -> None:
    await store(stage, lambda grant: msgspec.structs.replace(grant, tokens=Tokens("private")))
    keeper = stage.keeper()
    assert await keeper.access_token() == "private"
    await store(stage, lambda grant: msgspec.structs.replace(grant, tokens=Tokens("another")))
    with pytest.raises(TransientError, match="anew"):
        await keeper.renew("private")
    assert await keeper.access_token() == "another"


async def test_a_seal_that_is_broken_asks_for_a_new_connection(stage: Stage) -> None:
    other = Sealer({"other": bytes(32)})
    grant = await stored(stage)
    await stage.journal.write(lambda db: grants.put(db, other, grant, stage.clock.now()))
    with pytest.raises(AuthError, match="cannot be opened"):
        await stage.keeper().access_token()


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
