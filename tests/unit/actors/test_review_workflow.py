"""Review requests that go out through the location's own workflow (R2, R3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from avantto_qbo.journal import inbox, reviews
from avantto_qbo.journal import settings as stored
from avantto_qbo.model.http import HttpRequest
from avantto_qbo.model.ids import CustomerId
from avantto_qbo.model.operation import Kind, State
from avantto_qbo.model.records import Review, ReviewState
from avantto_qbo.model.settings import Settings
from avantto_qbo.service.reviews import owner_waits
from stage import PLACE, REALM, Killed, Stage
from unit.actors.scenes import bill, bob, crm_fault, receive, the_only

NAME = "Ask for a review"
DND = '{"statusCode":400,"message":"Cannot send message as DND is active for Email."}'
SETTINGS = Settings(review_hours="always", review_workflow=NAME)


@pytest.fixture
async def stage() -> Stage:
    """A location whose published workflow asks for reviews; no review link is needed."""
    made = Stage(settings=SETTINGS)
    await made.open()
    made.crm.play.add_workflow(PLACE, NAME)
    return made


async def feed(stage: Stage, *, within: timedelta = timedelta(hours=2)) -> None:
    await stage.clock.sleep(60)
    await stage.poll_changes()
    await stage.work_off(within=within)


def enrolled(stage: Stage) -> list[str]:
    return [row["contactId"] for row in stage.crm.world.locations[PLACE].enrolments]


async def review(stage: Stage, customer: str) -> Review:
    found = await stage.journal.read(lambda db: reviews.get(db, REALM, CustomerId(customer)))
    assert found is not None
    return found


async def paid(stage: Stage, **within: timedelta) -> str:
    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await feed(stage, **within)
    return customer


async def test_the_first_paid_invoice_puts_the_contact_into_the_workflow_once(stage: Stage) -> None:
    customer = await paid(stage)
    assert enrolled(stage) == [stage.contacts()[0]["id"]]
    assert not stage.crm.play.messages(PLACE)
    found = await review(stage, customer)
    assert (found.state, found.channel) == (ReviewState.SENT, "workflow")
    receive(stage, bill(stage, customer))
    await feed(stage)
    assert len(enrolled(stage)) == 1


@pytest.mark.parametrize(
    "fault", [{"action": "lost_after"}, {"action": "reset_before"}, {"action": "status", "status": 502}]
)
async def test_a_lost_answer_is_never_sent_again(stage: Stage, fault: dict[str, Any]) -> None:
    crm_fault(stage, "contacts.workflow", **fault)
    customer = await paid(stage)
    await feed(stage)
    assert (await review(stage, customer)).state is ReviewState.UNKNOWN
    assert len(enrolled(stage)) == (fault["action"] == "lost_after")
    assert not await stage.held()


async def test_a_crash_while_it_is_sent_is_the_end_of_it_too(stage: Stage) -> None:
    def crash(request: HttpRequest) -> None:
        if "/workflow/" in request.url:
            raise Killed

    customer = bob(stage)
    receive(stage, bill(stage, customer))
    await stage.clock.sleep(60)
    await stage.poll_changes()
    stage.transport.on_send = crash
    with pytest.raises(Killed):
        await stage.work()
    assert await stage.restart() == 1
    assert (await the_only(stage, State.DOUBT)).kind is Kind.WORKFLOW_ADD
    await stage.work_off()
    assert (await review(stage, customer)).state is ReviewState.UNKNOWN
    assert not enrolled(stage)


async def test_a_throttled_request_is_sent_later(stage: Stage) -> None:
    crm_fault(stage, "contacts.workflow", action="status", status=429, times=2)
    await paid(stage)
    assert len(enrolled(stage)) == 1


async def test_a_workflow_that_is_not_there_yet_is_waited_for() -> None:
    stage = Stage(settings=SETTINGS)
    await stage.open()
    customer = await paid(stage, within=timedelta(minutes=5))
    found = await review(stage, customer)
    assert (found.state, found.code) == (ReviewState.WAITING, "review_workflow")
    [todo] = await stage.journal.read(lambda db: owner_waits(db, PLACE))
    assert "review_workflow=" in todo.mend
    stage.crm.play.add_workflow(PLACE, NAME)
    await stage.work_off()
    assert len(enrolled(stage)) == 1
    assert not await stage.journal.read(lambda db: owner_waits(db, PLACE))


async def test_without_the_permission_to_see_workflows_the_owner_reconnects(stage: Stage) -> None:
    body = '{"statusCode":401,"message":"The token is not authorized for this scope."}'
    crm_fault(stage, "workflows.list", action="status", status=401, body=body)
    customer = await paid(stage, within=timedelta(minutes=5))
    assert (await review(stage, customer)).mend == f"avantto-qbo connect {PLACE}"
    await stage.work_off()
    assert len(enrolled(stage)) == 1


async def test_other_trouble_with_the_list_passes(stage: Stage) -> None:
    crm_fault(stage, "workflows.list", action="status", status=422, body='{"message":"no"}')
    await paid(stage)
    assert len(enrolled(stage)) == 1


async def test_a_workflow_that_is_refused_waits_for_its_owner_and_goes_on(stage: Stage) -> None:
    body = '{"statusCode":400,"message":"Workflow not found or not published"}'
    crm_fault(stage, "contacts.workflow", action="status", status=400, body=body)
    customer = await paid(stage, within=timedelta(minutes=5))
    found = await review(stage, customer)
    assert (found.state, found.code) == (ReviewState.WAITING, "review_workflow")
    assert not await stage.held()

    def change(db: Any) -> None:
        stored.put(db, PLACE, "review_workflow", b'"ask for a review"', stage.clock.now(), "test")
        inbox.wake(db, f"settings:{PLACE}", stage.clock.now())

    await stage.journal.write(change)
    await stage.work_off(within=timedelta(minutes=5))
    assert len(enrolled(stage)) == 1
    assert (await review(stage, customer)).state is ReviewState.SENT


async def test_a_person_the_workflow_may_not_reach_is_declined(stage: Stage) -> None:
    crm_fault(stage, "contacts.workflow", action="status", status=400, body=DND)
    customer = await paid(stage)
    assert (await review(stage, customer)).state is ReviewState.DECLINED
    assert not enrolled(stage)
    assert not stage.crm.play.messages(PLACE)
