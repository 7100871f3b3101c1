from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from avantto_qbo.actors.access import Access
from avantto_qbo.actors.limiter import Limiter, Window
from avantto_qbo.errors import AuthError, RejectedError, TransientError
from avantto_qbo.model.http import Read
from avantto_qbo.model.operation import Call
from avantto_qbo.model.outcome import InDoubt, NoAccess, NotSent, Refused, Written
from avantto_qbo.quickbooks import reads
from stage import REALM, Stage, writes

ZOE = Call("POST", "customer", b'{"DisplayName": "Zoe"}')


class Counted:
    """An access to the company that counts its metered reads."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.reads = stage, 0
        self.access: Access = stage._books(REALM, self.note)

    def note(self) -> None:
        self.reads += 1


@pytest.fixture
def counted(stage: Stage) -> Counted:
    return Counted(stage)


def trouble(stage: Stage, **fault: Any) -> None:
    stage.books.play.faults(add=[{"operation": "customer", **fault}])


async def test_a_write_goes_out_once(counted: Counted) -> None:
    assert isinstance(await counted.access.write(ZOE, "r1"), Written)
    assert counted.stage.asked("customer.create") == 1


async def test_a_refused_token_is_renewed_once_and_the_same_bytes_go_again(counted: Counted) -> None:
    stage = counted.stage
    stage.books.play.expire_tokens(REALM)
    sent = len(stage.transport.sent)
    assert isinstance(await counted.access.write(ZOE, "r1"), Written)
    first, second = writes(stage.transport.sent[sent:])
    assert (first.url, first.body) == (second.url, second.body)
    assert first.headers != second.headers


async def test_a_token_refused_after_its_renewal_is_renewed_once_more(counted: Counted) -> None:
    trouble(counted.stage, action="status", status=401, times=2)
    assert isinstance(await counted.access.write(ZOE, "r1"), Written)
    trouble(counted.stage, operation="customer.query", action="status", status=401, times=2)
    assert await counted.access.read(reads.customers_page())


async def test_a_token_refused_after_two_renewals_is_no_access(counted: Counted) -> None:
    trouble(counted.stage, action="status", status=401, times=3)
    outcome = await counted.access.write(ZOE, "r1")
    assert isinstance(outcome, NoAccess)
    assert counted.stage.asked("customer.create") == 0
    trouble(counted.stage, operation="customer.query", action="status", status=401, times=3)
    with pytest.raises(AuthError):
        await counted.access.read(reads.customers_page())


async def test_a_dead_grant_is_no_access_for_writes_and_an_error_for_reads(counted: Counted) -> None:
    counted.stage.books.play.revoke(REALM)
    counted.stage.books.play.expire_tokens(REALM)
    assert isinstance(await counted.access.write(ZOE, "r1"), NoAccess)
    with pytest.raises(AuthError):
        await counted.access.read(reads.customers_page())


async def test_a_token_that_cannot_be_renewed_now_leaves_the_write_unsent(counted: Counted) -> None:
    stage = counted.stage
    stage.books.play.expire_tokens(REALM)
    stage.books.play.faults(add=[{"operation": "oauth.refresh", "action": "status", "status": 503}])
    outcome = await counted.access.write(ZOE, "r1")
    assert isinstance(outcome, NotSent)
    assert not [row for row in stage.in_books("Customer") if row["DisplayName"] == "Zoe"]


async def test_a_read_with_an_expired_token_is_asked_again(counted: Counted) -> None:
    counted.stage.books.play.expire_tokens(REALM)
    assert (await counted.access.read(reads.customers_page())).size == 0
    assert counted.reads == 1


async def test_only_answered_reads_are_counted(counted: Counted) -> None:
    trouble(counted.stage, action="status", status=500)
    with pytest.raises(TransientError):
        await counted.access.read(reads.customers_page())
    with pytest.raises(RejectedError):
        await counted.access.read(Read("customer/999999", lambda body: body))
    assert counted.reads == 0


@pytest.mark.parametrize("reading", [True, False])
async def test_a_throttled_request_pauses_everybody_for_a_minute(counted: Counted, reading: bool) -> None:
    stage = counted.stage
    trouble(stage, action="status", status=429)
    if reading:
        with pytest.raises(TransientError):
            await counted.access.read(reads.customers_page())
    else:
        assert isinstance(await counted.access.write(ZOE, "r1"), NotSent)
    start = stage.clock.now()
    assert isinstance(await counted.access.write(ZOE, "r1"), Written)
    waited = stage.clock.now() - start
    assert timedelta(seconds=60) <= waited <= timedelta(seconds=66)


async def test_other_trouble_pauses_nobody(counted: Counted) -> None:
    stage = counted.stage
    trouble(stage, action="status", status=500)
    assert isinstance(await counted.access.write(ZOE, "r1"), InDoubt)
    start = stage.clock.now()
    await counted.access.write(ZOE, "r1")
    assert stage.clock.now() == start


async def test_a_refusal_is_handed_on(counted: Counted) -> None:
    outcome = await counted.access.write(Call("POST", "customer", b'{"DisplayName": ""}'), "r1")
    assert isinstance(outcome, Refused)


async def test_a_slice_is_held_to_its_own_limit_besides(counted: Counted) -> None:
    stage = counted.stage
    slow = counted.access.within(Limiter(stage.clock, [Window(1, 10.0)], 1))
    start = stage.clock.now()
    for _ in range(3):
        await slow.read(reads.customers_page())
    assert (stage.clock.now() - start).total_seconds() == 20.0
    await counted.access.read(reads.customers_page())
    assert (stage.clock.now() - start).total_seconds() == 20.0
    assert counted.reads == 4
